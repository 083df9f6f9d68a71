//! The integration keys: what the business sees of each, and what a presented key is checked against.

use chrono::{DateTime, Utc};
use openchat_domain::{
    BusinessId, DomainEvent, KeyId, Name, Origin, Recorded,
    business::{BusinessEvent, KeyMode, KeyTerms, OriginMode, Permission},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApplyError, Db, DbError, QueryError, Write,
    rows::{Rows, column, document, documents, key_columns},
};

/// An integration key as the business sees it: never its secret, nor what that is checked against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "key_019aafc33b7c7d80a1b2c3d4e5f60718",
    "name": "Website",
    "prefix": "oc_live_7Hq2",
    "mode": "live",
    "permissions": ["support:read"],
    "originMode": "strict",
    "allowedOrigins": ["https://app.acme.com"],
    "createdAt": "2026-03-01T09:00:00Z",
    "rotatedAt": null,
    "oldKeyValidUntil": null,
    "revokedAt": null,
    "lastUsedAt": "2026-03-04T16:05:00Z",
    "exposed": null
}))]
pub struct IntegrationKeyView {
    /// The key's id.
    pub id: KeyId,
    /// What people call it.
    pub name: Name,
    /// The part of the key that may be shown, by which people recognise it.
    #[schema(example = "oc_live_7Hq2")]
    pub prefix: String,
    /// Whether it is for live or for test traffic.
    pub mode: KeyMode,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Where the widget may run with it.
    pub origin_mode: OriginMode,
    /// The origins that strict mode allows.
    pub allowed_origins: Vec<Origin>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last given a new secret.
    pub rotated_at: Option<DateTime<Utc>>,
    /// Until when the secret before the latest rotation works too.
    pub old_key_valid_until: Option<DateTime<Utc>>,
    /// When it was revoked; it opens nothing since.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Where it was last seen in a page, although it may do more than a page needs: whoever read it there can do as much.
    pub exposed: Option<Exposure>,
}

/// That a key which should be secret was in a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exposure {
    /// The page's origin, as its browser told it.
    #[schema(example = "https://shop.acme.com")]
    pub origin: String,
    /// When it was last seen there.
    pub at: DateTime<Utc>,
}

/// What became of a key outside of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyTraces {
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The page in which it was last seen.
    pub seen: Option<Exposure>,
}

/// What a presented key is checked against, and what it then may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRecord {
    /// The key's id.
    pub id: KeyId,
    /// Whose it is.
    pub tenant: BusinessId,
    /// What it may do and where.
    pub terms: KeyTerms,
    /// Live or test.
    pub mode: KeyMode,
    /// The part that may be shown.
    pub prefix: String,
    /// SHA-256 of the secret, in hexadecimal digits.
    pub hash: String,
    /// The secret before the latest rotation.
    pub old: Option<OldSecret>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last given a new secret.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When it was revoked; it opens nothing since.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The secret of a key before its latest rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldSecret {
    /// SHA-256 of it, in hexadecimal digits.
    pub hash: String,
    /// Until when it works.
    pub valid_until: DateTime<Utc>,
}

/// That a key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    /// Whose key.
    pub tenant: BusinessId,
    /// Which.
    pub key: KeyId,
    /// When.
    pub at: DateTime<Utc>,
}

const LOAD: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, key_id, position, data from integration_keys \
        where tenant_id = k.tenant and key_id = k.id limit 1) r";

const STORE: &str = "\
    insert into integration_keys (tenant_id, key_id, position, data) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::json[]) \
    on conflict (tenant_id, key_id) do update set position = excluded.position, data = excluded.data";

const BY_ID: &str = "select data from integration_keys where key_id = $1";

const LIST: &str = "\
    select k.data, u.last_used_at, s.origin, s.last_seen_at from integration_keys k \
    left join key_usage u on u.tenant_id = k.tenant_id and u.key_id = k.key_id \
    left join lateral ( \
        select origin, last_seen_at from key_sightings s \
        where s.tenant_id = k.tenant_id and s.key_id = k.key_id order by last_seen_at desc limit 1 \
    ) s on true \
    where k.tenant_id = $1 order by k.key_id desc";

const RECORD_SIGHTING: &str = "\
    insert into key_sightings (tenant_id, key_id, origin, first_seen_at, last_seen_at) \
    select $1, $2, $3, $4, $4 \
    where (select count(*) from key_sightings where tenant_id = $1 and key_id = $2) < 100 \
        or exists (select from key_sightings where tenant_id = $1 and key_id = $2 and origin = $3) \
    on conflict (tenant_id, key_id, origin) do update \
        set last_seen_at = greatest(key_sightings.last_seen_at, excluded.last_seen_at)";

