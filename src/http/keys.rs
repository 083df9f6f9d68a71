//! The business's integration keys: made, changed, given a new secret, revoked.

use actix_web::{delete, get, patch, post, web::Data};
use chrono::TimeDelta;
use openchat_domain::{
    BusinessId, DomainEvent, KeyId, Name, Origin,
    business::{
        Business, BusinessCommand, BusinessEvent, BusinessRefusal, Key, KeyMode, KeyTerms, OriginMode,
        Permission,
    },
};
use openchat_projections::{
    Page,
    keys::{self, IntegrationKeyView},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Body, Count, Id, Manager, Member, OptionalBody, Problem, Reply, input::input, refused, reply::settle,
};
use crate::{
    accounts::{AccountError, ApiKey},
    app::App,
    store::Executed,
};

/// The longest overlap of a rotation, in seconds: 30 days.
const LONGEST_OVERLAP: u32 = 30 * 24 * 60 * 60;

input! {
    /// A key to make.
    #[schema(example = json!({
        "name": "Backend", "permissions": ["support:read", "support:write", "calls:write"],
        "originMode": "strict", "allowedOrigins": ["https://app.acme.com"]
    }))]
    closed struct NewKey {
        /// What people call it.
        name: Name,
        /// What it may do; the widget needs `support:read` only.
        #[schema(min_items = 1, max_items = 20)]
        permissions: Vec<Permission>,
        /// Where the widget may run with it; strict unless said.
        origin_mode: Option<OriginMode>,
        /// The origins that strict mode allows; the business's own website unless said.
        #[schema(max_items = 50)]
        allowed_origins: Option<Vec<Origin>>,
        /// Whether it is for trying things out.
        test: Option<bool>,
    }
}

input! {
    /// Changes to a key: what is left out stays.
    #[schema(example = json!({"allowedOrigins": ["https://app.acme.com", "https://www.acme.com"]}))]
    closed struct ChangeKey {
        /// What people call it.
        name: Option<Name>,
        /// What it may do.
        #[schema(min_items = 1, max_items = 20)]
        permissions: Option<Vec<Permission>>,
        /// Where the widget may run with it.
        origin_mode: Option<OriginMode>,
        /// The origins that strict mode allows.
        #[schema(max_items = 50)]
        allowed_origins: Option<Vec<Origin>>,
    }
}

input! {
    /// How a key is rotated.
    #[schema(example = json!({"overlapSeconds": 86400}))]
    closed struct RotateKey {
        /// For how long the old key goes on working; not at all unless said.
        #[schema(value_type = Option<u32>, minimum = 0, maximum = 2_592_000)]
        overlap_seconds: Option<Count<0, LONGEST_OVERLAP>>,
    }
}

/// A key and its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "key": "oc_live_02g8Kx3TnQ0dYxVb7cR2sW5zJ9mB4tH6yUqLeN8fXaPiD1kGv0rSoCw3EuA7hT5jM2nQb9ZxYlVp4K6",
    "integrationKey": {
        "id": "key_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Backend", "prefix": "oc_live_02g8Kx3T",
        "mode": "live", "permissions": ["support:read", "support:write"], "originMode": "strict",
        "allowedOrigins": ["https://app.acme.com"], "createdAt": "2026-03-01T09:00:00Z", "rotatedAt": null,
        "oldKeyValidUntil": null, "revokedAt": null, "lastUsedAt": null
    }
}))]
struct KeyShown {
    /// The whole key. It is shown only here: keep it now.
    key: String,
    /// What is known of it from now on.
    integration_key: IntegrationKeyView,
}

/// What is known of a key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "integrationKey": {
        "id": "key_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Backend", "prefix": "oc_live_02g8Kx3T",
        "mode": "live", "permissions": ["support:read", "support:write"], "originMode": "strict",
        "allowedOrigins": ["https://app.acme.com"], "createdAt": "2026-03-01T09:00:00Z", "rotatedAt": null,
        "oldKeyValidUntil": null, "revokedAt": null, "lastUsedAt": "2026-03-04T16:05:00Z"
    }
}))]
struct KeyAnswer {
    /// The key.
    integration_key: IntegrationKeyView,
}

