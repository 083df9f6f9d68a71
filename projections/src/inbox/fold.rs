//! What each event does to a conversation in the inbox.

use openchat_domain::{
    ConversationId, Email, ExternalUserId, MessageText, Metadata, Name, Recorded, Subject, Tag,
    conversation::{Author, ConversationEvent, CustomerRef, MessageBody, Side},
    customer::ProfileChanges,
};

use super::view::{CallView, ConversationView, LastMessage, Marks, RatingView, Resolution, Status, Waiting};

/// How much of the latest message the inbox shows, in characters.
const PREVIEW_CHARS: usize = 140;

/// Folds an event of a conversation.
pub(super) fn fold(
    row: &mut Option<ConversationView>,
    recorded: &Recorded,
    id: ConversationId,
    event: &ConversationEvent,
) {
    if let ConversationEvent::Opened { customer, channel, subject } = event {
        *row = Some(ConversationView {
            id,
            status: Status::Open,
            channel: *channel,
            subject: subject.clone(),
            customer: without_metadata(customer),
            assignee: None,
            queue_position: None,
            tags: vec![],
            priority: openchat_domain::conversation::Priority::default(),
            last_message: None,
            unread: false,
            marks: Marks::default(),
            waiting: None,
            snoozed_until: None,
            resolved: None,
            rating: None,
            call: None,
            created_at: recorded.at,
            updated_at: recorded.at,
            activity: recorded.position,
            position: recorded.position,
        });
    }
    if let Some(it) = row {
        it.evolve(recorded, event);
        it.settle(recorded, event);
    }
}

/// Folds a change of what is known of a conversation's customer.
pub(super) fn fold_profile(
    row: &mut Option<ConversationView>,
    recorded: &Recorded,
    changes: &ProfileChanges,
) {
    if let Some(it) = row {
        if let Some(name) = &changes.name {
            it.customer.name.clone_from(name);
        }
        if let Some(email) = &changes.email {
            it.customer.email.clone_from(email);
        }
        if let Some(phone) = &changes.phone {
            it.customer.phone.clone_from(phone);
        }
        it.position = recorded.position;
    }
}

impl ConversationView {
    /// What the inbox's search looks through.
    pub(super) fn searchable(&self) -> impl Iterator<Item = &str> {
        let subject = self.subject.iter().map(Subject::as_str);
        let external = self.customer.external_user_id.iter().map(ExternalUserId::as_str);
        let name = self.customer.name.iter().map(Name::as_str);
        let email = self.customer.email.iter().map(Email::as_str);
        let said = self.last_message.iter().map(|message| message.text.as_str());
        subject.chain(external).chain(name).chain(email).chain(said).chain(self.tags.iter().map(Tag::as_str))
    }

