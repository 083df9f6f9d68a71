//! A conversation as the inbox shows it.

use chrono::{DateTime, Utc};
use openchat_domain::{
    CallId, ConversationId, MessageText, Position, Subject, Tag,
    conversation::{AgentRef, Author, CallEndReason, CallKind, Channel, CustomerRef, Priority, Side},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{routing_queue::Waiting, transcript::Message};

/// A conversation, without its messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "status": "open",
    "channel": "widget",
    "subject": "Order 4711",
    "customer": {
        "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718",
        "externalUserId": "cus_123",
        "name": "Jane Customer",
        "email": "jane@example.com",
        "phone": null,
        "metadata": {"plan": "pro"}
    },
    "assignee": null,
    "queuePosition": 3,
    "tags": ["billing"],
    "priority": "normal",
    "lastMessage": {
        "author": {"kind": "customer", "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Jane Customer"},
        "text": "I need help with my order.",
        "createdAt": "2026-03-01T09:30:00Z",
        "position": 42
    },
    "unread": true,
    "unreadMessages": [42],
    "marks": {"customerMessage": 42, "agentMessage": 0, "readByCustomer": 0, "readByAgents": 0},
    "waiting": {"since": "2026-03-01T09:30:00Z", "position": 41, "missedCall": false},
    "snoozedUntil": null,
    "resolved": null,
    "rating": null,
    "call": null,
    "lastCall": null,
    "createdAt": "2026-03-01T09:30:00Z",
    "updatedAt": "2026-03-01T09:30:00Z",
    "activity": 42,
    "position": 42
}))]
pub struct ConversationView {
    /// The conversation's id.
    pub id: ConversationId,
    /// Where it stands.
    pub status: Status,
    /// How it came in.
    pub channel: Channel,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Whose it is: as told when it began or changed hands, with every change of the profile since.
    pub customer: CustomerRef,
    /// The agent who has it; nobody has a resolved one.
    pub assignee: Option<AgentRef>,
    /// Its place in the queue, counted from 1 up to 1,000, which stands for all places beyond too; `null` when it
    /// doesn't wait. Told of a single conversation only, in lists it is `null`.
    #[schema(minimum = 1, maximum = 1000)]
    pub queue_position: Option<u32>,
    /// Its labels, sorted.
    pub tags: Vec<Tag>,
    /// How urgent it is.
    pub priority: Priority,
    /// The beginning of the latest message; notes don't count.
    pub last_message: Option<LastMessage>,
    /// Whether the customer has said something that no agent has read or answered;
    /// for the customer, whether an agent has said something that it has neither read nor answered.
    pub unread: bool,
    /// The positions of the customer's messages that no agent has read or answered, ascending; the latest 100 of
    /// them. For the team only.
    #[schema(value_type = Vec<i64>, max_items = 100)]
    pub unread_messages: Vec<Position>,
    /// Who has said and read what, up to where.
    pub marks: Marks,
    /// Since when it waits in the queue; `null` when it doesn't.
    pub waiting: Option<Waiting>,
    /// When it wakes by itself; `null` when it isn't snoozed.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Who settled it and when; `null` when it isn't resolved.
    pub resolved: Option<Resolution>,
    /// How the customer judged the support since it was resolved.
    pub rating: Option<RatingView>,
    /// The call that is going on.
    pub call: Option<CallView>,
    /// The call that ended last.
    #[serde(default)]
    pub last_call: Option<EndedCall>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When something last happened to it, other than being read.
    pub updated_at: DateTime<Utc>,
    /// The position in the business's event log of what last brought it to the top of the inbox: its beginning,
    /// something said or noted, a change of assignee, an end, a reopening, a call.
    #[schema(value_type = i64)]
    pub activity: Position,
    /// The position in the business's event log up to which all that concerns it is in here: its latest event, or
    /// its customer's latest change of profile.
    #[schema(value_type = i64)]
    pub position: Position,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It is being worked on, or waits for somebody.
    Open,
    /// It rests until a time, or until the customer writes.
    Snoozed,
    /// The matter is settled.
    Resolved,
}

/// The beginning of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastMessage {
    /// Who said it.
    pub author: Author,
    /// Its first 140 characters; of a file without words, the file's name.
    #[schema(max_length = 140, example = "I need help with my order.")]
    pub text: String,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// Its place in the business's event log.
    #[schema(value_type = i64)]
    pub position: Position,
}

/// Positions in the business's event log up to which the two sides have spoken and read; 0 for never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// The customer's latest message.
    #[schema(value_type = i64)]
    pub customer_message: Position,
    /// The latest message of an agent.
    #[schema(value_type = i64)]
    pub agent_message: Position,
    /// Up to where the customer has read.
    #[schema(value_type = i64)]
    pub read_by_customer: Position,
    /// Up to where the team has read.
    #[schema(value_type = i64)]
    pub read_by_agents: Position,
}

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// Who settled it.
    pub by: AgentRef,
    /// When.
    pub at: DateTime<Utc>,
}

