//! A conversation as the inbox shows it.

use chrono::{DateTime, Utc};
use openchat_domain::{
    CallId, ConversationId, MessageText, Position, Subject, Tag,
    conversation::{AgentRef, CallKind, Channel, CustomerRef, Priority},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::transcript::AuthorView;

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
    "marks": {"customerMessage": 42, "agentMessage": 0, "readByCustomer": 0, "readByAgents": 0},
    "waiting": {"since": "2026-03-01T09:30:00Z", "position": 41},
    "snoozedUntil": null,
    "resolved": null,
    "rating": null,
    "call": null,
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
    /// Whose it is, as known now.
    pub customer: CustomerRef,
    /// The agent who has it; nobody has a resolved one.
    pub assignee: Option<AgentRef>,
    /// Its place in the queue, counted from 1 up to 1,000, which stands for all places beyond too; `null` when it
    /// doesn't wait. Told of a single conversation only, in lists it is `null`.
    #[schema(minimum = 1, maximum = 1000)]
    pub queue_position: Option<i64>,
    /// Its labels, sorted.
    pub tags: Vec<Tag>,
    /// How urgent it is.
    pub priority: Priority,
    /// The beginning of the latest message; notes don't count.
    pub last_message: Option<LastMessage>,
    /// Whether the customer has said something that no agent has read or answered;
    /// for the customer, whether an agent has said something that it has neither read nor answered.
    pub unread: bool,
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
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When something last happened to it, other than being read.
    pub updated_at: DateTime<Utc>,
    /// The position in the business's event log of what last moved it to the top of the inbox.
    pub activity: Position,
    /// The latest position in the business's event log that this tells of.
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
    pub author: AuthorView,
    /// Its first 140 characters.
    #[schema(max_length = 140, example = "I need help with my order.")]
    pub text: String,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// Its place in the business's event log.
    pub position: Position,
}

/// Positions in the business's event log up to which the two sides have spoken and read; 0 for never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// The customer's latest message.
    pub customer_message: Position,
    /// The latest message of an agent.
    pub agent_message: Position,
    /// Up to where the customer has read.
    pub read_by_customer: Position,
    /// Up to where the team has read.
    pub read_by_agents: Position,
}

/// Since when a conversation waits for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The time.
    pub since: DateTime<Utc>,
    /// The position in the business's event log; among equal priorities the queue is in this order.
    pub position: Position,
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
    pub by: AuthorView,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Who has joined it since.
    pub joined: Vec<AuthorView>,
}

impl ConversationView {
    /// Whether the customer has said something since an agent last did, or nobody has said anything yet.
    #[must_use]
    pub const fn awaits_reply(&self) -> bool {
        let Marks { customer_message, agent_message, .. } = self.marks;
        customer_message > agent_message || agent_message == 0
    }

    /// The conversation as its customer may see it: without the team's tags, priority and plans, and `unread`
    /// from the other side.
    #[must_use]
    pub fn for_customer(self) -> Self {
        let Marks { customer_message, agent_message, read_by_customer, .. } = self.marks;
        Self {
            tags: vec![],
            priority: Priority::default(),
            snoozed_until: None,
            unread: agent_message > read_by_customer.max(customer_message),
            ..self
        }
    }
}
