//! What agents get to see.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, ConversationId, Email, Name, Subject, Tag,
    agent::{Availability, Role},
    conversation::{AgentRef, Channel},
};
use openchat_projections::{
    Cursor,
    agents::AgentView,
    customers::CustomerView,
    inbox::{CallView, ConversationView, LastMessage, RatingView, Status},
    transcript::TranscriptEntry,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::http::calls::{CallPass, Started};

/// The conversation as it is after the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"success": true, "conversation": example::<ConversationView>()}))]
pub(super) struct ConversationAfter {
    /// Always `true`.
    success: bool,
    /// The conversation. Left out when it can't be read back quickly enough; what was asked for is done all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    conversation: Option<ConversationView>,
}

/// A message or a note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"success": true, "message": example::<TranscriptEntry>()}))]
pub(super) struct MessageAnswer {
    /// Always `true`.
    success: bool,
    /// What is in the conversation now.
    message: TranscriptEntry,
}

/// A conversation with all that an agent needs to answer it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "success": true,
    "conversation": with(example::<ConversationView>(), "messages", json!([example::<TranscriptEntry>()])),
    "messagesCursor": null,
    "otherConversations": [example::<ConversationBrief>()]
}))]
pub(super) struct ConversationAnswer {
    /// Always `true`.
    pub(super) success: bool,
    /// The conversation.
    pub(super) conversation: ConversationWithMessages,
    /// Ask for messages `before` this to get the earlier ones; `null` when there are none.
    pub(super) messages_cursor: Option<Cursor>,
    /// The same customer's other conversations, the latest activity first; at most 10.
    #[schema(max_items = 10)]
    pub(super) other_conversations: Vec<ConversationBrief>,
}

/// A conversation and its latest messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationWithMessages {
    /// All but the messages.
    #[serde(flatten)]
    pub(super) conversation: ConversationView,
    /// The latest messages and notes, the oldest first.
    pub(super) messages: Vec<TranscriptEntry>,
}

/// A conversation in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "status": "resolved",
    "channel": "widget",
    "subject": "Order 4711",
    "assignee": null,
    "lastMessage": null,
    "rating": null,
    "createdAt": "2026-02-01T09:30:00Z",
    "updatedAt": "2026-02-01T10:15:00Z"
}))]
pub(super) struct ConversationBrief {
    /// The conversation's id.
    id: ConversationId,
    /// Where it stands.
    status: Status,
    /// How it came in.
    channel: Channel,
    /// What it is about.
    subject: Option<Subject>,
    /// The agent who has it.
    assignee: Option<AgentRef>,
    /// The beginning of the latest message.
    last_message: Option<LastMessage>,
    /// How the customer judged the support.
    rating: Option<RatingView>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When something last happened to it, other than being read.
    updated_at: DateTime<Utc>,
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"success": true, "customer": example::<CustomerView>()}))]
pub(super) struct CustomerAnswer {
    /// Always `true`.
    success: bool,
    /// The customer.
    customer: CustomerView,
}

/// A member of the team, as its colleagues see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718",
    "name": "Sam Agent",
    "email": "sam@acme.com",
    "role": "agent",
    "availability": "online",
    "capacity": 5,
    "skills": ["billing"]
}))]
pub(super) struct Colleague {
    /// The agent's id.
    id: AgentId,
    /// The name that customers see, too.
    name: Name,
    /// The address.
    email: Email,
    /// What it may do.
    role: Role,
    /// Whether it takes new conversations.
    availability: Availability,
    /// How many open conversations it may be given at once.
    #[schema(minimum = 0, maximum = 1000)]
    capacity: u32,
    /// What it is good at.
    skills: Vec<Tag>,
}

/// The agent who asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"success": true, "agent": example::<AgentView>()}))]
pub(super) struct MyselfAnswer {
    /// Always `true`.
    success: bool,
    /// The agent. Left out after a change when it can't be read back quickly enough; the change is done all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    agent: Option<AgentView>,
}

/// A call that has begun, and the way into its room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!(with(example::<CallPass>(), "call", json!({
    "id": "call_019aafc33b7c7d80a1b2c3d4e5f60718",
    "type": "video",
    "by": {"kind": "agent", "id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Sam Agent"},
    "startedAt": "2026-03-01T09:31:00Z",
    "state": "ringing",
    "rings": null,
    "joined": [{"kind": "agent", "id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Sam Agent"}]
}))))]
pub(super) struct CallAnswer {
    /// The way in.
    #[serde(flatten)]
    pass: CallPass,
    /// The call.
    call: CallView,
}

impl CallAnswer {
    /// The call that has begun.
    pub(super) fn new(started: Started) -> Self {
        Self { pass: started.pass.into(), call: started.call }
    }
}

impl ConversationAfter {
    /// The conversation, if it can be read back.
    pub(super) const fn new(conversation: Option<ConversationView>) -> Self {
        Self { success: true, conversation }
    }
}

impl MessageAnswer {
    /// What was said.
    pub(super) const fn new(message: TranscriptEntry) -> Self {
        Self { success: true, message }
    }
}

impl CustomerAnswer {
    /// What is known of the customer.
    pub(super) const fn new(customer: CustomerView) -> Self {
        Self { success: true, customer }
    }
}

impl MyselfAnswer {
    /// The agent, if it can be read back.
    pub(super) const fn new(agent: Option<AgentView>) -> Self {
        Self { success: true, agent }
    }
}

impl From<ConversationView> for ConversationBrief {
    fn from(it: ConversationView) -> Self {
        Self {
            id: it.id,
            status: it.status,
            channel: it.channel,
            subject: it.subject,
            assignee: it.assignee,
            last_message: it.last_message,
            rating: it.rating,
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

impl From<AgentView> for Colleague {
    fn from(it: AgentView) -> Self {
        Self {
            id: it.id,
            name: it.name,
            email: it.email,
            role: it.role,
            availability: it.availability,
            capacity: it.capacity,
            skills: it.skills,
        }
    }
}

/// The example that a schema brings.
fn example<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).map(|mut schema| schema["example"].take()).unwrap_or_default()
}

/// A last page with one entry, for examples.
pub(super) fn example_page<T: PartialSchema>() -> Value {
    json!({"data": [example::<T>()], "nextCursor": null})
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    object[field] = value;
    object
}