/// List the keys.
///
/// The newest first, the revoked ones included.
#[utoipa::path(operation_id = "listKeys", tag = "Business", security(("session" = [])), responses(
    (status = 200, description = "All keys, on one page.", body = Page<IntegrationKeyView>),
))]
#[get("/keys")]
pub(super) async fn list_keys(
    Manager(me): Manager,
    app: Data<App>,
) -> Result<Reply<Page<IntegrationKeyView>>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let data = keys::list(&db, me.tenant()).await?;
    Ok(Reply::ok(Page { data, next_cursor: None }))
}

/// Make a key.
///
/// The answer is the only place where the whole key is shown.
#[utoipa::path(operation_id = "createKey", tag = "Business", request_body = NewKey,
    security(("session" = [])),
    responses(
        (status = 201, description = "The key, shown this once.", body = KeyShown),
        (status = 409, description =
            "too_many_keys: A business can have at most 100 keys that are not revoked."),
        (status = 422, description =
            "no_origin_chosen: A strict key needs at least one allowed origin; or choose hotspot mode."),
    ))]
#[post("/keys")]
pub(super) async fn create_key(
    Manager(me): Manager,
    Body(new): Body<NewKey>,
    app: Data<App>,
) -> Result<Reply<KeyShown>, Problem> {
    let mode = if new.test == Some(true) { KeyMode::Test } else { KeyMode::Live };
    let key = secret(mode, KeyId::from_uuid(app.clock.uuid()))?;
    let terms = KeyTerms {
        name: new.name,
        permissions: new.permissions,
        origin_mode: new.origin_mode.unwrap_or(OriginMode::Strict),
        allowed_origins: new.allowed_origins.unwrap_or_default(),
    };
    let (prefix, hash) = (key.prefix(), key.hash());
    let command = BusinessCommand::CreateKey { key: key.id, terms, mode, prefix, hash };
    let done = carry_out(&app, &me, key.id, &command).await?;
    let integration_key = created(&done)?;
    Ok(Reply::created(KeyShown { key: key.reveal(), integration_key }).at(done.position))
}

/// Change a key's name, permissions or origins.
#[utoipa::path(operation_id = "changeKey", tag = "Business", request_body = ChangeKey,
    params(("id" = KeyId, Path, description = "The key.")), security(("session" = [])),
    responses(
        (status = 200, description = "The key, as it is now.", body = KeyAnswer),
        (status = 409, description = "key_revoked: This key is revoked."),
        (status = 422, description =
            "no_origin_chosen: A strict key needs at least one allowed origin; or choose hotspot mode."),
    ))]
#[patch("/keys/{id}")]
pub(super) async fn change_key(
    Manager(me): Manager,
    Id(id): Id<KeyId>,
    Body(wanted): Body<ChangeKey>,
    app: Data<App>,
) -> Result<Reply<KeyAnswer>, Problem> {
    let now = terms(&app, me.tenant(), id).await?;
    let terms = KeyTerms {
        name: wanted.name.unwrap_or(now.name),
        permissions: wanted.permissions.unwrap_or(now.permissions),
        origin_mode: wanted.origin_mode.unwrap_or(now.origin_mode),
        allowed_origins: wanted.allowed_origins.unwrap_or(now.allowed_origins),
    };
    let done = carry_out(&app, &me, id, &BusinessCommand::ChangeKey { key: id, terms }).await?;
    Ok(Reply::ok(KeyAnswer { integration_key: view(&app, me.tenant(), id).await? }).at(done.position))
}

/// Give a key a new secret.
///
/// The answer is the only place where the whole new key is shown.
#[utoipa::path(operation_id = "rotateKey", tag = "Business",
    request_body(content = Option<RotateKey>, example = json!({"overlapSeconds": 86400})),
    params(("id" = KeyId, Path, description = "The key.")), security(("session" = [])),
    responses(
        (status = 200, description = "The new key, shown this once.", body = KeyShown),
        (status = 409, description = "key_revoked: This key is revoked."),
    ))]
