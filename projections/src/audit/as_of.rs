//! What a conversation looked like at some moment of its history.

use chrono::{DateTime, Utc};
use openchat_domain::{
    ConversationId, DomainEvent, Position, Recorded, Subject, Tag,
    conversation::{AgentRef, Channel, ConversationEvent, CustomerRef, Priority},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    inbox::{CallView, EndedCall, Marks, RatingView, Status},
    routing_queue::Waiting,
    transcript::Message,
};

/// A conversation as the events up to a position made it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationAsOf {
    /// Its id.
    pub id: ConversationId,
    /// Where it stood.
    pub status: Status,
    /// When it would wake by itself, if it rested.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// How it came in.
    pub channel: Channel,
    /// What it was about.
    pub subject: Option<Subject>,
    /// Whose it was, as known when it began or changed hands.
    pub customer: CustomerRef,
    /// Who had it.
    pub assignee: Option<AgentRef>,
    /// Its labels, sorted.
    pub tags: Vec<Tag>,
    /// How urgent it was.
    pub priority: Priority,
    /// Since when it waited, if it did.
    pub waiting: Option<Waiting>,
    /// Everything said, in order.
    pub messages: Vec<Message>,
    /// The team's notes, in order.
    pub notes: Vec<Message>,
    /// Who had said and read what, up to where.
    pub marks: Marks,
    /// The call that was going on.
    pub call: Option<CallView>,
    /// The call that had ended last.
    pub last_call: Option<EndedCall>,
    /// The customer's judgement, since it was resolved.
    pub rating: Option<RatingView>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// The time of its latest event.
    pub updated_at: DateTime<Utc>,
    /// The position of its latest event.
    #[schema(value_type = i64)]
    pub position: Position,
}

impl ConversationAsOf {
    /// Replays a conversation's events, in order; none without its beginning. Other events are passed over.
    #[must_use]
    pub fn replay(events: &[Recorded]) -> Option<Self> {
        let mut conversation = None;
        for event in events {
            Self::apply(&mut conversation, event);
        }
        conversation
    }

    /// Replays the next event: the beginning, or one of the conversation that has begun.
    ///
    /// So a long history can be replayed part by part.
    pub fn apply(conversation: &mut Option<Self>, event: &Recorded) {
        let DomainEvent::Conversation(id, change) = &event.event else {
            return;
        };
        match (conversation.as_mut(), change) {
            (None, ConversationEvent::Opened { customer, channel, subject }) => {
                *conversation = Some(Self::opened(*id, event, customer, *channel, subject.as_ref()));
            }
            (Some(it), _) if it.id == *id => it.evolve(event, change),
            (Some(_) | None, _) => {}
        }
    }

    fn opened(
        id: ConversationId,
        event: &Recorded,
        customer: &CustomerRef,
        channel: Channel,
        subject: Option<&Subject>,
    ) -> Self {
        Self {
            id,
            status: Status::Open,
            snoozed_until: None,
            channel,
            subject: subject.cloned(),
            customer: customer.clone(),
            assignee: None,
            tags: Vec::new(),
            priority: Priority::Normal,
            waiting: Some(Waiting::new(event.at, event.position)),
            messages: Vec::new(),
            notes: Vec::new(),
            marks: Marks::default(),
            call: None,
            last_call: None,
            rating: None,
            created_at: event.at,
            updated_at: event.at,
            position: event.position,
        }
    }

    fn with_call(&mut self, change: impl FnOnce(&mut CallView)) {
        if let Some(call) = &mut self.call {
            change(call);
        }
    }

    fn evolve(&mut self, event: &Recorded, change: &ConversationEvent) {
        use ConversationEvent as E;
        self.position = event.position;
        self.updated_at = event.at;
        match change {
            E::Opened { .. } => {}
            E::MessagePosted { message_id, author, body, client_message_id } => {
                let client_message_id = client_message_id.as_deref();
                let message = Message::posted(event, self.id, *message_id, author, body, client_message_id);
                self.marks.said(&message);
                self.messages.push(message);
            }
            E::NoteAdded { note_id, author, text, client_message_id } => {
                let client_message_id = client_message_id.as_deref();
                self.notes.push(Message::noted(event, self.id, *note_id, author, text, client_message_id));
            }
            E::Assigned { assignee, .. } => self.assignee = Some(assignee.clone()),
            E::Unassigned { .. } => self.assignee = None,
            E::Read { reader, up_to, .. } => self.marks.read(*reader, *up_to),
            E::Tagged { tags, .. } => self.tags.clone_from(tags),
            E::Prioritized { priority, .. } => self.priority = *priority,
            E::Snoozed { until, .. } => {
                self.status = Status::Snoozed;
                self.snoozed_until = Some(*until);
            }
            E::Resolved { .. } => {
                self.status = Status::Resolved;
                self.snoozed_until = None;
                self.assignee = None;
                self.rating = None;
            }
            E::Reopened { assignee, .. } => {
                self.status = Status::Open;
                self.snoozed_until = None;
                self.assignee.clone_from(assignee);
                self.rating = None;
            }
            E::Rated { score, comment } => {
                self.rating = Some(RatingView { score: *score, comment: comment.clone(), at: event.at });
            }
            E::CallStarted { call_id, kind, by, at } => {
                self.call = Some(CallView::started(*call_id, *kind, by.clone(), *at));
            }
            E::CallRang { agent, .. } => self.with_call(|call| call.rang(agent.as_ref())),
            E::CallDeclined { by, .. } => self.with_call(|call| call.decline(by)),
            E::CallAnswered { .. } => self.with_call(CallView::answered),
            E::CallJoined { by, .. } => self.with_call(|call| call.join(by)),
            E::CallLeft { by, .. } => self.with_call(|call| call.leave(by)),
            E::CallEscalated { .. } => self.with_call(CallView::escalate),
            E::CallEnded { reason, duration_seconds, .. } => {
                let ended = |call| EndedCall::new(call, *reason, *duration_seconds, event.at, event.position);
                self.last_call = self.call.take().map(ended).or(self.last_call.take());
            }
            E::CustomerChanged { customer, .. } => self.customer = customer.clone(),
        }
        let waits = self.status == Status::Open && self.assignee.is_none();
        let waiting = self.waiting.unwrap_or(Waiting::new(event.at, event.position));
        self.waiting = waits.then(|| waiting.after(change));
    }
}
