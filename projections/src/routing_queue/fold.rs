//! What each event does to the queue and to the agents who may be chosen.

use openchat_domain::{
    AgentId, ConversationId, DomainEvent, Recorded,
    agent::{AgentEvent, Availability},
    conversation::{CallEndReason, ConversationEvent, ReopenCause, Side},
};

use super::{Assignment, Line, Seat, Standing};

/// What concerns an agent's row in an event.
pub(super) enum SeatStep<'a> {
    /// One of its own events.
    Own(&'a AgentEvent),
    /// It got a conversation.
    Assigned,
}

/// The conversation whose row an event may change.
pub(super) fn line_step(recorded: &Recorded) -> Option<(ConversationId, &ConversationEvent)> {
    use ConversationEvent as E;
    match &recorded.event {
        DomainEvent::Conversation(id, event) => match event {
            E::Opened { .. }
            | E::MessagePosted { .. }
            | E::Assigned { .. }
            | E::Unassigned { .. }
            | E::Prioritized { .. }
            | E::Snoozed { .. }
            | E::Resolved { .. }
            | E::Reopened { .. }
            | E::CallAnswered { .. }
            | E::CallEnded { reason: CallEndReason::Missed, .. } => Some((*id, event)),
            E::NoteAdded { .. }
            | E::Read { .. }
            | E::Tagged { .. }
            | E::Rated { .. }
            | E::CallStarted { .. }
            | E::CallRang { .. }
            | E::CallJoined { .. }
            | E::CallDeclined { .. }
            | E::CallLeft { .. }
            | E::CallEscalated { .. }
            | E::CallEnded { .. }
            | E::CustomerChanged { .. } => None,
        },
        DomainEvent::Customer(..) | DomainEvent::Agent(..) | DomainEvent::Business(..) => None,
    }
}

/// Folds an event of a conversation.
pub(super) fn line(
    row: &mut Option<Line>,
    recorded: &Recorded,
    id: ConversationId,
    event: &ConversationEvent,
) {
    if let ConversationEvent::Opened { .. } = event {
        *row = Some(Line { standing: Standing::usual(id), assignment: None, unanswered: true });
    }
    if let Some(it) = row {
        it.standing.apply(event, recorded.position, recorded.at);
        it.evolve(recorded, event);
    }
}

impl Line {
    fn evolve(&mut self, recorded: &Recorded, event: &ConversationEvent) {
        use ConversationEvent as E;
        let from_now = |agent| Assignment { agent, at: recorded.position };
        match event {
            E::Assigned { assignee, .. } => self.assignment = Some(from_now(assignee.id)),
            E::Unassigned { .. } | E::Resolved { .. } => self.assignment = None,
            E::Reopened { cause, assignee } => {
                let kept = match cause {
                    // Whoever opens it again sets about it now.
                    ReopenCause::Agent { .. } => None,
                    ReopenCause::CustomerMessage | ReopenCause::SnoozeElapsed => self.assignment,
                };
                self.assignment = assignee
                    .as_ref()
                    .map(|agent| kept.filter(|kept| kept.agent == agent.id).unwrap_or(from_now(agent.id)));
                self.unanswered = true;
            }
            E::MessagePosted { author, .. } => match author.side() {
                Some(Side::Customer) => self.unanswered = true,
                Some(Side::Agent) => self.unanswered = false,
                None => {}
            },
            E::CallAnswered { .. } => self.unanswered = false,
            E::Opened { .. }
            | E::Prioritized { .. }
            | E::Snoozed { .. }
            | E::NoteAdded { .. }
            | E::Read { .. }
            | E::Tagged { .. }
            | E::Rated { .. }
            | E::CallStarted { .. }
            | E::CallRang { .. }
            | E::CallJoined { .. }
            | E::CallDeclined { .. }
            | E::CallLeft { .. }
            | E::CallEscalated { .. }
            | E::CallEnded { .. }
            | E::CustomerChanged { .. } => {}
        }
    }
}

