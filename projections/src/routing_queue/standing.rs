//! Where a conversation stands in the queue, and what each event does to that.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use openchat_domain::{
    ConversationId, Position,
    conversation::{CallEndReason, ConversationEvent, Priority, UnassignmentReason},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A conversation that waits for an agent. The queue serves whoever has called in vain first, then a higher priority,
/// and among equals the one that began to wait first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "priority": "high",
    "waitingSince": "2026-03-01T09:30:00Z",
    "position": 41,
    "missedCall": false
}))]
pub struct QueueEntry {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// How urgent it is.
    pub priority: Priority,
    /// Since when it waits.
    pub waiting_since: DateTime<Utc>,
    /// The position in the business's event log at which it began to wait.
    #[schema(value_type = i64)]
    pub position: Position,
    /// Whether a call was missed meanwhile, or made it wait: then it comes before all others.
    #[serde(default)]
    pub missed_call: bool,
}

/// Since when a conversation waits for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The time.
    pub since: DateTime<Utc>,
    /// The position in the business's event log; among equal priorities the queue is in this order.
    #[schema(value_type = i64)]
    pub position: Position,
    /// Whether a call was missed meanwhile, or made it wait: then it comes before all others.
    #[serde(default)]
    pub missed_call: bool,
}

/// What the queue must know of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub conversation_id: ConversationId,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether it rests: then it doesn't wait, even when it is nobody's.
    pub snoozed: bool,
    /// Since when it waits, if it does.
    pub waiting: Option<Waiting>,
}

impl QueueEntry {
    /// What the queue is sorted by; no two entries share it, because no two waits began with the same event.
    pub(crate) const fn key(&self) -> (bool, Reverse<Priority>, Position) {
        (!self.missed_call, Reverse(self.priority), self.position)
    }

    pub(crate) const fn new(conversation_id: ConversationId, priority: Priority, waiting: Waiting) -> Self {
        let Waiting { since, position, missed_call } = waiting;
        Self { conversation_id, priority, waiting_since: since, position, missed_call }
    }
}

impl Waiting {
    /// A wait that begins with an event.
    pub(crate) const fn new(since: DateTime<Utc>, position: Position) -> Self {
        Self { since, position, missed_call: false }
    }

    /// The wait after an event that leaves the conversation waiting.
    pub(crate) fn after(self, event: &ConversationEvent) -> Self {
        Self { missed_call: self.missed_call || misses_call(event), ..self }
    }
}

/// Whether the event says that nobody answered a call.
const fn misses_call(event: &ConversationEvent) -> bool {
    matches!(
        event,
        ConversationEvent::CallEnded { reason: CallEndReason::Missed, .. }
            | ConversationEvent::Unassigned { reason: UnassignmentReason::CallMissed, .. }
    )
}

impl Standing {
    /// A conversation that nothing special is known of: neither waiting nor resting, of normal priority.
    pub(crate) const fn usual(conversation_id: ConversationId) -> Self {
        Self { conversation_id, priority: Priority::Normal, snoozed: false, waiting: None }
    }

    /// Its entry in the queue, while it waits.
    pub(crate) fn entry(&self) -> Option<QueueEntry> {
        self.waiting.map(|waiting| QueueEntry::new(self.conversation_id, self.priority, waiting))
    }

    /// Folds the next event of the conversation.
    pub(crate) fn apply(&mut self, event: &ConversationEvent, position: Position, at: DateTime<Utc>) {
        use ConversationEvent as E;
        let now = Some(Waiting::new(at, position));
        match event {
            E::Opened { .. } => self.waiting = now,
            E::Assigned { .. } => self.waiting = None,
            E::Unassigned { .. } if self.snoozed => {}
            E::Unassigned { .. } => self.waiting = self.waiting.or(now),
            E::Snoozed { .. } => {
                self.snoozed = true;
                self.waiting = None;
            }
            E::Resolved { .. } => {
                self.snoozed = false;
                self.waiting = None;
            }
            E::Reopened { assignee, .. } => {
                self.snoozed = false;
                self.waiting = if assignee.is_some() { None } else { self.waiting.or(now) };
            }
            E::Prioritized { priority, .. } => self.priority = *priority,
            E::MessagePosted { .. }
            | E::NoteAdded { .. }
            | E::Read { .. }
            | E::Tagged { .. }
            | E::Rated { .. }
            | E::CallStarted { .. }
            | E::CallRang { .. }
            | E::CallAnswered { .. }
            | E::CallJoined { .. }
            | E::CallDeclined { .. }
            | E::CallLeft { .. }
            | E::CallEscalated { .. }
            | E::CallEnded { .. }
            | E::CustomerChanged { .. } => {}
        }
        self.waiting = self.waiting.map(|waiting| waiting.after(event));
    }
}
