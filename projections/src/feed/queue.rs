//! The waiting queue: who is served next, as a fold of the log in memory.

use std::{cmp::Reverse, collections::HashMap};

use chrono::{DateTime, Utc};
use openchat_domain::{
    ConversationId, DomainEvent, Position, Recorded,
    conversation::{ConversationEvent, Priority},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::WaitingSince;

/// A waiting conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueEntry {
    /// Which.
    pub conversation_id: ConversationId,
    /// The queue serves a higher one first, …
    pub priority: Priority,
    /// … and among equals the one that began to wait first.
    pub waiting_since: WaitingSince,
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
    pub waiting_since: Option<WaitingSince>,
}

/// A business's waiting conversations in the order in which they will be served.
///
/// It also remembers those that don't wait but would come back to another place than a usual one: snoozed, or
/// not of normal priority.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueOrder {
    position: Position,
    waiting: Vec<QueueEntry>,
    standings: HashMap<ConversationId, Standing>,
}

impl QueueEntry {
    /// What the queue is sorted by; no two entries share it, because no two waits began with the same event.
    const fn key(&self) -> (Reverse<Priority>, Position) {
        (Reverse(self.priority), self.waiting_since.position)
    }

    /// Puts the entry into its place in a sorted queue.
    pub(super) fn put(self, queue: &mut Vec<Self>) {
        Self::remove(queue, self.conversation_id);
        queue.insert(queue.partition_point(|other| other.key() < self.key()), self);
    }

    /// Takes a conversation out of a queue.
    pub(super) fn remove(queue: &mut Vec<Self>, conversation: ConversationId) {
        queue.retain(|entry| entry.conversation_id != conversation);
    }
}

impl Standing {
    /// A conversation that nothing special is known of: neither waiting nor resting, of normal priority.
    const fn usual(conversation_id: ConversationId) -> Self {
        Self { conversation_id, priority: Priority::Normal, snoozed: false, waiting_since: None }
    }

    fn entry(&self) -> Option<QueueEntry> {
        self.waiting_since.map(|waiting_since| QueueEntry {
            conversation_id: self.conversation_id,
            priority: self.priority,
            waiting_since,
        })
    }

    fn apply(&mut self, event: &ConversationEvent, position: Position, at: DateTime<Utc>) {
        use ConversationEvent as E;
        let now = Some(WaitingSince { position, at });
        match event {
            E::Opened { .. } => self.waiting_since = now,
            E::Assigned { .. } => self.waiting_since = None,
            E::Unassigned { .. } if self.snoozed => {}
            E::Unassigned { .. } => self.waiting_since = self.waiting_since.or(now),
            E::Snoozed { .. } => {
                self.snoozed = true;
                self.waiting_since = None;
            }
            E::Resolved { .. } => {
                self.snoozed = false;
                self.waiting_since = None;
            }
            E::Reopened { assignee, .. } => {
                self.snoozed = false;
                self.waiting_since = if assignee.is_some() { None } else { self.waiting_since.or(now) };
            }
            E::Prioritized { priority, .. } => self.priority = *priority,
            E::MessagePosted { .. }
            | E::NoteAdded { .. }
            | E::Read { .. }
            | E::Tagged { .. }
            | E::Rated { .. }
            | E::CallStarted { .. }
            | E::CallJoined { .. }
            | E::CallEnded { .. }
            | E::CustomerChanged { .. } => {}
        }
    }
}

impl QueueOrder {
    /// The queue as it was at a position.
    ///
    /// `standings` must hold every conversation that waits, is snoozed, or is not of normal priority.
    #[must_use]
    pub fn new(position: Position, standings: impl IntoIterator<Item = Standing>) -> Self {
        let standings: HashMap<_, _> = standings.into_iter().map(|s| (s.conversation_id, s)).collect();
        let mut waiting: Vec<_> = standings.values().filter_map(Standing::entry).collect();
        waiting.sort_unstable_by_key(QueueEntry::key);
        Self { position, waiting, standings }
    }

    /// Folds the next event; one that was folded before changes nothing. Answers whether any place changed.
    pub fn apply(&mut self, event: &Recorded) -> bool {
        if event.position <= self.position {
            return false;
        }
        self.position = event.position;
        let DomainEvent::Conversation(id, change) = &event.event else {
            return false;
        };
        let before = self.standings.remove(id).unwrap_or(Standing::usual(*id));
        let mut after = before;
        after.apply(change, event.position, event.at);
        if after != Standing::usual(*id) {
            self.standings.insert(*id, after);
        }
        if before.entry() == after.entry() {
            return false;
        }
        if let Some(Ok(left)) = before.entry().map(|entry| self.index(&entry)) {
            self.waiting.remove(left);
        }
        if let Some(entry) = after.entry() {
            let (Ok(place) | Err(place)) = self.index(&entry);
            self.waiting.insert(place, entry);
        }
        true
    }

    /// A conversation's place, counted from 1; none when it doesn't wait.
    #[must_use]
    pub fn place(&self, conversation: ConversationId) -> Option<u32> {
        let entry = self.standings.get(&conversation)?.entry()?;
        let index = self.index(&entry).ok()?;
        u32::try_from(index + 1).ok()
    }

    /// Those that wait, in the order in which they will be served.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &QueueEntry> {
        self.waiting.iter()
    }

    /// The position of the last event folded.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    fn index(&self, entry: &QueueEntry) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&entry.key(), QueueEntry::key)
    }
}
