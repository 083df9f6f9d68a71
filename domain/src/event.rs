//! Events as the log holds them: named, versioned, upcast when old, and numbered once recorded.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    AgentId, BusinessId, ConversationId, CustomerId, Decider, EventId, EventMetadata, IdError, Position,
    agent::{Agent, AgentEvent},
    business::{Business, BusinessEvent},
    conversation::{Conversation, ConversationEvent},
    customer::{Customer, CustomerEvent},
    upcast::upcast,
};

/// The stable name and version under which an event is stored.
pub trait EventType {
    /// The name in the log, e.g. `MessagePosted`.
    fn event_type(&self) -> &'static str;
    /// The version of the payload's form, counted from 1; a change of form raises it and adds an upcaster.
    fn event_version(&self) -> i32;
}

/// One aggregate instance: a stream of events within a tenant's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// A conversation's.
    Conversation(ConversationId),
    /// A customer's.
    Customer(CustomerId),
    /// An agent's.
    Agent(AgentId),
    /// The business's own.
    Business(BusinessId),
}

/// Any event of any aggregate, with the id of the aggregate that it happened to.
#[derive(Debug, Clone, PartialEq)]
pub enum DomainEvent {
    /// Something happened to a conversation.
    Conversation(ConversationId, ConversationEvent),
    /// Something happened to a customer.
    Customer(CustomerId, CustomerEvent),
    /// Something happened to an agent.
    Agent(AgentId, AgentEvent),
    /// Something happened to the business.
    Business(BusinessId, BusinessEvent),
}

/// An event in its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Whose log.
    pub tenant: BusinessId,
    /// The place in that log.
    pub position: Position,
    /// The place in the aggregate's own stream, from 1.
    pub sequence: i64,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// How it came to be.
    pub metadata: EventMetadata,
    /// What happened.
    pub event: DomainEvent,
}

/// Why a stored row can't be read as an event of today.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No aggregate of that type is known.
    #[error("unknown aggregate type {0}")]
    UnknownAggregate(String),
    /// The aggregate's id is not of its type.
    #[error("unreadable aggregate id {id}")]
    Id {
        /// The text found.
        id: String,
        /// Why.
        source: IdError,
    },
    /// The payload doesn't have the form that its type and version promise.
    #[error("unreadable {event_type} payload, version {version}")]
    Payload {
        /// The event's name.
        event_type: String,
        /// The payload's version.
        version: i32,
        /// Why.
        source: serde_json::Error,
    },
}

impl Stream {
    /// The aggregate's type name in the log.
    #[must_use]
    pub const fn aggregate_type(self) -> &'static str {
        match self {
            Self::Conversation(_) => Conversation::TYPE,
            Self::Customer(_) => Customer::TYPE,
            Self::Agent(_) => Agent::TYPE,
            Self::Business(_) => Business::TYPE,
        }
    }

    /// The aggregate's id in the log.
    #[must_use]
    pub fn aggregate_id(self) -> String {
        match self {
            Self::Conversation(id) => id.to_string(),
            Self::Customer(id) => id.to_string(),
            Self::Agent(id) => id.to_string(),
            Self::Business(id) => id.to_string(),
        }
    }
}

impl DomainEvent {
    /// The stream that the event is in.
    #[must_use]
    pub const fn stream(&self) -> Stream {
        match self {
            Self::Conversation(id, _) => Stream::Conversation(*id),
            Self::Customer(id, _) => Stream::Customer(*id),
            Self::Agent(id, _) => Stream::Agent(*id),
            Self::Business(id, _) => Stream::Business(*id),
        }
    }

    /// The event as it is stored: its name, its payload's version, and the payload. [`decode`] reads it.
    ///
    /// # Errors
    /// When the payload has no JSON form.
    pub fn encode(&self) -> serde_json::Result<(&'static str, i32, Box<RawValue>)> {
        fn stored<E: EventType + Serialize>(
            event: &E,
        ) -> serde_json::Result<(&'static str, i32, Box<RawValue>)> {
            Ok((event.event_type(), event.event_version(), to_raw_value(event)?))
        }
        match self {
            Self::Conversation(_, e) => stored(e),
            Self::Customer(_, e) => stored(e),
            Self::Agent(_, e) => stored(e),
            Self::Business(_, e) => stored(e),
        }
    }

    /// The event's name in the log.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Conversation(_, e) => e.event_type(),
            Self::Customer(_, e) => e.event_type(),
            Self::Agent(_, e) => e.event_type(),
            Self::Business(_, e) => e.event_type(),
        }
    }
}

/// A recorded event as it travels: the parts of its row in the log.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    tenant: BusinessId,
    position: Position,
    sequence: i64,
    at: DateTime<Utc>,
    metadata: Cow<'a, EventMetadata>,
    aggregate_type: &'a str,
    aggregate_id: String,
    event_type: &'a str,
    event_version: i32,
    #[serde(borrow)]
    payload: &'a RawValue,
}

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (event_type, event_version, payload) = self.event.encode().map_err(S::Error::custom)?;
        let stream = self.event.stream();
        let row = Row {
            tenant: self.tenant,
            position: self.position,
            sequence: self.sequence,
            at: self.at,
            metadata: Cow::Borrowed(&self.metadata),
            aggregate_type: stream.aggregate_type(),
            aggregate_id: stream.aggregate_id(),
            event_type,
            event_version,
            payload: &payload,
        };
        row.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Recorded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Row::deserialize(deserializer)?;
        let event = decode(
            row.aggregate_type,
            &row.aggregate_id,
            row.event_type,
            row.event_version,
            row.payload.get(),
        )
        .map_err(D::Error::custom)?;
        Ok(Self {
            tenant: row.tenant,
            position: row.position,
            sequence: row.sequence,
            at: row.at,
            metadata: row.metadata.into_owned(),
            event,
        })
    }
}

impl Recorded {
    /// The event's public id, derived from its place: the same for every reader.
    #[must_use]
    pub fn id(&self) -> EventId {
        EventId::from_uuid(uuid::Uuid::new_v5(
            &self.tenant.uuid(),
            format!("event\u{1f}{}", self.position).as_bytes(),
        ))
    }
}

/// Reads a stored row: brings an old payload to today's form, then types it.
///
/// # Errors
/// [`DecodeError`] when type, id or payload are not what the log should hold.
pub fn decode(
    aggregate_type: &str,
    aggregate_id: &str,
    event_type: &str,
    version: i32,
    payload: &str,
) -> Result<DomainEvent, DecodeError> {
    let bad_id = |source| DecodeError::Id { id: aggregate_id.to_owned(), source };
    let bad_payload = |source| DecodeError::Payload { event_type: event_type.to_owned(), version, source };
    Ok(match aggregate_type {
        Conversation::TYPE => DomainEvent::Conversation(
            aggregate_id.parse().map_err(bad_id)?,
            upcast(event_type, version, payload).map_err(bad_payload)?,
        ),
        Customer::TYPE => DomainEvent::Customer(
            aggregate_id.parse().map_err(bad_id)?,
            upcast(event_type, version, payload).map_err(bad_payload)?,
        ),
        Agent::TYPE => DomainEvent::Agent(
            aggregate_id.parse().map_err(bad_id)?,
            upcast(event_type, version, payload).map_err(bad_payload)?,
        ),
        Business::TYPE => DomainEvent::Business(
            aggregate_id.parse().map_err(bad_id)?,
            upcast(event_type, version, payload).map_err(bad_payload)?,
        ),
        other => return Err(DecodeError::UnknownAggregate(other.to_owned())),
    })
}
