//! The event store: the log, its appender, and the aggregates that are folded from it.

mod aggregates;
mod append;
mod appender;
mod batch;
mod hearing;
mod loading;
mod migrate;
mod others;
mod pool;
mod writer;

use std::{convert::Infallible, error::Error, fmt::Write as _, hash::Hash, sync::Arc};

pub use deadpool_postgres::PoolError;
use openchat_domain::DecodeError;
use openchat_projections::{DbError, QueryError, log::LogError};
use quick_cache::sync::Cache;

pub use aggregates::{Aggregate, Aggregates, Context, ExecuteError, Executed};
pub use append::{Append, AppendError, Appended, Condition, Facts, Fence};
pub use appender::{Announce, Appender};
pub use migrate::{MigrateError, latest_migration, migrate};
pub use others::Others;
pub(crate) use pool::connect;
pub use pool::{Conn, Fate, PoolSizes, Pools, TenantDb, WorkerDb};

/// Why the store could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection to the database can be had.
    #[error("no connection to the database")]
    Pool(#[from] PoolError),
    /// The log can't be reached; whether a command's events were recorded is unknown.
    #[error("the event log can't be reached")]
    Unavailable,
    /// The log refused the events.
    #[error("the event log refused the events: {0}")]
    Refused(Arc<str>),
    /// A statement failed.
    #[error("a statement failed")]
    Db(#[from] DbError),
    /// A stored event can't be read.
    #[error("the event log holds what can't be read")]
    Decode(#[from] DecodeError),
    /// The log can't be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A read model can't be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl From<AppendError> for StoreError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Unavailable => Self::Unavailable,
            AppendError::Refused(why) => Self::Refused(why),
        }
    }
}

/// What a cache has under a key, made when there is nothing.
fn cached<K: Eq + Hash + Clone, V: Clone>(cache: &Cache<K, V>, key: &K, make: impl FnOnce() -> V) -> V {
    match cache.get_or_insert_with(key, || Ok::<_, Infallible>(make())) {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

/// An error with all its causes in one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a string can't fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
