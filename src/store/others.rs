//! Whether other processes write the same log: what was read of it stays true while none does.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The other writers of a log, as far as they are known; clones share it. At first nothing is.
#[derive(Debug, Clone, Default)]
pub struct Others(Arc<Mutex<Option<Instant>>>);

impl Others {
    /// Notes whether there were any when it was asked.
    pub fn note(&self, any: bool, asked: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (!any).then_some(asked);
    }

    /// Whether there were none at most so long ago.
    #[must_use]
    pub fn absent_within(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|asked| asked.elapsed() < age)
    }
}
