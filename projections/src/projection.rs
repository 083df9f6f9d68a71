//! The read models by name, and how the projector drives them.

use openchat_domain::Recorded;

use crate::{Db, DbError};

/// A read model that lives in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Projection {}

/// Why a batch could not be folded in.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A statement failed.
    #[error("the read model could not be written")]
    Db(#[from] DbError),
    /// A stored row could not be read back.
    #[error("the read model holds an unreadable {what}")]
    Unreadable {
        /// What could not be read.
        what: &'static str,
    },
}

impl Projection {
    /// Every read model, in the order in which a batch is applied.
    pub const ALL: &'static [Self] = &[];

    /// The name that `openchat rebuild NAME` takes and checkpoints carry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {}
    }

    /// The version of tables and fold; a release that raises it rebuilds the read model.
    #[must_use]
    pub const fn version(self) -> i32 {
        match self {}
    }

    /// The tables that it owns, rebuilt and switched together.
    #[must_use]
    pub const fn tables(self) -> &'static [&'static str] {
        match self {}
    }

    /// Folds a batch of events, in position order per tenant, perhaps of several tenants.
    ///
    /// # Errors
    /// [`ApplyError`]; the caller's transaction must then be rolled back.
    #[expect(clippy::unused_async, reason = "no read model yet")]
    pub async fn apply(self, _db: &impl Db, _events: &[&Recorded]) -> Result<(), ApplyError> {
        match self {}
    }
}
