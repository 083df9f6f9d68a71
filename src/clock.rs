//! Where time and fresh ids come from; everything else is handed them.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// The time, and ids that sort by it.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Set(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands still until it is advanced; clones share it.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(Source::Set(Arc::new(Mutex::new(time))))
    }

    /// The time, to the microsecond: what Postgres keeps.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            Source::System => Utc::now(),
            Source::Set(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Moves a set clock on; the system's goes by itself.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Set(time) = &self.0 {
            *time.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }

    /// A fresh UUIDv7: ids made later in one process sort later.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks for chance")]
    pub fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
