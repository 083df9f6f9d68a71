//! What each delta does to a conversation in the inbox: in the table as in a snapshot's list.

use openchat_domain::{
    ConversationId, Email, ExternalUserId, Name, Subject, Tag,
    conversation::{Author, Channel, CustomerRef, Priority},
    customer::{Profile, ProfileChanges},
};

use super::view::{CallView, ConversationView, EndedCall, Marks, RatingView, Resolution, Status};
use crate::{
    feed::{AgentChange, AgentDelta},
    routing_queue::Waiting,
    transcript::Message,
};

/// Folds a delta that concerns the conversation into its row.
pub(super) fn fold(row: &mut Option<ConversationView>, delta: &AgentDelta) {
    if let (Some(id), AgentChange::ConversationOpened { customer, channel, subject }) =
        (delta.conversation_id, &delta.change)
    {
        *row = Some(ConversationView::opened(id, customer, *channel, subject.as_ref(), delta));
    } else if let Some(it) = row {
        it.fold(delta);
    }
}

impl ConversationView {
    /// A conversation that has just begun.
    pub(crate) fn opened(
        id: ConversationId,
        customer: &CustomerRef,
        channel: Channel,
        subject: Option<&Subject>,
        delta: &AgentDelta,
    ) -> Self {
        Self {
            id,
            status: Status::Open,
            channel,
            subject: subject.cloned(),
            customer: customer.clone(),
            assignee: None,
            queue_position: None,
            tags: vec![],
            priority: Priority::default(),
            last_message: None,
            unread: false,
            unread_messages: vec![],
            marks: Marks::default(),
            waiting: Some(Waiting::new(delta.at, delta.position)),
            snoozed_until: None,
            resolved: None,
            rating: None,
            call: None,
            last_call: None,
            created_at: delta.at,
            updated_at: delta.at,
            activity: delta.position,
            position: delta.position,
        }
    }

    /// Folds a later delta of the conversation, or of its customer's profile.
    pub(crate) fn fold(&mut self, delta: &AgentDelta) {
        use AgentChange as C;
        self.evolve(delta);
        let waits = self.status == Status::Open && self.assignee.is_none();
        let mut waiting = self.waiting.unwrap_or(Waiting::new(delta.at, delta.position));
        waiting.missed_call |= delta.change.misses_call();
        self.waiting = waits.then_some(waiting);
        self.unread = !self.unread_messages.is_empty();
        self.position = delta.position;
        if !matches!(delta.change, C::ConversationRead { .. } | C::CustomerUpdated { .. }) {
            self.updated_at = delta.at;
        }
        if moves_up(&delta.change) {
            self.activity = delta.position;
        }
    }

    /// What the inbox's search looks through.
    pub(super) fn searchable(&self) -> impl Iterator<Item = &str> {
        let subject = self.subject.iter().map(Subject::as_str);
        let external = self.customer.external_user_id.iter().map(ExternalUserId::as_str);
        let name = self.customer.name.iter().map(Name::as_str);
        let email = self.customer.email.iter().map(Email::as_str);
        let said = self.last_message.iter().map(|message| message.text.as_str());
        subject.chain(external).chain(name).chain(email).chain(said).chain(self.tags.iter().map(Tag::as_str))
    }

    fn evolve(&mut self, delta: &AgentDelta) {
        use AgentChange as C;
        match &delta.change {
            C::MessagePosted { message } => self.said(message),
            C::ConversationAssigned { assignee, .. } => self.assignee = Some(assignee.clone()),
            C::ConversationUnassigned { .. } => self.assignee = None,
            C::ConversationRead { reader, agent_id: _, up_to } => {
                self.marks.read(*reader, *up_to);
                self.unread_messages.retain(|position| *position > self.marks.read_by_agents);
            }
            C::ConversationTagged { tags, .. } => self.tags.clone_from(tags),
            C::ConversationPrioritized { priority, .. } => self.priority = *priority,
            C::ConversationSnoozed { until, .. } => {
                self.status = Status::Snoozed;
                self.snoozed_until = Some(*until);
            }
            C::ConversationResolved { by } => {
                self.status = Status::Resolved;
                self.resolved = Some(Resolution { by: by.clone(), at: delta.at });
                self.assignee = None;
                self.snoozed_until = None;
            }
            C::ConversationReopened { assignee, .. } => {
                self.status = Status::Open;
                self.assignee.clone_from(assignee);
                self.snoozed_until = None;
                self.resolved = None;
                self.rating = None;
            }
            C::ConversationRated { score, comment } => {
                self.rating = Some(RatingView { score: *score, comment: comment.clone(), at: delta.at });
            }
            C::CallStarted { call } => self.call = Some(call.clone()),
            C::CallRang { agent, .. } => self.with_call(|call| call.rang(agent.as_ref())),
            C::CallDeclined { by, .. } => self.with_call(|call| call.decline(by)),
            C::CallAnswered { .. } => self.with_call(CallView::answered),
            C::CallJoined { by, .. } => self.with_call(|call| call.join(by)),
            C::CallLeft { by, .. } => self.with_call(|call| call.leave(by)),
            C::CallEscalated { .. } => self.with_call(CallView::escalate),
            C::CallEnded { reason, duration_seconds, .. } => {
                let ended = |call| EndedCall::new(call, *reason, *duration_seconds, delta.at, delta.position);
                self.last_call = self.call.take().map(ended).or(self.last_call.take());
            }
            C::ConversationCustomerChanged { customer, .. } => self.customer = customer.clone(),
            C::CustomerUpdated { changes, .. } => self.customer = changed(&self.customer, changes),
            C::ConversationOpened { .. }
            | C::NoteAdded { .. }
            | C::AgentInvited { .. }
            | C::AgentJoined { .. }
            | C::AgentUpdated { .. }
            | C::AgentAvailability { .. }
            | C::AgentDeactivated { .. }
            | C::SettingsChanged { .. }
            | C::ReplySaved { .. }
            | C::ReplyDeleted { .. } => {}
        }
    }

