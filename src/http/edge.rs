//! What the edge keeps for the life of the process: limits, measurements, readiness.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use prometheus_client::registry::Registry;

use super::{
    limits::Limiters,
    ops::{Metrics, ReadyCheck},
};
use crate::{app::App, config::Limits, store::chain};

/// How often the house is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What the edge keeps for the life of the process.
pub struct Edge {
    pub(super) limiters: Limiters,
    pub(super) metrics: Metrics,
    pub(super) started: DateTime<Utc>,
    checks: Mutex<Vec<ReadyCheck>>,
}

impl Edge {
    /// The edge of a process that starts now.
    #[must_use]
    pub fn new(limits: &Limits, now: DateTime<Utc>) -> Self {
        Self {
            limiters: Limiters::new(limits),
            metrics: Metrics::default(),
            started: now,
            checks: Mutex::default(),
        }
    }

    /// Adds what must hold for `/readyz` to say yes: an `Err` says in a few words what is missing.
    pub fn ready_when<F>(&self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks().push(ReadyCheck::new(name, check));
    }

    /// Lets a part of the server register what it measures, for `/metrics`.
    pub fn measure(&self, register: impl FnOnce(&mut Registry)) {
        self.metrics.register(register);
    }

    pub(super) fn checks(&self) -> MutexGuard<'_, Vec<ReadyCheck>> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edge")
    }
}

/// Throws away, once a minute for ever, what nobody needs any more: idle limits, expired sessions, old answers,
/// files that nobody has sent.
pub async fn keep_house(app: App) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        app.edge.limiters.forget_idle();
        // One node is enough for what all share.
        if app.node.fence().is_none() {
            continue;
        }
        if let Err(e) = app.accounts.sweep().await {
            tracing::warn!(error = %chain(&e), "the house was not swept");
        }
        if let Err(e) = app.files.sweep().await {
            tracing::warn!(error = %chain(&e), "files that nobody has sent were not swept");
        }
    }
}
