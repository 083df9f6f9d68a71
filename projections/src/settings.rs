//! The businesses: name, channel and settings of each.

use chrono::{DateTime, Utc};
use openchat_domain::{
    BusinessId, ChannelId, DomainEvent, Name, Origin, Position, Recorded, UserId,
    business::{BusinessEvent, Settings},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApplyError, Db, QueryError, Write,
    rows::{Rows, column, document, documents, key_columns},
};

/// A business, its channel and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "business": {
        "id": "biz_019aafc33b7c7d80a1b2c3d4e5f60718",
        "name": "Acme Support",
        "slug": "acme-support",
        "domain": "https://app.acme.com"
    },
    "channel": {"id": "chn_019aafc33b7c7d80a1b2c3d4e5f60718"},
    "settings": {
        "welcomeMessage": "Hello! How can we help?",
        "awayMessage": null,
        "branding": {"color": "#2563eb", "logoUrl": null},
        "preferences": {
            "autoAssign": true, "defaultCapacity": 5, "offlineGraceSeconds": 30, "language": null
        },
        "hours": null
    },
    "ownerId": "usr_019aafc33b7c7d80a1b2c3d4e5f60718",
    "createdAt": "2026-03-01T09:00:00Z",
    "position": 1
}))]
pub struct BusinessView {
    /// The business.
    pub business: BusinessIdentity,
    /// The default channel that customers come in through.
    pub channel: ChannelView,
    /// What it has set, and the defaults of what it hasn't.
    pub settings: Settings,
    /// The person who set it up.
    pub owner_id: UserId,
    /// When it was set up.
    pub created_at: DateTime<Utc>,
    /// The latest position in the business's event log that this tells of.
    pub position: Position,
}

/// A business's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusinessIdentity {
    /// Its id.
    pub id: BusinessId,
    /// What it calls itself.
    pub name: Name,
    /// Its name in addresses, unique among all businesses.
    #[schema(example = "acme-support")]
    pub slug: String,
    /// Its website.
    pub domain: Option<Origin>,
}

/// A channel that customers come in through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelView {
    /// Its id.
    pub id: ChannelId,
}

const LOAD: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, tenant_id, position, data from businesses where tenant_id = k.tenant limit 1) r";

const STORE: &str = "\
    insert into businesses (tenant_id, position, data) \
    select * from unnest($1::uuid[], $2::bigint[], $3::json[]) \
    on conflict (tenant_id) do update set position = excluded.position, data = excluded.data";

const GET: &str = "select data from businesses where tenant_id = $1";

/// What folding a batch of events in comes to.
///
/// # Errors
/// [`ApplyError`].
pub async fn writes(db: &impl Db, events: &[&Recorded]) -> Result<Vec<Write>, ApplyError> {
    let steps: Vec<_> = events.iter().copied().filter_map(|event| Some((event, step(event)?))).collect();
    if steps.is_empty() {
        return Ok(vec![]);
    }
    let (tenants, ids) = key_columns(steps.iter().map(|(event, _)| (event.tenant, event.tenant.uuid())));
    let mut rows = Rows::load(db, LOAD, &[&tenants, &ids], |row| Ok(document(row, 3, "business")?)).await?;
    for (event, step) in &steps {
        rows.fold((event.tenant, event.tenant.uuid()), event.position, |row| fold(row, event, step));
    }
    let rows = rows.changed();
    Ok(vec![
        Write::new(STORE)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.position))
            .with(documents(&rows, |it| it.row)),
    ])
}

/// The business.
///
/// # Errors
/// [`QueryError`].
pub async fn get(db: &impl Db, tenant: BusinessId) -> Result<Option<BusinessView>, QueryError> {
    let row = db.query_opt(GET, &[&tenant.uuid()]).await?;
    row.map(|row| Ok(document(&row, 0, "business")?)).transpose()
}

/// The events that this tells of; those of keys are told by [`crate::keys`], of replies by [`crate::replies`].
fn step(recorded: &Recorded) -> Option<&BusinessEvent> {
    match &recorded.event {
        DomainEvent::Business(_, event) => match event {
            BusinessEvent::SetUp { .. } | BusinessEvent::SettingsChanged { .. } => Some(event),
            BusinessEvent::KeyCreated { .. }
            | BusinessEvent::KeyChanged { .. }
            | BusinessEvent::KeyRotated { .. }
            | BusinessEvent::KeyRevoked { .. }
            | BusinessEvent::ReplySaved { .. }
            | BusinessEvent::ReplyDeleted { .. } => None,
        },
        DomainEvent::Conversation(..) | DomainEvent::Customer(..) | DomainEvent::Agent(..) => None,
    }
}

fn fold(row: &mut Option<BusinessView>, recorded: &Recorded, event: &BusinessEvent) {
    match event {
        BusinessEvent::SetUp { name, slug, domain, owner, channel } => {
            let (id, name, slug, domain) = (recorded.tenant, name.clone(), slug.clone(), domain.clone());
            *row = Some(BusinessView {
                business: BusinessIdentity { id, name, slug, domain },
                channel: ChannelView { id: *channel },
                settings: Settings::default(),
                owner_id: *owner,
                created_at: recorded.at,
                position: recorded.position,
            });
        }
        BusinessEvent::SettingsChanged { changes } => {
            if let Some(business) = row {
                business.settings = business.settings.changed(changes);
                business.position = recorded.position;
            }
        }
        BusinessEvent::KeyCreated { .. }
        | BusinessEvent::KeyChanged { .. }
        | BusinessEvent::KeyRotated { .. }
        | BusinessEvent::KeyRevoked { .. }
        | BusinessEvent::ReplySaved { .. }
        | BusinessEvent::ReplyDeleted { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use openchat_domain::business::SettingsChanges;
    use uuid::Uuid;

    use super::*;
    use crate::history::{History, at, tenant, text};

    fn business_after(history: &History) -> Option<BusinessView> {
        let mut row = None;
        for event in history.events() {
            if let Some(step) = step(event) {
                fold(&mut row, event, step);
            }
        }
        row
    }

    fn set_up() -> History {
        History::default().business(BusinessEvent::SetUp {
            name: text("Acme"),
            slug: "acme".to_owned(),
            domain: Some(text("https://app.acme.com")),
            owner: UserId::from_uuid(Uuid::from_u128(1)),
            channel: ChannelId::from_uuid(Uuid::from_u128(2)),
        })
    }

    #[test]
    fn given_a_set_up_then_a_business_with_default_settings() {
        let it = business_after(&set_up()).unwrap();
        assert_eq!((it.business.id, it.business.slug.as_str()), (tenant(), "acme"));
        assert_eq!((it.created_at, it.position), (at(1), 1));
        assert_eq!(it.settings, Settings::default());
    }

    #[test]
    fn given_changes_then_the_settings_that_they_name_change() {
        let changes = |changes| BusinessEvent::SettingsChanged { changes };
        let history = set_up()
            .business(changes(SettingsChanges {
                welcome_message: Some(Some(text("Hello!"))),
                auto_assign: Some(false),
                ..SettingsChanges::default()
            }))
            .business(changes(SettingsChanges {
                away_message: Some(Some(text("Back soon"))),
                ..SettingsChanges::default()
            }));
        let it = business_after(&history).unwrap();
        assert_eq!(it.settings.welcome_message, Some(text("Hello!")));
        assert_eq!(it.settings.away_message, Some(text("Back soon")));
        assert!(!it.settings.preferences.auto_assign);
        assert_eq!(it.settings.preferences.default_capacity, 5);
        assert_eq!(it.position, 3);
    }
}
