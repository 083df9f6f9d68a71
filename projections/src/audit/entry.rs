//! An entry of the audit timeline.

use chrono::{DateTime, Utc};
use openchat_domain::{
    ActorKind, AgentId, BusinessId, CommandId, ConversationId, CustomerId, EventId, Position, Recorded,
    Stream,
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::summary::summary;

/// One event of the log, for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "evt_019aafc33b7c7d80a1b2c3d4e5f60718",
    "position": 41,
    "at": "2026-03-01T09:30:00Z",
    "type": "ConversationAssigned",
    "actor": {"kind": "system", "id": "routing"},
    "via": null,
    "requestId": null,
    "causation": 40,
    "correlation": "019aafc3-3b7c-7d80-a1b2-c3d4e5f60718",
    "subject": {"type": "conversation", "id": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718"},
    "summary": "OpenChat's routing gave the conversation to Ana (agt_019aafc33b7c7d80a1b2c3d4e5f60718).",
    "data": {"type": "assigned"}
}))]
pub struct AuditEntry {
    /// The event's id.
    pub id: EventId,
    /// Its place in the business's log.
    #[schema(value_type = i64)]
    pub position: Position,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Its type in the log.
    #[serde(rename = "type")]
    #[schema(example = "ConversationAssigned")]
    pub event_type: &'static str,
    /// Who caused it.
    pub actor: AuditActor,
    /// The key (`key_…`) or session (`ses_…`) it came through, if any.
    pub via: Option<String>,
    /// The HTTP request that carried it, if any.
    pub request_id: Option<String>,
    /// The position of the event that it answers, when OpenChat did it by itself.
    #[schema(value_type = Option<i64>)]
    pub causation: Option<Position>,
    /// What ties everything together that one outside intent set off.
    #[schema(value_type = uuid::Uuid)]
    pub correlation: CommandId,
    /// What it happened to.
    pub subject: AuditSubject,
    /// What happened, in one sentence.
    #[schema(
        example = "OpenChat's routing gave the conversation to Ana (agt_019aafc33b7c7d80a1b2c3d4e5f60718)."
    )]
    pub summary: String,
    /// The event's payload exactly as the log has it.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditActor {
    /// The kind.
    pub kind: ActorKind,
    /// The id; for the system the name of the part of it.
    pub id: String,
}

/// What an event happened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", content = "id", rename_all = "camelCase")]
pub enum AuditSubject {
    /// A conversation.
    Conversation(ConversationId),
    /// A customer.
    Customer(CustomerId),
    /// An agent.
    Agent(AgentId),
    /// The business itself.
    Business(BusinessId),
}

impl AuditEntry {
    /// The entry of an event; the payload is the log's own text of it.
    #[must_use]
    pub fn of(event: &Recorded, payload: Box<RawValue>) -> Self {
        let metadata = &event.metadata;
        Self {
            id: event.id(),
            position: event.position,
            at: event.at,
            event_type: event.event.event_type(),
            actor: AuditActor { kind: metadata.actor_kind, id: metadata.actor_id.clone() },
            via: metadata.via.clone(),
            request_id: metadata.request_id.clone(),
            causation: metadata.causation.as_deref().and_then(|position| position.parse().ok()),
            correlation: metadata.correlation,
            subject: event.event.stream().into(),
            summary: summary(event),
            data: payload,
        }
    }
}

impl From<Stream> for AuditSubject {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Conversation(id) => Self::Conversation(id),
            Stream::Customer(id) => Self::Customer(id),
            Stream::Agent(id) => Self::Agent(id),
            Stream::Business(id) => Self::Business(id),
        }
    }
}
