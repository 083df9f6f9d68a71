//! The waiting queue: who is served next, as a fold of the log in memory.

use std::collections::HashMap;

use openchat_domain::{ConversationId, DomainEvent, Position, Recorded};

use crate::routing_queue::{FURTHEST_PLACE, QueueEntry, Standing};

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

    /// A conversation's place, counted from 1 up to [`FURTHEST_PLACE`], which stands for all places beyond too;
    /// none when it doesn't wait.
    #[must_use]
    pub fn place(&self, conversation: ConversationId) -> Option<u32> {
        let entry = self.standings.get(&conversation)?.entry()?;
        let index = self.index(&entry).ok()?;
        Some(u32::try_from(index + 1).unwrap_or(FURTHEST_PLACE).min(FURTHEST_PLACE))
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