    fn with_call(&mut self, change: impl FnOnce(&mut CallView)) {
        if let Some(call) = &mut self.call {
            change(call);
        }
    }

    fn said(&mut self, message: &Message) {
        self.last_message = Some(message.into());
        self.marks.said(message);
        match message.author {
            Author::Customer { .. } if message.position > self.marks.read_by_agents => {
                let full = self.unread_messages.len() == Self::UNREAD;
                self.unread_messages.drain(..usize::from(full));
                self.unread_messages.push(message.position);
            }
            Author::Agent { .. } => self.unread_messages.clear(),
            Author::Customer { .. } | Author::System => {}
        }
    }
}

/// Whether a change brings its conversation to the top of the inbox.
const fn moves_up(change: &AgentChange) -> bool {
    use AgentChange as C;
    match change {
        C::ConversationOpened { .. }
        | C::ConversationAssigned { .. }
        | C::ConversationUnassigned { .. }
        | C::ConversationResolved { .. }
        | C::ConversationReopened { .. }
        | C::MessagePosted { .. }
        | C::NoteAdded { .. }
        | C::CallStarted { .. } => true,
        C::ConversationSnoozed { .. }
        | C::ConversationTagged { .. }
        | C::ConversationPrioritized { .. }
        | C::ConversationRated { .. }
        | C::ConversationRead { .. }
        | C::ConversationCustomerChanged { .. }
        | C::CallRang { .. }
        | C::CallAnswered { .. }
        | C::CallJoined { .. }
        | C::CallDeclined { .. }
        | C::CallLeft { .. }
        | C::CallEscalated { .. }
        | C::CallEnded { .. }
        | C::AgentInvited { .. }
        | C::AgentJoined { .. }
        | C::AgentUpdated { .. }
        | C::AgentAvailability { .. }
        | C::AgentDeactivated { .. }
        | C::CustomerUpdated { .. }
        | C::SettingsChanged { .. }
        | C::ReplySaved { .. }
        | C::ReplyDeleted { .. } => false,
    }
}