#[post("/keys/{id}/rotate")]
pub(super) async fn rotate_key(
    Manager(me): Manager,
    Id(id): Id<KeyId>,
    OptionalBody(wanted): OptionalBody<RotateKey>,
    app: Data<App>,
) -> Result<Reply<KeyShown>, Problem> {
    let before = view(&app, me.tenant(), id).await?;
    let key = secret(before.mode, id)?;
    let (now, overlap) = (app.clock.now(), wanted.overlap_seconds.map_or(0, |count| count.0));
    let old_valid_until = now + TimeDelta::seconds(overlap.into());
    let (prefix, hash) = (key.prefix(), key.hash());
    let command = BusinessCommand::RotateKey { key: id, prefix: prefix.clone(), hash, old_valid_until, now };
    let done = carry_out(&app, &me, id, &command).await?;
    let (rotated_at, old_key_valid_until) = (Some(now), Some(old_valid_until));
    let integration_key =
        IntegrationKeyView { prefix, rotated_at, old_key_valid_until, exposed: None, ..before };
    Ok(Reply::ok(KeyShown { key: key.reveal(), integration_key }).at(done.position))
}

/// Revoke a key.
///
/// It opens nothing any more, for good.
#[utoipa::path(operation_id = "revokeKey", tag = "Business",
    params(("id" = KeyId, Path, description = "The key.")), security(("session" = [])),
    responses((status = 200, description = "The revoked key.", body = KeyAnswer)))]
#[delete("/keys/{id}")]
pub(super) async fn revoke_key(
    Manager(me): Manager,
    Id(id): Id<KeyId>,
    app: Data<App>,
) -> Result<Reply<KeyAnswer>, Problem> {
    let done = carry_out(&app, &me, id, &BusinessCommand::RevokeKey { key: id }).await?;
    Ok(Reply::ok(KeyAnswer { integration_key: view(&app, me.tenant(), id).await? }).at(done.position))
}

/// Carries a command out and waits until presented keys are checked against what it changed.
async fn carry_out(
    app: &App,
    me: &Member,
    key: KeyId,
    command: &BusinessCommand,
) -> Result<Executed, Problem> {
    let done = app.aggregates.execute::<Business>(&me.context(), me.tenant(), command).await?;
    settle(app, me.tenant(), done.position).await;
    app.accounts.forget_key(key);
    Ok(done)
}

/// A new key as it was recorded: its secret is in this answer only, so no view must be able to lose it.
fn created(done: &Executed) -> Result<IntegrationKeyView, Problem> {
    let recorded = done.events.first().ok_or_else(|| refused(&BusinessRefusal::KeyExists))?;
    let DomainEvent::Business(_, BusinessEvent::KeyCreated { key, terms, mode, prefix, .. }) =
        &recorded.event
    else {
        return Err(refused(&BusinessRefusal::KeyExists));
    };
    let KeyTerms { name, permissions, origin_mode, allowed_origins } = terms.clone();
    Ok(IntegrationKeyView {
        id: *key,
        name,
        prefix: prefix.clone(),
        mode: *mode,
        permissions,
        origin_mode,
        allowed_origins,
        created_at: recorded.at,
        rotated_at: None,
        old_key_valid_until: None,
        revoked_at: None,
        last_used_at: None,
        exposed: None,
    })
}

async fn view(app: &App, tenant: BusinessId, id: KeyId) -> Result<IntegrationKeyView, Problem> {
    let db = app.pools.tenant(tenant).await?;
    let key = keys::list(&db, tenant).await?.into_iter().find(|key| key.id == id);
    key.ok_or_else(|| refused(&BusinessRefusal::KeyNotFound))
}

/// A key's present terms.
async fn terms(app: &App, tenant: BusinessId, id: KeyId) -> Result<KeyTerms, Problem> {
    let Business::Running(mut business) = app.aggregates.state::<Business>(tenant, tenant).await? else {
        return Err(refused(&BusinessRefusal::KeyNotFound));
    };
    match business.keys.remove(&id) {
        Some(Key::Valid { terms, .. }) => Ok(terms),
        Some(Key::Revoked) => Err(refused(&BusinessRefusal::KeyRevoked)),
        None => Err(refused(&BusinessRefusal::KeyNotFound)),
    }
}

fn secret(mode: KeyMode, id: KeyId) -> Result<ApiKey, Problem> {
    ApiKey::generate(mode, id).map_err(|e| AccountError::Secret(e.to_string()).into())
}