    fn evolve(&mut self, recorded: &Recorded, event: &ConversationEvent) {
        use ConversationEvent as E;
        match event {
            E::Opened { .. } | E::NoteAdded { .. } => {}
            E::MessagePosted { author, body, .. } => self.said(recorded, author, body),
            E::Assigned { assignee, .. } => self.assignee = Some(assignee.clone()),
            E::Unassigned { .. } => self.assignee = None,
            E::Read { reader: Side::Customer, up_to, .. } => self.marks.read_by_customer = *up_to,
            E::Read { reader: Side::Agent, up_to, .. } => self.marks.read_by_agents = *up_to,
            E::Tagged { tags, .. } => self.tags.clone_from(tags),
            E::Prioritized { priority, .. } => self.priority = *priority,
            E::Snoozed { until, .. } => {
                self.status = Status::Snoozed;
                self.snoozed_until = Some(*until);
            }
            E::Resolved { by } => {
                self.status = Status::Resolved;
                self.resolved = Some(Resolution { by: by.clone(), at: recorded.at });
                self.assignee = None;
                self.snoozed_until = None;
                self.call = None;
            }
            E::Reopened { assignee, .. } => {
                self.status = Status::Open;
                self.assignee.clone_from(assignee);
                self.snoozed_until = None;
                self.resolved = None;
                self.rating = None;
            }
            E::Rated { score, comment } => {
                self.rating = Some(RatingView { score: *score, comment: comment.clone(), at: recorded.at });
            }
            E::CallStarted { call_id, kind, by, at } => {
                let (id, r#type, started_at) = (*call_id, *kind, *at);
                self.call = Some(CallView { id, r#type, by: by.into(), started_at, joined: vec![] });
            }
            E::CallJoined { call_id, by } => {
                if let Some(call) = self.call.as_mut().filter(|call| call.id == *call_id) {
                    call.joined.push(by.into());
                }
            }
            E::CallEnded { call_id, .. } => {
                self.call.take_if(|call| call.id == *call_id);
            }
            E::CustomerChanged { customer, .. } => self.customer = without_metadata(customer),
        }
    }

    fn said(&mut self, recorded: &Recorded, author: &Author, body: &MessageBody) {
        let MessageBody::Text { text } = body;
        self.last_message = Some(LastMessage {
            author: author.into(),
            text: preview(text),
            created_at: recorded.at,
            position: recorded.position,
        });
        match author.side() {
            Some(Side::Customer) => self.marks.customer_message = recorded.position,
            Some(Side::Agent) => self.marks.agent_message = recorded.position,
            None => {}
        }
    }

    /// What follows from the rest after every event.
    fn settle(&mut self, recorded: &Recorded, event: &ConversationEvent) {
        let waits = self.status == Status::Open && self.assignee.is_none();
        let since_now = Waiting { since: recorded.at, position: recorded.position };
        self.waiting = waits.then(|| self.waiting.unwrap_or(since_now));
        let Marks { customer_message, agent_message, read_by_agents, .. } = self.marks;
        self.unread = customer_message > read_by_agents.max(agent_message);
        self.position = recorded.position;
        if !matches!(event, ConversationEvent::Read { .. }) {
            self.updated_at = recorded.at;
        }
        if moves_up(event) {
            self.activity = recorded.position;
        }
    }
}

/// Whether an event brings the conversation to the top of the inbox.
const fn moves_up(event: &ConversationEvent) -> bool {
    use ConversationEvent as E;
    match event {
        E::Opened { .. }
        | E::MessagePosted { .. }
        | E::NoteAdded { .. }
        | E::Assigned { .. }
        | E::Unassigned { .. }
        | E::Resolved { .. }
        | E::Reopened { .. }
        | E::CallStarted { .. } => true,
        E::Read { .. }
        | E::Tagged { .. }
        | E::Prioritized { .. }
        | E::Snoozed { .. }
        | E::Rated { .. }
        | E::CallJoined { .. }
        | E::CallEnded { .. }
        | E::CustomerChanged { .. } => false,
    }
}

/// The row keeps what the search needs of the customer; all of it is looked up when the row is shown.
fn without_metadata(customer: &CustomerRef) -> CustomerRef {
    CustomerRef { metadata: Metadata::default(), ..customer.clone() }
}

fn preview(text: &MessageText) -> String {
    text.as_str().chars().take(PREVIEW_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use openchat_domain::{
        CallId, DomainEvent,
        conversation::{
            AgentRef, AssignmentReason, CallEndReason, CallKind, Priority, ReopenCause, UnassignmentReason,
        },
    };
    use uuid::Uuid;

    use super::*;
    use crate::{
        history::{
            History, agent, agent_ref, at, conversation, customer, customer_ref, noted, opened, said, tags,
            text,
        },
        transcript::AuthorView,
    };

    /// Folds the events of conversation 1.
    fn conversation_after(history: &History) -> ConversationView {
        let mut row = None;
        for recorded in history.events() {
            if let DomainEvent::Conversation(id, event) = &recorded.event {
                assert_eq!(*id, conversation(1));
                fold(&mut row, recorded, *id, event);
            }
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
        assert_eq!(it.waiting, Some(Waiting { since: at(1), position: 1 }));
        assert_eq!((it.activity, it.position, it.created_at), (1, 1, at(1)));
        assert_eq!(it.customer, CustomerRef { metadata: Metadata::default(), ..customer_ref(5) });
        assert!(!it.unread);
    }

    #[test]
    fn given_messages_then_the_latest_is_shown_and_notes_never_are() {
        let long = "é".repeat(200);
        let it = given([opened(5), asked("Hello"), asked(&long), noted(7, "secret")]);
        let shown = it.last_message.unwrap();
        assert_eq!(shown.text, "é".repeat(140));
        assert_eq!((shown.position, shown.created_at), (3, at(3)));
        assert_eq!(shown.author, AuthorView::Customer { id: customer(5), name: Some(text("Customer 5")) });
        assert_eq!(it.activity, 4);
    }

    #[test]
    fn it_waits_from_when_it_became_nobodys() {
        assert_eq!(given([opened(5), assigned(7)]).waiting, None);
        let back = given([opened(5), assigned(7), unassigned(), asked("Anybody?")]);
        assert_eq!(back.waiting, Some(Waiting { since: at(3), position: 3 }));
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
        let started =
            ConversationEvent::CallStarted { call_id: call(1), kind: CallKind::Video, by, at: at(2) };
        let joined = ConversationEvent::CallJoined { call_id: call(1), by: joiner.clone() };
        let ended = |id| ConversationEvent::CallEnded {
            call_id: id,
            reason: CallEndReason::HungUp,
            by: None,
            duration_seconds: 60,
        };
        let it = given([opened(5), started.clone(), joined.clone()]).call.unwrap();
        assert_eq!((it.id, it.r#type, it.started_at), (call(1), CallKind::Video, at(2)));
        assert_eq!(it.joined, [AuthorView::from(&joiner)]);
        assert!(given([opened(5), started.clone(), ended(call(2))]).call.is_some());
        assert_eq!(given([opened(5), started, joined, ended(call(1))]).call, None);
    }

    #[test]
    fn a_change_of_customer_and_of_its_profile_shows() {
        let mut row = Some(given([
            opened(5),
            ConversationEvent::CustomerChanged { customer: customer_ref(6), previous: customer(5) },
        ]));
        assert_eq!(row.as_ref().map(|it| it.customer.id), Some(customer(6)));
        let changes = ProfileChanges {
            name: Some(Some(text("Jane"))),
            email: Some(None),
            phone: Some(Some(text("+34 600"))),
            metadata: None,
        };
        let later = history([opened(5), asked("a"), asked("b")]);
        fold_profile(&mut row, &later.events()[2], &changes);
        let it = row.unwrap();
        assert_eq!((it.customer.name.clone(), it.customer.email.clone()), (Some(text("Jane")), None));
        assert_eq!((it.position, it.activity), (3, 1));
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
        assert_eq!((it.tags, it.priority, it.snoozed_until), (vec![], Priority::Normal, None));
        assert!(it.unread);
        assert!(!given(events.into_iter().chain([read(Side::Customer, 4)])).for_customer().unread);
    }

    #[test]
    fn a_reply_is_awaited_until_an_agent_speaks_last() {
        assert!(given([opened(5)]).awaits_reply());
        assert!(given([opened(5), asked("Hello")]).awaits_reply());
        assert!(!given([opened(5), asked("Hello"), answered("Hi")]).awaits_reply());
        assert!(given([opened(5), answered("Hi"), asked("Hello")]).awaits_reply());
    }
}