/// The agent whose row an event may change.
pub(super) fn seat_step(recorded: &Recorded) -> Option<(AgentId, SeatStep<'_>)> {
    use ConversationEvent as E;
    match &recorded.event {
        DomainEvent::Agent(id, event) => Some((*id, SeatStep::Own(event))),
        DomainEvent::Conversation(_, event) => match event {
            E::Assigned { assignee, .. } => Some((assignee.id, SeatStep::Assigned)),
            E::Opened { .. }
            | E::MessagePosted { .. }
            | E::NoteAdded { .. }
            | E::Unassigned { .. }
            | E::Read { .. }
            | E::Tagged { .. }
            | E::Prioritized { .. }
            | E::Snoozed { .. }
            | E::Resolved { .. }
            | E::Reopened { .. }
            | E::Rated { .. }
            | E::CallStarted { .. }
            | E::CallRang { .. }
            | E::CallAnswered { .. }
            | E::CallJoined { .. }
            | E::CallDeclined { .. }
            | E::CallLeft { .. }
            | E::CallEscalated { .. }
            | E::CallEnded { .. }
            | E::CustomerChanged { .. } => None,
        },
        DomainEvent::Customer(..) | DomainEvent::Business(..) => None,
    }
}

/// Folds what concerns an agent. Its row begins when it joins: before, it can't be chosen.
pub(super) fn seat(row: &mut Option<Seat>, recorded: &Recorded, step: &SeatStep<'_>) {
    if let SeatStep::Own(AgentEvent::Joined { name, capacity, .. }) = step {
        *row = Some(Seat {
            name: name.to_string(),
            online: false,
            capacity: i64::from(*capacity),
            last_assigned: 0,
            offline_since: Some(recorded.position),
            deactivated_at: None,
        });
    }
    let Some(it) = row else {
        return;
    };
    match step {
        SeatStep::Assigned => it.last_assigned = recorded.position,
        SeatStep::Own(AgentEvent::Renamed { name }) => it.name = name.to_string(),
        SeatStep::Own(AgentEvent::AvailabilityChanged { availability, .. }) => {
            it.online = *availability == Availability::Online;
            let offline = *availability == Availability::Offline;
            it.offline_since = offline.then(|| it.offline_since.unwrap_or(recorded.position));
        }
        SeatStep::Own(AgentEvent::CapacityChanged { capacity }) => it.capacity = i64::from(*capacity),
        SeatStep::Own(AgentEvent::Deactivated { .. }) => {
            (it.online, it.deactivated_at) = (false, Some(recorded.position));
        }
        SeatStep::Own(
            AgentEvent::Invited { .. }
            | AgentEvent::Joined { .. }
            | AgentEvent::RoleChanged { .. }
            | AgentEvent::SkillsChanged { .. },
        ) => {}
    }
}

#[cfg(test)]
mod tests {
    use openchat_domain::{
        CallId, Position, UserId,
        agent::{AvailabilityReason, Role},
        conversation::{AgentRef, AssignmentReason, Author, Priority, UnassignmentReason},
    };
    use uuid::Uuid;

    use super::{super::Waiting, *};
    use crate::history::{History, agent, agent_ref, at, customer_ref, opened, said, text};

    fn line_after(events: impl IntoIterator<Item = ConversationEvent>) -> Line {
        let history =
            events.into_iter().fold(History::default(), |history, event| history.conversation(1, event));
        let mut row = None;
        for recorded in history.events() {
            if let Some((id, event)) = line_step(recorded) {
                line(&mut row, recorded, id, event);
            }
        }
        row.unwrap()
    }

    fn seat_after(history: &History) -> Option<Seat> {
        let mut row = None;
        for recorded in history.events() {
            if let Some((_, step)) = seat_step(recorded).filter(|(id, _)| *id == agent(7)) {
                seat(&mut row, recorded, &step);
            }
        }
        row
    }

    fn assigned(to: u128) -> ConversationEvent {
        let (assignee, reason) = (agent_ref(to), AssignmentReason::Claimed);
        ConversationEvent::Assigned { assignee, previous: None, reason }
    }

    fn unassigned() -> ConversationEvent {
        ConversationEvent::Unassigned { previous: agent(7), reason: UnassignmentReason::AgentOffline }
    }

    fn prioritized(priority: Priority) -> ConversationEvent {
        ConversationEvent::Prioritized { priority, by: agent_ref(7) }
    }