/// The customer with the changes of its profile laid over what the conversation knows of it.
fn changed(customer: &CustomerRef, changes: &ProfileChanges) -> CustomerRef {
    let CustomerRef { id, external_user_id, name, email, phone, metadata } = customer.clone();
    let Profile { name, email, phone, metadata } = Profile { name, email, phone, metadata }.changed(changes);
    CustomerRef { id, external_user_id, name, email, phone, metadata }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use openchat_domain::{
        CallId,
        conversation::{
            AgentRef, AssignmentReason, CallEndReason, CallKind, ConversationEvent, ReopenCause, Side,
            UnassignmentReason,
        },
        customer::CustomerEvent,
    };
    use uuid::Uuid;

    use super::{super::view::CallState, *};
    use crate::history::{
        History, agent, agent_ref, at, conversation, customer, customer_ref, noted, opened, said, sent, tags,
        text,
    };

    /// Folds events that all concern conversation 1.
    fn conversation_after(history: &History) -> ConversationView {
        let mut row = None;
        for recorded in history.events() {
            fold(&mut row, &AgentDelta::for_agents(recorded).unwrap());
        }
        row.unwrap()
    }

    fn given(events: impl IntoIterator<Item = ConversationEvent>) -> ConversationView {
        conversation_after(&history(events))
    }

    fn history(events: impl IntoIterator<Item = ConversationEvent>) -> History {
        events.into_iter().fold(History::default(), |history, event| history.conversation(1, event))
    }

    fn assigned(to: u128) -> ConversationEvent {
        let (assignee, reason) = (agent_ref(to), AssignmentReason::Claimed);
        ConversationEvent::Assigned { assignee, previous: None, reason }
    }

    fn unassigned() -> ConversationEvent {
        let reason = UnassignmentReason::AgentOffline;
        ConversationEvent::Unassigned { previous: agent(7), reason }
    }

    fn resolved() -> ConversationEvent {
        ConversationEvent::Resolved { by: agent_ref(7) }
    }

    fn reopened(assignee: Option<AgentRef>) -> ConversationEvent {
        ConversationEvent::Reopened { cause: ReopenCause::CustomerMessage, assignee }
    }

    fn snoozed(until: DateTime<Utc>) -> ConversationEvent {
        ConversationEvent::Snoozed { until, by: agent_ref(7) }
    }

    fn read(reader: Side, up_to: i64) -> ConversationEvent {
        ConversationEvent::Read { reader, agent: None, up_to }
    }

    fn asked(words: &str) -> ConversationEvent {
        said(&customer_ref(5), words)
    }

    fn answered(words: &str) -> ConversationEvent {
        said(agent_ref(7), words)
    }

    #[test]
    fn given_an_opening_then_it_waits_at_the_top() {
        let it = given([opened(5)]);
        assert_eq!((it.id, it.status, it.assignee), (conversation(1), Status::Open, None));
        assert_eq!(it.waiting, Some(Waiting::new(at(1), 1)));
        assert_eq!((it.activity, it.position, it.created_at), (1, 1, at(1)));
        assert_eq!(it.customer, customer_ref(5));
        assert!(!it.unread);
    }

    #[test]
    fn given_messages_then_the_latest_is_shown_and_notes_never_are() {
        let long = "é".repeat(200);
        let it = given([opened(5), asked("Hello"), asked(&long), noted(7, "secret")]);
        let shown = it.last_message.unwrap();
        assert_eq!(shown.text, "é".repeat(140));
        assert_eq!((shown.position, shown.created_at), (3, at(3)));
        assert_eq!(shown.author, Author::from(&customer_ref(5)));
        assert_eq!(it.activity, 4);
    }

    #[test]
    fn given_a_file_then_its_words_are_shown_or_else_its_name() {
        let shown =
            |words| given([opened(5), sent(&customer_ref(5), "photo.png", words)]).last_message.unwrap();
        assert_eq!(shown(None).text, "photo.png");
        assert_eq!(shown(Some("Look")).text, "Look");
    }

    #[test]
    fn it_waits_from_when_it_became_nobodys() {
        assert_eq!(given([opened(5), assigned(7)]).waiting, None);
        let back = given([opened(5), assigned(7), unassigned(), asked("Anybody?")]);
        assert_eq!(back.waiting, Some(Waiting::new(at(3), 3)));
        let woken = given([opened(5), snoozed(at(99)), reopened(None)]);
        assert_eq!(woken.waiting.map(|waiting| waiting.position), Some(3));
        let kept = given([opened(5), assigned(7), snoozed(at(99)), reopened(Some(agent_ref(7)))]);
        assert_eq!(kept.waiting, None);
    }

    #[test]
    fn what_rests_or_is_settled_does_not_wait() {
        let resting = given([opened(5), snoozed(at(99))]);
        assert_eq!((resting.status, resting.waiting), (Status::Snoozed, None));
        assert_eq!(resting.snoozed_until, Some(at(99)));
        let resting = given([opened(5), assigned(7), snoozed(at(99)), unassigned()]);
        assert_eq!((resting.status, resting.waiting), (Status::Snoozed, None));
        let settled = given([opened(5), assigned(7), snoozed(at(99)), resolved()]);
        assert_eq!((settled.status, settled.waiting), (Status::Resolved, None));
        assert_eq!((settled.snoozed_until, settled.assignee), (None, None));
        assert_eq!(settled.resolved, Some(Resolution { by: agent_ref(7), at: at(4) }));
    }

    #[test]
    fn given_a_reopening_then_the_settlement_and_its_rating_are_gone() {
        let rated = ConversationEvent::Rated { score: 4, comment: Some(text("Thanks")) };
        let settled = given([opened(5), assigned(7), resolved(), rated.clone()]);
        assert_eq!(settled.rating, Some(RatingView { score: 4, comment: Some(text("Thanks")), at: at(4) }));
        let woken = given([opened(5), assigned(7), resolved(), rated, reopened(None), asked("Again")]);
        assert_eq!((woken.status, woken.resolved, woken.rating), (Status::Open, None, None));
        assert_eq!(woken.waiting.map(|waiting| waiting.position), Some(5));
    }

    #[test]
    fn what_the_customer_says_is_unread_until_it_is_read_or_answered() {
        assert!(given([opened(5), asked("Hello")]).unread);
        assert!(!given([opened(5), asked("Hello"), read(Side::Agent, 2)]).unread);
        assert!(given([opened(5), asked("Hello"), read(Side::Agent, 2), asked("Still there?")]).unread);
        assert!(!given([opened(5), asked("Hello"), answered("Hi")]).unread);
        assert!(given([opened(5), asked("Hello"), read(Side::Customer, 2)]).unread);
    }

    #[test]
    fn the_latest_hundred_unread_messages_are_told_of() {
        let asked_often = (0..105).map(|_| asked("Hello"));
        let it = given([opened(5)].into_iter().chain(asked_often).chain([read(Side::Agent, 104)]));
        assert_eq!(it.unread_messages, [105, 106]);
        let asked_often = (0..105).map(|_| asked("Hello"));
        let it = given([opened(5)].into_iter().chain(asked_often));
        assert_eq!(it.unread_messages, (7..=106).collect::<Vec<_>>());
    }

    #[test]
    fn being_read_is_no_activity() {
        let it = given([opened(5), asked("Hello"), read(Side::Agent, 2)]);
        assert_eq!((it.activity, it.updated_at, it.position), (2, at(2), 3));
        assert_eq!(it.marks.read_by_agents, 2);
    }

    #[test]
    fn labels_and_priority_show_without_moving_it() {
        let by = agent_ref(7);
        let it = given([
            opened(5),
            ConversationEvent::Tagged { tags: tags(&["billing"]), by: by.clone() },
            ConversationEvent::Prioritized { priority: Priority::Urgent, by },
        ]);
        assert_eq!((it.tags.clone(), it.priority), (tags(&["billing"]), Priority::Urgent));
        assert_eq!((it.activity, it.updated_at), (1, at(3)));
        assert!(it.searchable().any(|text| text == "billing"));
    }

    #[test]
    fn a_call_shows_while_it_goes_on() {
        let call = |n| CallId::from_uuid(Uuid::from_u128(n));
        let (by, joiner) = (Author::from(&customer_ref(5)), Author::from(agent_ref(7)));
        let started = ConversationEvent::CallStarted {
            call_id: call(1),
            kind: CallKind::Video,
            by: by.clone(),
            at: at(2),
        };
        let joined = ConversationEvent::CallJoined { call_id: call(1), by: joiner.clone() };
        let ended = ConversationEvent::CallEnded {
            call_id: call(1),
            reason: CallEndReason::HungUp,
            by: None,
            duration_seconds: 60,
        };
        let it = given([opened(5), started.clone(), joined.clone()]).call.unwrap();
        assert_eq!((it.id, it.r#type, it.started_at), (call(1), CallKind::Video, at(2)));
        assert_eq!((it.state, it.rings), (CallState::Ringing, None));
        assert_eq!(it.joined, [by, joiner]);
        assert_eq!(given([opened(5), started, joined, ended]).call, None);
    }

    #[test]
    fn a_change_of_customer_and_of_its_profile_shows() {
        let changed = ConversationEvent::CustomerChanged { customer: customer_ref(6), previous: customer(5) };
        let moved = history([opened(5), changed]);
        assert_eq!(conversation_after(&moved).customer, customer_ref(6));
        let changes = ProfileChanges {
            name: Some(Some(text("Jane"))),
            email: Some(None),
            phone: Some(Some(text("+34 600"))),
            metadata: None,
        };
        let it = conversation_after(&moved.customer(6, CustomerEvent::ProfileChanged { changes }));
        assert_eq!((it.customer.name.clone(), it.customer.email.clone()), (Some(text("Jane")), None));
        assert_eq!(it.customer.metadata, customer_ref(6).metadata);
        assert_eq!((it.position, it.activity, it.updated_at), (3, 1, at(2)));
        assert!(it.searchable().any(|text| text == "Jane"));
        assert!(it.searchable().any(|text| text == "ext_6"));
    }

    #[test]
    fn the_customer_sees_nothing_of_the_teams_own() {
        let by = agent_ref(7);
        let events = [
            opened(5),
            ConversationEvent::Tagged { tags: tags(&["difficult"]), by: by.clone() },
            ConversationEvent::Prioritized { priority: Priority::Low, by },
            answered("Hi"),
            snoozed(at(99)),
        ];
        let it = given(events.clone()).for_customer();
        assert_eq!((it.tags, it.priority, it.status), (vec![], Priority::Normal, Status::Open));
        assert_eq!((it.snoozed_until, it.unread_messages), (None, vec![]));
        assert!(it.unread);
        assert!(!given(events.into_iter().chain([read(Side::Customer, 4)])).for_customer().unread);
    }
}
