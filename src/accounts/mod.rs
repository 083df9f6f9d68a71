//! Who may come in: people and their sessions, customers' sessions, integration keys.
//!
//! None of this is history: these are plain tables, looked at before anybody's tenant is known, so the lookups
//! run as the worker role. What a member of a team may do is in the log; its read model is joined in here.

mod api_key;
mod base62;
mod customers;
mod directory;
mod keys;
mod links;
mod password;
mod people;
mod sessions;
mod sweep;
mod token;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use openchat_domain::{KeyId, SessionId};
use openchat_projections::keys::KeyRecord;
use quick_cache::sync::Cache;
use tokio::sync::broadcast;

pub use api_key::{ApiKey, KeyFormError};
pub use customers::{CustomerEntry, CustomerSession, Handoff, HandoffRefusal};
pub use directory::Reserved;
pub use keys::KeyRefusal;
pub use password::{Password, Passwords};
pub use people::{Invited, Member, SignUpRefusal, User};
pub use sessions::Session;
pub(crate) use sweep::ANSWERS_KEPT;
pub use token::{Token, TokenHash};

use crate::{
    clock::Clock,
    store::{Pools, StoreError},
};

/// How old an answer from a cache may be.
const FRESH: Duration = Duration::from_secs(1);

/// A person's or a customer's session is over: signed out, revoked, or its owner is off the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEnded(pub SessionId);

/// Why an account could not be worked with.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gave no randomness, or no memory, for a secret.
    #[error("no secret could be made: {0}")]
    Secret(String),
}

/// The accounts as this process knows them; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pools: Pools,
    clock: Clock,
    passwords: Passwords,
    memory: Arc<Memory>,
}

/// What was looked up in the last second; `None` is remembered too.
struct Memory {
    sessions: Cache<TokenHash, Known<Arc<Session>>>,
    customers: Cache<TokenHash, Known<Arc<CustomerSession>>>,
    keys: Cache<KeyId, Known<Arc<KeyRecord>>>,
    /// When each key's use was last written down.
    used: Cache<KeyId, DateTime<Utc>>,
    /// When each key was last written down as seen on pages of an origin.
    seen: Cache<(KeyId, String), DateTime<Utc>>,
    ended: broadcast::Sender<SessionEnded>,
}

/// An answer and since when it is known, by a clock that nobody sets back.
#[derive(Clone)]
struct Known<T> {
    since: Instant,
    answer: Option<T>,
}

impl<T> Known<T> {
    fn new(answer: Option<T>) -> Self {
        Self { since: Instant::now(), answer }
    }

    fn is_fresh(&self) -> bool {
        self.since.elapsed() < FRESH
    }
}

impl Accounts {
    /// The accounts in this database.
    #[must_use]
    pub fn new(pools: Pools, clock: Clock) -> Self {
        let memory = Memory {
            sessions: Cache::new(50_000),
            customers: Cache::new(100_000),
            keys: Cache::new(20_000),
            used: Cache::new(20_000),
            seen: Cache::new(20_000),
            ended: broadcast::channel(1_024).0,
        };
        Self { pools, clock, passwords: Passwords::default(), memory: Arc::new(memory) }
    }

    /// Tells of every session that this process ends, as it ends.
    #[must_use]
    pub fn ended(&self) -> broadcast::Receiver<SessionEnded> {
        self.memory.ended.subscribe()
    }

    fn tell_ended(&self, session: SessionId) {
        // Nobody listening is fine.
        let _ = self.memory.ended.send(SessionEnded(session));
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts")
    }
}
