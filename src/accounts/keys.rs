//! Integration keys as they are presented: looked up at most once a second each, and their use noted by the minute.

use std::sync::Arc;

use chrono::TimeDelta;
use openchat_domain::KeyId;
use openchat_projections::keys::{self, KeyRecord, KeyUse};
use subtle::ConstantTimeEq;

use super::{Accounts, ApiKey, KeyFormError, Known};
use crate::store::{StoreError, chain};

/// A key's use is written down at most this often.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Why a presented key opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    /// It is not a key.
    #[error(transparent)]
    Form(#[from] KeyFormError),
    /// Nobody has such a key, or its secret is another.
    #[error("This key is unknown here. Check that it belongs to this server and was copied whole.")]
    Unknown,
    /// It was revoked.
    #[error("This key was revoked. Make a new one in the developer portal.")]
    Revoked,
    /// Its secret was replaced, and the overlap is over.
    #[error("This key was rotated and its old secret no longer works. Use the new one.")]
    Rotated,
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// The key that somebody presents, if it opens something.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub async fn present_key(&self, text: &str) -> Result<Arc<KeyRecord>, KeyRefusal> {
        let presented = ApiKey::parse(text)?;
        let key = self.key(presented.id).await?.ok_or(KeyRefusal::Unknown)?;
        let hash = presented.hash();
        let same = |kept: &str| bool::from(kept.as_bytes().ct_eq(hash.as_bytes()));
        let (current, old) = (same(&key.hash), key.old.as_ref().filter(|old| same(&old.hash)));
        // What became of a key is told only to who holds its secret.
        match (current, old) {
            (false, None) => Err(KeyRefusal::Unknown),
            _ if key.revoked_at.is_some() => Err(KeyRefusal::Revoked),
            (false, Some(old)) if old.valid_until <= self.clock.now() => Err(KeyRefusal::Rotated),
            _ => {
                self.note_use(&key);
                Ok(key)
            }
        }
    }

    /// Looks a key up anew, after it was changed.
    pub fn forget_key(&self, key: KeyId) {
        self.memory.keys.remove(&key);
    }

    async fn key(&self, id: KeyId) -> Result<Option<Arc<KeyRecord>>, StoreError> {
        if let Some(known) = self.memory.keys.get(&id).filter(Known::is_fresh) {
            return Ok(known.answer);
        }
        let db = self.pools.worker().await?;
        let key = keys::by_id(&db, id).await?.map(Arc::new);
        self.memory.keys.insert(id, Known::new(key.clone()));
        Ok(key)
    }

    /// Writes down, behind the request's back, that a page of this origin has the key in it; to miss it once does no
    /// harm.
    pub fn note_sighting(&self, key: &KeyRecord, origin: &str) {
        let now = self.clock.now();
        let sighting = (key.id, origin.to_owned());
        if self.memory.seen.get(&sighting).is_some_and(|at| now - at < NOTED_EVERY) {
            return;
        }
        self.memory.seen.insert(sighting, now);
        let used = KeyUse { tenant: key.tenant, key: key.id, at: now };
        let (pools, origin) = (self.pools.clone(), origin.to_owned());
        tokio::spawn(async move {
            let noted = async {
                let db = pools.tenant(used.tenant).await?;
                keys::record_sighting(&db, &used, &origin).await?;
                Ok::<_, StoreError>(())
            };
            if let Err(e) = noted.await {
                tracing::warn!(error = %chain(&e), "a key's sighting was not noted");
            }
        });
    }

    /// Writes a key's use down behind the request's back; to miss one does no harm.
    fn note_use(&self, key: &KeyRecord) {
        let now = self.clock.now();
        if self.memory.used.get(&key.id).is_some_and(|at| now - at < NOTED_EVERY) {
            return;
        }
        self.memory.used.insert(key.id, now);
        let (pools, used) = (self.pools.clone(), KeyUse { tenant: key.tenant, key: key.id, at: now });
        tokio::spawn(async move {
            let noted = async {
                let db = pools.tenant(used.tenant).await?;
                keys::record_uses(&db, &[used]).await?;
                Ok::<_, StoreError>(())
            };
            if let Err(e) = noted.await {
                tracing::warn!(error = %chain(&e), "a key's use was not noted");
            }
        });
    }
}