const RECORD_USES: &str = "\
    insert into key_usage (tenant_id, key_id, last_used_at) \
    select tenant, key, max(at) from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as u (tenant, key, at) \
    group by tenant, key \
    on conflict (tenant_id, key_id) do update \
        set last_used_at = greatest(key_usage.last_used_at, excluded.last_used_at)";

/// What folding a batch of events in comes to.
///
/// # Errors
/// [`ApplyError`].
pub async fn writes(db: &impl Db, events: &[&Recorded]) -> Result<Vec<Write>, ApplyError> {
    let steps: Vec<_> = events.iter().copied().filter_map(|event| Some((event, step(event)?))).collect();
    if steps.is_empty() {
        return Ok(vec![]);
    }
    let (tenants, ids) = key_columns(steps.iter().map(|(event, (id, _))| (event.tenant, id.uuid())));
    let mut rows = Rows::load(db, LOAD, &[&tenants, &ids], |row| Ok(document(row, 3, "key")?)).await?;
    for (event, (id, step)) in &steps {
        rows.fold((event.tenant, id.uuid()), event.position, |row| fold(row, event, step));
    }
    let rows = rows.changed();
    Ok(vec![
        Write::new(STORE)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.id))
            .with(column(&rows, |it| it.position))
            .with(documents(&rows, |it| it.row)),
    ])
}

/// What a key with this id is checked against, whichever business it is of.
/// For a connection that serves all tenants.
///
/// # Errors
/// [`QueryError`].
pub async fn by_id(db: &impl Db, key: KeyId) -> Result<Option<KeyRecord>, QueryError> {
    let row = db.query_opt(BY_ID, &[&key.uuid()]).await?;
    row.map(|row| Ok(document(&row, 0, "key")?)).transpose()
}

/// The business's keys, the revoked ones included, the newest first.
///
/// # Errors
/// [`QueryError`].
pub async fn list(db: &impl Db, tenant: BusinessId) -> Result<Vec<IntegrationKeyView>, QueryError> {
    let rows = db.query(LIST, &[&tenant.uuid()]).await?;
    rows.iter()
        .map(|row| {
            let seen: (Option<String>, Option<DateTime<Utc>>) = (row.try_get(2)?, row.try_get(3)?);
            let seen = seen.0.zip(seen.1).map(|(origin, at)| Exposure { origin, at });
            let traces = KeyTraces { last_used_at: row.try_get(1)?, seen };
            Ok(document::<KeyRecord>(row, 0, "key")?.view(traces))
        })
        .collect()
}

/// Notes that a page of this origin has a key in it; of a key that is in very many pages the first hundred are enough.
///
/// # Errors
/// [`DbError`].
pub async fn record_sighting(db: &impl Db, used: &KeyUse, origin: &str) -> Result<(), DbError> {
    db.execute(RECORD_SIGHTING, &[&used.tenant.uuid(), &used.key.uuid(), &origin, &used.at]).await?;
    Ok(())
}

/// Notes when keys were used, for [`IntegrationKeyView::last_used_at`].
/// Not part of the log's fold: a use is not an event.
///
/// # Errors
/// [`DbError`].
pub async fn record_uses(db: &impl Db, uses: &[KeyUse]) -> Result<(), DbError> {
    let tenants = column(uses, |it| it.tenant.uuid());
    let keys = column(uses, |it| it.key.uuid());
    db.execute(RECORD_USES, &[&tenants, &keys, &column(uses, |it| it.at)]).await?;
    Ok(())
}

impl KeyRecord {
    /// What the business sees of it.
    #[must_use]
    pub fn view(self, traces: KeyTraces) -> IntegrationKeyView {
        let KeyTraces { last_used_at, seen } = traces;
        let powerful = self.terms.permissions.iter().any(|it| *it != Permission::SupportRead);
        // What was seen before the key was rotated was another secret.
        let exposed = seen.filter(|seen| powerful && self.rotated_at.is_none_or(|rotated| seen.at > rotated));
        let KeyTerms { name, permissions, origin_mode, allowed_origins } = self.terms;
        IntegrationKeyView {
            id: self.id,
            name,
            prefix: self.prefix,
            mode: self.mode,
            permissions,
            origin_mode,
            allowed_origins,
            created_at: self.created_at,
            rotated_at: self.rotated_at,
            old_key_valid_until: self.old.map(|old| old.valid_until),
            revoked_at: self.revoked_at,
            last_used_at,
            exposed,
        }
    }
}

