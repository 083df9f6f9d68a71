//! A delta: what one event changes for the readers of a feed, in its place, rendered for the wire.

use chrono::{DateTime, Utc};
use openchat_domain::{ConversationId, DomainEvent, Position, Recorded};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one event changes on a feed. An event yields one delta or none, so a position names at most one.
///
/// Whose feed it is lies in its type: a customer's deltas have no form for what only the team is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delta<C> {
    /// The position of the event that caused it.
    #[schema(value_type = i64)]
    pub position: Position,
    /// The conversation that it concerns, if it concerns one.
    pub conversation_id: Option<ConversationId>,
    /// When the event was recorded.
    pub at: DateTime<Utc>,
    /// What changed: `type` and `data`.
    #[serde(flatten)]
    pub change: C,
}

/// A delta as it travels, chained to the one before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentDelta<C> {
    /// The position of the delta before it on this feed.
    ///
    /// A reader whose last frame (delta, `hello` or `resumed`) had the position L misses nothing when
    /// `previous` ≤ L < `position`: some events aren't for every reader, so L may lie after `previous`.
    #[schema(value_type = i64)]
    pub previous: Position,
    /// The delta.
    #[serde(flatten)]
    pub delta: Delta<C>,
}

impl<C> Delta<C> {
    /// What the event changes, in the event's place.
    pub(super) const fn new(event: &Recorded, change: C) -> Self {
        let conversation_id = match &event.event {
            DomainEvent::Conversation(id, _) => Some(*id),
            DomainEvent::Customer(..) | DomainEvent::Agent(..) | DomainEvent::Business(..) => None,
        };
        Self { position: event.position, conversation_id, at: event.at, change }
    }
}

impl<C: Serialize> Delta<C> {
    /// The delta's frame, chained to the delta before it on the feed.
    ///
    /// All of a business's agents read the same feed, so its hub renders each delta once for all of them.
    #[must_use]
    pub fn to_json(&self, previous: Position) -> String {
        #[derive(Serialize)]
        struct Sent<'a, C> {
            previous: Position,
            #[serde(flatten)]
            delta: &'a Delta<C>,
        }
        serde_json::to_string(&Sent { previous, delta: self })
            .expect("every change is made of strings, numbers, lists and maps with string keys")
    }
}