    fn snoozed() -> ConversationEvent {
        ConversationEvent::Snoozed { until: at(99), by: agent_ref(7) }
    }

    fn resolved() -> ConversationEvent {
        ConversationEvent::Resolved { by: agent_ref(7) }
    }

    fn reopened(assignee: Option<AgentRef>) -> ConversationEvent {
        ConversationEvent::Reopened { cause: ReopenCause::CustomerMessage, assignee }
    }

    fn place(line: &Line) -> Option<Position> {
        line.standing.waiting.map(|waiting| waiting.position)
    }

    /// Whose it is, and since when.
    fn held(line: &Line) -> Option<(AgentId, Position)> {
        line.assignment.map(|assignment| (assignment.agent, assignment.at))
    }

    fn joined() -> History {
        let (user, email) = (UserId::from_uuid(Uuid::from_u128(1)), text("sam@acme.com"));
        let role = Role::Agent;
        History::default().agent(7, AgentEvent::Joined { user, email, name: text("Sam"), role, capacity: 5 })
    }

    fn available(availability: Availability) -> AgentEvent {
        AgentEvent::AvailabilityChanged { availability, reason: AvailabilityReason::Chosen }
    }

    #[test]
    fn an_opened_conversation_waits_and_keeps_its_place_whatever_is_said() {
        let it = line_after([opened(5), said(&customer_ref(5), "Hello"), prioritized(Priority::High)]);
        assert_eq!(it.standing.waiting, Some(Waiting::new(at(1), 1)));
        assert_eq!(it.standing.priority, Priority::High);
    }

    #[test]
    fn an_assigned_one_is_a_load_and_goes_back_to_the_end() {
        let it = line_after([opened(5), assigned(7)]);
        assert_eq!((it.standing.snoozed, held(&it), place(&it)), (false, Some((agent(7), 2)), None));
        let it = line_after([opened(5), assigned(7), assigned(8)]);
        assert_eq!(held(&it), Some((agent(8), 3)));
        let it = line_after([opened(5), assigned(7), unassigned()]);
        assert_eq!((held(&it), place(&it)), (None, Some(3)));
    }

    #[test]
    fn a_snoozed_one_neither_waits_nor_is_a_load() {
        let it = line_after([opened(5), assigned(7), snoozed()]);
        assert_eq!((it.standing.snoozed, held(&it)), (true, Some((agent(7), 2))));
        assert_eq!(place(&line_after([opened(5), snoozed()])), None);
        assert_eq!(place(&line_after([opened(5), assigned(7), snoozed(), unassigned()])), None);
        let woken = line_after([opened(5), assigned(7), snoozed(), reopened(Some(agent_ref(7)))]);
        let expected = (false, Some((agent(7), 2)), None);
        assert_eq!((woken.standing.snoozed, held(&woken), place(&woken)), expected);
    }

    #[test]
    fn whoever_calls_in_vain_comes_first_until_somebody_has_it() {
        let call_id = CallId::from_uuid(Uuid::from_u128(3));
        let ended = |reason| ConversationEvent::CallEnded { call_id, reason, by: None, duration_seconds: 0 };
        let missed = || ended(CallEndReason::Missed);
        let handed_back =
            || ConversationEvent::Unassigned { previous: agent(7), reason: UnassignmentReason::CallMissed };
        let waiting = |events: Vec<_>| line_after([opened(5)].into_iter().chain(events)).standing.waiting;
        let first = |waiting: Option<Waiting>| waiting.map(|it| (it.position, it.missed_call));
        // It keeps the place that it had, or has waited from the moment when its agent lost it.
        assert_eq!(first(waiting(vec![missed()])), Some((1, true)));
        assert_eq!(first(waiting(vec![missed(), prioritized(Priority::Low)])), Some((1, true)));
        assert_eq!(first(waiting(vec![assigned(7), missed(), handed_back()])), Some((4, true)));
        assert_eq!(first(waiting(vec![ended(CallEndReason::Declined)])), Some((1, false)));
        assert_eq!(first(waiting(vec![missed(), assigned(7)])), None);
        assert_eq!(first(waiting(vec![missed(), assigned(7), unassigned()])), Some((4, false)));
    }