fn step(recorded: &Recorded) -> Option<(KeyId, &BusinessEvent)> {
    match &recorded.event {
        DomainEvent::Business(_, event) => match event {
            BusinessEvent::KeyCreated { key, .. }
            | BusinessEvent::KeyChanged { key, .. }
            | BusinessEvent::KeyRotated { key, .. }
            | BusinessEvent::KeyRevoked { key } => Some((*key, event)),
            BusinessEvent::SetUp { .. }
            | BusinessEvent::SettingsChanged { .. }
            | BusinessEvent::ReplySaved { .. }
            | BusinessEvent::ReplyDeleted { .. } => None,
        },
        DomainEvent::Conversation(..) | DomainEvent::Customer(..) | DomainEvent::Agent(..) => None,
    }
}

fn fold(row: &mut Option<KeyRecord>, recorded: &Recorded, event: &BusinessEvent) {
    match (event, row.as_mut()) {
        (BusinessEvent::KeyCreated { key, terms, mode, prefix, hash }, _) => {
            *row = Some(KeyRecord {
                id: *key,
                tenant: recorded.tenant,
                terms: terms.clone(),
                mode: *mode,
                prefix: prefix.clone(),
                hash: hash.clone(),
                old: None,
                created_at: recorded.at,
                rotated_at: None,
                revoked_at: None,
            });
        }
        (BusinessEvent::KeyChanged { terms, .. }, Some(key)) => key.terms = terms.clone(),
        (BusinessEvent::KeyRotated { prefix, hash, old_valid_until, .. }, Some(key)) => {
            let old = std::mem::replace(&mut key.hash, hash.clone());
            key.old = Some(OldSecret { hash: old, valid_until: *old_valid_until });
            key.prefix.clone_from(prefix);
            key.rotated_at = Some(recorded.at);
        }
        (BusinessEvent::KeyRevoked { .. }, Some(key)) => key.revoked_at = Some(recorded.at),
        (
            BusinessEvent::KeyChanged { .. }
            | BusinessEvent::KeyRotated { .. }
            | BusinessEvent::KeyRevoked { .. },
            None,
        )
        | (
            BusinessEvent::SetUp { .. }
            | BusinessEvent::SettingsChanged { .. }
            | BusinessEvent::ReplySaved { .. }
            | BusinessEvent::ReplyDeleted { .. },
            _,
        ) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{History, at, key, text};

    fn key_after(history: &History) -> Option<KeyRecord> {
        let mut row = None;
        for event in history.events() {
            if let Some((_, step)) = step(event) {
                fold(&mut row, event, step);
            }
        }
        row
    }

    fn terms(name: &str) -> KeyTerms {
        KeyTerms {
            name: text(name),
            permissions: vec![Permission::SupportRead],
            origin_mode: OriginMode::Hotspot,
            allowed_origins: vec![],
        }
    }

    fn created() -> History {
        History::default().business(BusinessEvent::KeyCreated {
            key: key(3),
            terms: terms("Website"),
            mode: KeyMode::Live,
            prefix: "oc_live_aaaa".to_owned(),
            hash: "aa".to_owned(),
        })
    }

    fn rotated(hash: &str) -> BusinessEvent {
        BusinessEvent::KeyRotated {
            key: key(3),
            prefix: format!("oc_live_{hash}"),
            hash: hash.to_owned(),
            old_valid_until: at(100),
        }
    }

    #[test]
    fn given_a_new_key_then_its_view_holds_no_hash() {
        let record = key_after(&created()).unwrap();
        assert_eq!((record.hash.as_str(), record.mode, record.created_at), ("aa", KeyMode::Live, at(1)));
        let view =
            serde_json::to_value(record.view(KeyTraces { last_used_at: Some(at(9)), seen: None })).unwrap();
        assert_eq!(view["lastUsedAt"], "1970-01-01T00:09:00Z");
        assert_eq!(view["permissions"], serde_json::json!(["support:read"]));
        let names: Vec<_> = view.as_object().unwrap().keys().filter(|name| name.contains("ash")).collect();
        assert!(names.is_empty(), "{names:?}");
    }

    #[test]
    fn given_rotations_then_the_latest_secret_and_the_one_before_it() {
        let record = key_after(&created().business(rotated("bb")).business(rotated("cc"))).unwrap();
        assert_eq!((record.hash.as_str(), record.prefix.as_str()), ("cc", "oc_live_cc"));
        assert_eq!(record.old, Some(OldSecret { hash: "bb".to_owned(), valid_until: at(100) }));
        assert_eq!(record.rotated_at, Some(at(3)));
    }

    #[test]
    fn given_new_terms_and_a_revocation_then_both_show() {
        let history = created()
            .business(BusinessEvent::KeyChanged { key: key(3), terms: terms("Portal") })
            .business(BusinessEvent::KeyRevoked { key: key(3) });
        let view = key_after(&history).unwrap().view(KeyTraces::default());
        assert_eq!((view.name, view.revoked_at), (text("Portal"), Some(at(3))));
        assert_eq!(view.prefix, "oc_live_aaaa");
    }
}
