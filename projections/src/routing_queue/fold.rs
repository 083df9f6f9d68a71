//! What each event does to the queue and to the agents who may be chosen.

use openchat_domain::{
    AgentId, ConversationId, DomainEvent, Recorded,
    agent::{AgentEvent, Availability},
    conversation::{ConversationEvent, Priority},
};

use super::{Line, Seat};

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
            | E::Assigned { .. }
            | E::Unassigned { .. }
            | E::Prioritized { .. }
            | E::Snoozed { .. }
            | E::Resolved { .. }
            | E::Reopened { .. } => Some((*id, event)),
            E::MessagePosted { .. }
            | E::NoteAdded { .. }
            | E::Read { .. }
            | E::Tagged { .. }
            | E::Rated { .. }
            | E::CallStarted { .. }
            | E::CallJoined { .. }
            | E::CallEnded { .. }
            | E::CustomerChanged { .. } => None,
        },
        DomainEvent::Customer(..) | DomainEvent::Agent(..) | DomainEvent::Business(..) => None,
    }
}

/// Folds an event of a conversation.
pub(super) fn line(row: &mut Option<Line>, recorded: &Recorded, event: &ConversationEvent) {
    use ConversationEvent as E;
    if let E::Opened { .. } = event {
        *row = Some(Line { open: true, priority: Priority::default(), assignee: None, waiting: None });
    }
    let Some(it) = row else {
        return;
    };
    match event {
        E::Opened { .. } => {}
        E::Assigned { assignee, .. } => it.assignee = Some(assignee.id),
        E::Unassigned { .. } => it.assignee = None,
        E::Prioritized { priority, .. } => it.priority = *priority,
        E::Snoozed { .. } => it.open = false,
        E::Resolved { .. } => (it.open, it.assignee) = (false, None),
        E::Reopened { assignee, .. } => {
            (it.open, it.assignee) = (true, assignee.as_ref().map(|agent| agent.id));
        }
        E::MessagePosted { .. }
        | E::NoteAdded { .. }
        | E::Read { .. }
        | E::Tagged { .. }
        | E::Rated { .. }
        | E::CallStarted { .. }
        | E::CallJoined { .. }
        | E::CallEnded { .. }
        | E::CustomerChanged { .. } => {}
    }
    let waits = it.open && it.assignee.is_none();
    it.waiting = waits.then(|| it.waiting.unwrap_or((recorded.position, recorded.at)));
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
            | E::CallJoined { .. }
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
            active: true,
            online: false,
            capacity: i64::from(*capacity),
            last_assigned: 0,
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
        }
        SeatStep::Own(AgentEvent::CapacityChanged { capacity }) => it.capacity = i64::from(*capacity),
        SeatStep::Own(AgentEvent::Deactivated { .. }) => (it.active, it.online) = (false, false),
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
        Position, UserId,
        agent::{AvailabilityReason, Role},
        conversation::{AgentRef, AssignmentReason, ReopenCause, UnassignmentReason},
    };
    use uuid::Uuid;

    use super::*;
    use crate::history::{History, agent, agent_ref, at, customer_ref, opened, said, text};

    fn line_after(events: impl IntoIterator<Item = ConversationEvent>) -> Line {
        let history =
            events.into_iter().fold(History::default(), |history, event| history.conversation(1, event));
        let mut row = None;
        for recorded in history.events() {
            if let Some((_, event)) = line_step(recorded) {
                line(&mut row, recorded, event);
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
        line.waiting.map(|(position, _)| position)
    }

    fn joined() -> History {
        let (user, email) = (UserId::from_uuid(Uuid::from_u128(1)), text("sam@acme.com"));
        let role = Role::Agent;
        History::default().agent(7, AgentEvent::Joined { user, email, name: text("Sam"), role, capacity: 5 })
    }

    fn online() -> AgentEvent {
        AgentEvent::AvailabilityChanged {
            availability: Availability::Online,
            reason: AvailabilityReason::Chosen,
        }
    }

    #[test]
    fn an_opened_conversation_waits_and_keeps_its_place_whatever_is_said() {
        let it = line_after([opened(5), said(&customer_ref(5), "Hello"), prioritized(Priority::High)]);
        assert_eq!(it.waiting, Some((1, at(1))));
        assert_eq!(it.priority, Priority::High);
    }

    #[test]
    fn an_assigned_one_is_a_load_and_goes_back_to_the_end() {
        let it = line_after([opened(5), assigned(7)]);
        assert_eq!((it.open, it.assignee, place(&it)), (true, Some(agent(7)), None));
        let it = line_after([opened(5), assigned(7), unassigned()]);
        assert_eq!((it.open, it.assignee, place(&it)), (true, None, Some(3)));
    }

    #[test]
    fn a_snoozed_one_neither_waits_nor_is_a_load() {
        let it = line_after([opened(5), assigned(7), snoozed()]);
        assert_eq!((it.open, it.assignee), (false, Some(agent(7))));
        assert_eq!(place(&line_after([opened(5), snoozed()])), None);
        assert_eq!(place(&line_after([opened(5), assigned(7), snoozed(), unassigned()])), None);
        let woken = line_after([opened(5), assigned(7), snoozed(), reopened(Some(agent_ref(7)))]);
        assert_eq!((woken.open, woken.assignee, place(&woken)), (true, Some(agent(7)), None));
    }

    #[test]
    fn a_reopened_one_waits_from_then_with_the_priority_it_had() {
        let it = line_after([opened(5), prioritized(Priority::Urgent), assigned(7), resolved()]);
        assert_eq!((it.open, it.assignee, place(&it)), (false, None, None));
        let it =
            line_after([opened(5), prioritized(Priority::Urgent), assigned(7), resolved(), reopened(None)]);
        assert_eq!((it.priority, place(&it)), (Priority::Urgent, Some(5)));
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
        assert_eq!((it.active, it.online, it.capacity), (true, false, 5));
        assert!(seat_after(&joined().agent(7, online())).unwrap().online);
    }

    #[test]
    fn an_agents_changes_and_assignments_show() {
        let history = joined()
            .agent(7, online())
            .agent(7, AgentEvent::Renamed { name: text("Samantha") })
            .agent(7, AgentEvent::CapacityChanged { capacity: 2 })
            .conversation(1, assigned(7))
            .conversation(2, assigned(8));
        let it = seat_after(&history).unwrap();
        assert_eq!((it.name.as_str(), it.capacity, it.last_assigned), ("Samantha", 2, 5));
        let gone = seat_after(&history.agent(7, AgentEvent::Deactivated { by: agent(1) })).unwrap();
        assert_eq!((gone.active, gone.online), (false, false));
    }
}