    #[test]
    fn a_reopened_one_waits_from_then_with_the_priority_it_had() {
        let it = line_after([opened(5), prioritized(Priority::Urgent), assigned(7), resolved()]);
        assert_eq!((held(&it), place(&it)), (None, None));
        let it =
            line_after([opened(5), prioritized(Priority::Urgent), assigned(7), resolved(), reopened(None)]);
        assert_eq!((it.standing.priority, place(&it)), (Priority::Urgent, Some(5)));
    }

    #[test]
    fn whoever_opens_it_again_has_it_from_then_on() {
        let by_agent = |id| ConversationEvent::Reopened {
            cause: ReopenCause::Agent { by: agent(id) },
            assignee: Some(agent_ref(id)),
        };
        let rested = [opened(5), assigned(7), snoozed()];
        let after = |event| line_after(rested.clone().into_iter().chain([event]));
        assert_eq!(held(&after(by_agent(7))), Some((agent(7), 4)));
        assert_eq!(held(&after(by_agent(8))), Some((agent(8), 4)));
        assert_eq!(held(&line_after([opened(5), resolved(), by_agent(8)])), Some((agent(8), 3)));
    }

    #[test]
    fn an_answer_is_awaited_until_an_agent_speaks_last_and_again_after_a_reopening() {
        let (asked, answered) = (|| said(&customer_ref(5), "Hello"), || said(agent_ref(7), "Hi"));
        assert!(line_after([opened(5)]).unanswered);
        assert!(!line_after([opened(5), asked(), answered()]).unanswered);
        assert!(line_after([opened(5), answered(), asked()]).unanswered);
        assert!(!line_after([opened(5), answered(), said(Author::System, "Back soon")]).unanswered);
        assert!(line_after([opened(5), asked(), said(Author::System, "Back soon")]).unanswered);
        let call_id = CallId::from_uuid(Uuid::from_u128(3));
        let call = ConversationEvent::CallAnswered { call_id, by: agent_ref(7).into(), at: at(3) };
        assert!(!line_after([opened(5), asked(), call]).unanswered);
        assert!(line_after([opened(5), answered(), snoozed(), reopened(None)]).unanswered);
        assert!(!line_after([opened(5), snoozed(), reopened(None), answered()]).unanswered);
    }

    #[test]
    fn an_agent_can_be_chosen_once_it_has_joined_and_is_online() {
        let invited = AgentEvent::Invited {
            email: text("sam@acme.com"),
            name: text("Sam"),
            role: Role::Agent,
            capacity: 5,
            by: agent(1),
        };
        assert_eq!(seat_after(&History::default().agent(7, invited)), None);
        let it = seat_after(&joined()).unwrap();
        assert_eq!((it.online, it.capacity, it.deactivated_at), (false, 5, None));
        assert!(seat_after(&joined().agent(7, available(Availability::Online))).unwrap().online);
    }

    #[test]
    fn an_agents_changes_and_assignments_show() {
        let history = joined()
            .agent(7, available(Availability::Online))
            .agent(7, AgentEvent::Renamed { name: text("Samantha") })
            .agent(7, AgentEvent::CapacityChanged { capacity: 2 })
            .conversation(1, assigned(7))
            .conversation(2, assigned(8));
        let it = seat_after(&history).unwrap();
        assert_eq!((it.name.as_str(), it.capacity, it.last_assigned), ("Samantha", 2, 5));
        let gone = seat_after(&history.agent(7, AgentEvent::Deactivated { by: agent(1) })).unwrap();
        assert_eq!((gone.online, gone.deactivated_at), (false, Some(7)));
    }

    #[test]
    fn an_agent_is_offline_since_it_first_was() {
        let since = |history: History| seat_after(&history).unwrap().offline_since;
        let went =
            || joined().agent(7, available(Availability::Online)).agent(7, available(Availability::Offline));
        assert_eq!(since(joined()), Some(1));
        assert_eq!(since(joined().agent(7, available(Availability::Away))), None);
        assert_eq!(since(went()), Some(3));
        assert_eq!(since(went().agent(7, available(Availability::Offline))), Some(3));
        assert_eq!(since(went().agent(7, available(Availability::Online))), None);
    }
}
