//! What a widget or an app may know of the business before anybody writes: how it looks, what it says, who is there.

use actix_web::{get, web::Data};
use chrono::{DateTime, Utc};
use openchat_domain::{
    BusinessId, MessageText, Name,
    business::{Branding, BusinessRefusal, Hours, Language, Opening, Settings},
};
use openchat_projections::{
    Db, QueryError, agents,
    routing_queue::{self, Picture},
    settings,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, Reply, WidgetKey, refused};
use crate::app::App;

/// The business, as a customer may see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "success": true,
    "business": {"name": "Acme Support", "slug": "acme-support"},
    "branding": {"color": "#2563eb", "logoUrl": null},
    "welcomeMessage": "Hello! How can we help?",
    "settings": {"welcomeMessage": "Hello! How can we help?", "awayMessage": null, "autoAssign": true},
    "language": null,
    "availability": {"agentsOnline": 2, "expectedWaitSeconds": 0, "open": true, "opensAt": null},
    "calls": true
}))]
struct ConfigAnswer {
    /// Always `true`.
    success: bool,
    /// Who it is.
    business: ConfigBusiness,
    /// How its pages look.
    branding: Branding,
    /// What a customer reads first.
    welcome_message: Option<MessageText>,
    /// How support runs.
    settings: ConfigSettings,
    /// The language that its pages speak; without one, the browser's.
    language: Option<Language>,
    /// Who is there.
    availability: ConfigAvailability,
    /// Whether the team can be called.
    calls: bool,
}

/// Who a business is.
#[derive(Debug, Serialize, ToSchema)]
struct ConfigBusiness {
    /// What it calls itself.
    name: Name,
    /// Its name in addresses.
    slug: String,
}

/// How support runs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigSettings {
    /// What a customer reads first.
    welcome_message: Option<MessageText>,
    /// What a customer reads first when nobody is there.
    away_message: Option<MessageText>,
    /// Whether waiting conversations are given to available agents by themselves.
    auto_assign: bool,
}

/// Who is there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigAvailability {
    /// How many agents take new conversations now.
    #[schema(minimum = 0)]
    agents_online: i64,
    /// How long a customer may have to wait for one, in seconds: as long as whoever waits now has waited so far.
    /// Unknown when nobody is there.
    #[schema(minimum = 0)]
    expected_wait_seconds: Option<i64>,
    /// Whether it is within the opening hours.
    open: bool,
    /// When they begin next; unknown while they last, or when there are none to come.
    opens_at: Option<DateTime<Utc>>,
}

/// Read what a widget or an app shows before anybody writes.
///
/// Business, branding, welcome message, support settings and availability. A browser may ask on the key's allowed
/// origins.
#[utoipa::path(operation_id = "getConfig", tag = "Integrators", security(("apiKey" = [])), responses(
    (status = 200, description = "The business, as a customer may see it.", body = ConfigAnswer),
))]
#[get("/config")]
pub(super) async fn get_config(key: WidgetKey, app: Data<App>) -> Result<Reply<ConfigAnswer>, Problem> {
    let db = app.pools.tenant(key.tenant()).await?;
    let business = settings::get(&db, key.tenant()).await?;
    let business = business.ok_or_else(|| refused(&BusinessRefusal::NotFound))?;
    let Settings { welcome_message, away_message, branding, preferences, hours } = business.settings;
    let availability = availability(&db, key.tenant(), hours.as_ref(), app.clock.now()).await?;
    Ok(Reply::ok(ConfigAnswer {
        success: true,
        business: ConfigBusiness { name: business.business.name, slug: business.business.slug },
        branding,
        welcome_message: welcome_message.clone(),
        settings: ConfigSettings { welcome_message, away_message, auto_assign: preferences.auto_assign },
        language: preferences.language,
        availability,
        calls: app.calls.media().is_some(),
    }))
}

/// Who is there for a business's customers at this moment.
pub(super) async fn availability(
    db: &impl Db,
    tenant: BusinessId,
    hours: Option<&Hours>,
    now: DateTime<Utc>,
) -> Result<ConfigAvailability, QueryError> {
    let agents_online = agents::online_count(db, tenant).await?;
    let picture = routing_queue::picture(db, tenant, now).await?;
    let Opening { open, opens_at } = hours.map_or(Opening::ALWAYS, |hours| hours.at(now));
    let expected_wait_seconds = expected_wait(agents_online, &picture);
    Ok(ConfigAvailability { agents_online, expected_wait_seconds, open, opens_at })
}

fn expected_wait(agents_online: i64, picture: &Picture) -> Option<i64> {
    let longest =
        picture.waiting.iter().map(|it| (picture.now - it.waiting_since).num_seconds().max(0)).max();
    (agents_online > 0).then(|| longest.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use openchat_domain::{ConversationId, conversation::Priority};
    use openchat_projections::routing_queue::QueueEntry;

    use super::*;

    #[test]
    fn who_comes_now_may_wait_as_long_as_others_do() {
        let waiting = |seconds| QueueEntry {
            conversation_id: ConversationId::from_uuid(uuid::Uuid::nil()),
            priority: Priority::Normal,
            waiting_since: DateTime::UNIX_EPOCH - TimeDelta::seconds(seconds),
            position: 1,
            missed_call: false,
        };
        let picture = |waiting| Picture { now: DateTime::UNIX_EPOCH, waiting, agents: vec![] };
        assert_eq!(expected_wait(2, &picture(vec![waiting(5), waiting(70)])), Some(70));
        assert_eq!(expected_wait(2, &picture(vec![])), Some(0));
        assert_eq!(expected_wait(0, &picture(vec![waiting(5)])), None);
    }
}
