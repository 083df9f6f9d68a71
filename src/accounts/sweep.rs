//! Throws away what nobody can use any more.

use chrono::TimeDelta;
use openchat_projections::Db;

use super::Accounts;
use crate::store::StoreError;

/// How long an answer to an Idempotency-Key is kept.
pub(crate) const ANSWERS_KEPT: TimeDelta = TimeDelta::hours(24);

const SWEEPS: [&str; 4] = [
    "delete from sessions where expires_at < $1",
    "delete from customer_sessions where expires_at < $1",
    // Kept for a while longer, so that who opens an old link is told that it is old.
    "delete from handoffs where expires_at < $1::timestamptz - interval '1 day'",
    "delete from invites where expires_at < $1",
];
const SWEEP_ANSWERS: &str = "delete from idempotency_keys where created_at < $1";

impl Accounts {
    /// Deletes expired sessions, links and invitations, and answers that were kept long enough; returns how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let db = self.pools.worker().await?;
        let now = self.clock.now();
        let mut swept = db.execute(SWEEP_ANSWERS, &[&(now - ANSWERS_KEPT)]).await?;
        for sql in SWEEPS {
            swept += db.execute(sql, &[&now]).await?;
        }
        Ok(swept)
    }
}