/// How a customer judged the support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RatingView {
    /// 1 (bad) to 5 (excellent).
    #[schema(minimum = 1, maximum = 5)]
    pub score: u8,
    /// In words.
    pub comment: Option<MessageText>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A call that is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// The call's id.
    pub id: CallId,
    /// Audio or video.
    pub r#type: CallKind,
    /// Who began it.
    pub by: Author,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Whether the side that was called has answered.
    pub state: CallState,
    /// The agent at whom it rings in particular; a ringing call without one rings at everybody. For the team only.
    pub rings: Option<AgentRef>,
    /// Who is in it, in the order in which they came; who began it from the beginning.
    pub joined: Vec<Author>,
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndedCall {
    /// The call's id.
    pub id: CallId,
    /// What it carried in the end.
    pub r#type: CallKind,
    /// Who began it.
    pub by: Author,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Why it ended.
    pub reason: CallEndReason,
    /// How long it lasted since it was answered, in whole seconds.
    pub duration_seconds: u32,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// The position in the business's event log at which it ended: its place among the messages.
    #[schema(value_type = i64)]
    pub position: Position,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CallState {
    /// The side that was called has not answered yet.
    Ringing,
    /// Both sides talk.
    Answered,
}

impl ConversationView {
    /// The most unread messages that are told of.
    pub const UNREAD: usize = 100;

    /// The conversation as its customer may see it: without the team's tags, priority and rests, and `unread`
    /// from the other side.
    #[must_use]
    pub fn for_customer(self) -> Self {
        let Marks { customer_message, agent_message, read_by_customer, .. } = self.marks;
        let status = match self.status {
            Status::Open | Status::Snoozed => Status::Open,
            Status::Resolved => Status::Resolved,
        };
        Self {
            status,
            tags: vec![],
            priority: Priority::default(),
            snoozed_until: None,
            unread: agent_message > read_by_customer.max(customer_message),
            unread_messages: vec![],
            call: self.call.map(CallView::for_customer),
            ..self
        }
    }
}

impl LastMessage {
    const CHARS: usize = 140;
}

impl From<&Message> for LastMessage {
    fn from(message: &Message) -> Self {
        let text = match &message.file {
            Some(file) if message.text.is_empty() => file.name.as_str(),
            Some(_) | None => &message.text,
        };
        Self {
            author: message.author.clone(),
            text: text.chars().take(Self::CHARS).collect(),
            created_at: message.created_at,
            position: message.position,
        }
    }
}

impl Marks {
    /// Somebody said something that both sides see.
    pub const fn said(&mut self, message: &Message) {
        match message.author {
            Author::Customer { .. } => self.customer_message = message.position,
            Author::Agent { .. } => self.agent_message = message.position,
            Author::System => {}
        }
    }

    /// One side has read up to a position.
    pub fn read(&mut self, reader: Side, up_to: Position) {
        let mark = match reader {
            Side::Customer => &mut self.read_by_customer,
            Side::Agent => &mut self.read_by_agents,
        };
        *mark = up_to.max(*mark);
    }
}

impl CallView {
    /// A call that has just begun.
    #[must_use]
    pub fn started(id: CallId, kind: CallKind, by: Author, started_at: DateTime<Utc>) -> Self {
        let joined = vec![by.clone()];
        Self { id, r#type: kind, by, started_at, state: CallState::Ringing, rings: None, joined }
    }

    /// It rings at an agent, or at everybody.
    pub fn rang(&mut self, agent: Option<&AgentRef>) {
        self.rings = agent.cloned();
    }

    /// The side that was called has answered.
    pub const fn answered(&mut self) {
        self.state = CallState::Answered;
    }

    /// Somebody is in it.
    pub fn join(&mut self, by: &Author) {
        self.leave(by);
        self.joined.push(by.clone());
        self.settled_with(by);
    }

    /// Somebody won't take it.
    pub fn decline(&mut self, by: &Author) {
        self.settled_with(by);
    }

    /// Somebody is in it no more.
    pub fn leave(&mut self, by: &Author) {
        self.joined.retain(|it| !is_same(it, by));
    }

    /// It is a video call.
    pub const fn escalate(&mut self) {
        self.r#type = CallKind::Video;
    }

    /// The call as its customer may see it.
    #[must_use]
    pub fn for_customer(self) -> Self {
        Self { rings: None, ..self }
    }

    /// An agent has answered or declined: it rings there no more.
    fn settled_with(&mut self, by: &Author) {
        let answers = |ringing: &AgentRef| matches!(by, Author::Agent { id, .. } if *id == ringing.id);
        self.rings = self.rings.take().filter(|ringing| !answers(ringing));
    }
}

impl EndedCall {
    /// The call, which has just ended.
    pub(crate) fn new(
        call: CallView,
        reason: CallEndReason,
        duration_seconds: u32,
        ended_at: DateTime<Utc>,
        position: Position,
    ) -> Self {
        let CallView { id, r#type, by, started_at, .. } = call;
        Self { id, r#type, by, started_at, reason, duration_seconds, ended_at, position }
    }
}

/// Whether two authors are the same, whatever they were called at the time.
fn is_same(one: &Author, other: &Author) -> bool {
    match (one, other) {
        (Author::Agent { id: one, .. }, Author::Agent { id: other, .. }) => one == other,
        // A conversation has one customer, whichever record that is.
        (Author::Customer { .. }, Author::Customer { .. }) | (Author::System, Author::System) => true,
        (Author::Customer { .. } | Author::Agent { .. } | Author::System, _) => false,
    }
}
