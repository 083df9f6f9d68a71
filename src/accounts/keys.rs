//! Integration keys as they are presented: looked up at most once a second each, and their use noted by the minute.

use std::sync::Arc;

use chrono::TimeDelta;
use openchat_domain::{BusinessId, KeyId, business::KeyTerms};
use openchat_projections::Db;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use tokio_postgres::types::Json;

use super::{Accounts, ApiKey, KeyFormError};
use crate::store::{StoreError, chain};

/// A key's use is written down at most this often.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What a presented key is checked against, and what it then may do.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationKey {
    /// The key's id.
    pub id: KeyId,
    /// Whose it is.
    pub tenant: BusinessId,
    /// What it may do and where.
    pub terms: KeyTerms,
    hash: String,
    old: Option<OldSecret>,
    revoked_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OldSecret {
    hash: String,
    valid_until: chrono::DateTime<chrono::Utc>,
}

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

const BY_ID: &str = "select data from integration_keys where key_id = $1";
const NOTE: &str = "
    insert into key_usage as k (tenant_id, key_id, last_used_at) values ($1, $2, $3)
    on conflict (tenant_id, key_id) do update set last_used_at = excluded.last_used_at
    where k.last_used_at < excluded.last_used_at";

impl Accounts {
    /// The key that somebody presents, if it opens something.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub async fn present_key(&self, text: &str) -> Result<Arc<IntegrationKey>, KeyRefusal> {
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

    async fn key(&self, id: KeyId) -> Result<Option<Arc<IntegrationKey>>, StoreError> {
        if let Some(known) = self.memory.keys.get(&id).filter(|known| self.is_fresh(known)) {
            return Ok(known.answer);
        }
        let db = self.pools.worker().await?;
        let row = db.query_opt(BY_ID, &[&id.uuid()]).await?;
        let key = row.map(|row| row.try_get(0).map(|Json(key)| Arc::new(key))).transpose()?;
        self.memory.keys.insert(id, self.know(key.clone()));
        Ok(key)
    }

    /// Writes a key's use down behind the request's back; to miss one does no harm.
    fn note_use(&self, key: &IntegrationKey) {
        let now = self.clock.now();
        if self.memory.used.get(&key.id).is_some_and(|at| now - at < NOTED_EVERY) {
            return;
        }
        self.memory.used.insert(key.id, now);
        let (pools, tenant, key) = (self.pools.clone(), key.tenant, key.id);
        tokio::spawn(async move {
            let noted = async {
                let db = pools.tenant(tenant).await?;
                db.execute(NOTE, &[&tenant.uuid(), &key.uuid(), &now]).await?;
                Ok::<_, StoreError>(())
            };
            if let Err(e) = noted.await {
                tracing::warn!(error = %chain(&e), "a key's use was not noted");
            }
        });
    }
}
