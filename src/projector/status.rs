//! How the projector fares and how far it is behind, for whoever asks.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use openchat_projections::Db;

use super::apply::READER;
use crate::store::{Pools, StoreError};

/// What the projector's work looks like from outside; clones share it.
#[derive(Debug, Clone, Default)]
pub struct ProjectorStatus {
    pub(super) parked: Arc<AtomicUsize>,
    failing: Arc<Mutex<Option<String>>>,
}

/// How far the read models are behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Events recorded and not yet folded, over all tenants.
    pub events: i64,
    /// Tenants that have such events.
    pub tenants: i64,
}

const LAG: &str = "
    select coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint, count(*) from log_heads h
    left join checkpoints c on c.reader = $1 and c.tenant_id = h.tenant_id
    where h.position > coalesce(c.position, 0)";

impl ProjectorStatus {
    /// How many streams are parked.
    #[must_use]
    pub fn parked(&self) -> usize {
        self.parked.load(Ordering::Relaxed)
    }

    /// Why the latest round failed, while it fails.
    #[must_use]
    pub fn failing(&self) -> Option<String> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_failing(&self, why: Option<String>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// How far behind the read models are, by the database.
///
/// # Errors
/// When it can't be asked.
pub async fn lag(pools: &Pools) -> Result<Lag, StoreError> {
    let row = pools.worker().await?.query_opt(LAG, &[&READER]).await?;
    Ok(row.map_or(Lag { events: 0, tenants: 0 }, |row| Lag { events: row.get(0), tenants: row.get(1) }))
}
