//! Setting a business up, and its settings.

use actix_web::{get, post, web::Data};
use openchat_domain::{
    CommandId, DomainEvent, MessageText, Name, Origin, Url,
    agent::{Agent, AgentCommand},
    business::{Business, BusinessCommand, BusinessEvent, Hours, Language, Settings, SettingsChanges},
};
use openchat_projections::settings::{self, BusinessIdentity, ChannelView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Body, Count, Faults, Input, Manager, Patch, Person, Problem, Reply, input::input, reply::settle,
    sign_in::other_team,
};
use crate::{app::App, store::Executed};

input! {
    /// The business to set up.
    #[schema(example = json!({"businessName": "Acme Support", "domain": "https://app.acme.com"}))]
    closed struct SetUp {
        /// What it calls itself.
        business_name: Name,
        /// Its website; the first origin that a strict key allows.
        domain: Option<Origin>,
    }
}

/// A business that was set up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "success": true,
    "business": {
        "id": "biz_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Acme Support", "slug": "acme-support",
        "domain": "https://app.acme.com"
    },
    "channel": {"id": "chn_019aafc33b7c7d80a1b2c3d4e5f60718"},
    "settings": {
        "welcomeMessage": null, "awayMessage": null, "branding": {"color": "#2563eb", "logoUrl": null},
        "preferences": {
            "autoAssign": true, "defaultCapacity": 5, "offlineGraceSeconds": 30, "language": null
        },
        "hours": null
    }
}))]
struct SetUpAnswer {
    /// Always `true`.
    success: bool,
    /// The business.
    business: BusinessIdentity,
    /// Its default channel.
    channel: ChannelView,
    /// Its settings, to begin with.
    settings: Settings,
}

input! {
    /// Changes to the settings: what is left out stays, `null` clears.
    #[schema(example = json!({
        "welcomeMessage": "Hello! How can we help?", "branding": {"color": "#0f766e"},
        "preferences": {"defaultCapacity": 8, "language": "es"},
        "hours": {
            "timeZone": "Europe/Madrid", "week": [{"day": "mon", "from": "09:00", "to": "17:30"}]
        }
    }))]
    closed struct ChangeSettings {
        /// What a customer reads first.
        #[schema(value_type = Option<MessageText>)]
        welcome_message: Patch<MessageText>,
        /// What a customer reads first when nobody is there.
        #[schema(value_type = Option<MessageText>)]
        away_message: Patch<MessageText>,
        /// How the customer's pages look.
        branding: Option<ChangeBranding>,
        /// How support runs.
        preferences: Option<ChangePreferences>,
        /// When somebody is there.
        #[schema(value_type = Option<Hours>)]
        hours: Patch<Hours>,
    }
}

input! {
    /// Changes to how the customer's pages look.
    closed struct ChangeBranding {
        /// The main colour.
        #[schema(value_type = Option<String>, pattern = "^#[0-9a-fA-F]{6}$", example = "#0f766e")]
        color: Option<Color>,
        /// The logo's address.
        #[schema(value_type = Option<Url>)]
        logo_url: Patch<Url>,
    }
}

input! {
    /// Changes to how support runs.
    closed struct ChangePreferences {
        /// Whether waiting conversations are given to available agents by themselves.
        auto_assign: Option<bool>,
        /// How many open conversations a new agent may have at once.
        #[schema(value_type = Option<u32>, minimum = 0, maximum = 1000)]
        default_capacity: Option<Count<0, 1000>>,
        /// How long an agent's last socket may be gone before the agent counts as offline, in seconds.
        #[schema(value_type = Option<u32>, minimum = 5, maximum = 3600)]
        offline_grace_seconds: Option<Count<5, 3600>>,
        /// The language of the customer's pages; `null` leaves it to the browser.
        #[schema(value_type = Option<Language>)]
        language: Patch<Language>,
    }
}

/// A colour as `#rrggbb`.
#[derive(Debug)]
struct Color(String);

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "success": true,
    "settings": {
        "welcomeMessage": "Hello! How can we help?", "awayMessage": null,
        "branding": {"color": "#0f766e", "logoUrl": null},
        "preferences": {
            "autoAssign": true, "defaultCapacity": 8, "offlineGraceSeconds": 30, "language": "es"
        },
        "hours": {
            "timeZone": "Europe/Madrid", "week": [{"day": "mon", "from": "09:00", "to": "17:30"}]
        }
    }
}))]
struct SettingsAnswer {
    /// Always `true`.
    success: bool,
    /// All settings, as they are now.
    settings: Settings,
}

/// Set a business up.
///
/// The person becomes its owner, and an agent of its team.
#[utoipa::path(operation_id = "setUpBusiness", tag = "Business", request_body = SetUp,
    security(("session" = [])),
    responses(
        (status = 201, description = "The business, its channel and its settings.", body = SetUpAnswer),
        (status = 409, description =
            "business_exists: This person already has a business.\n\
             other_team: This person is already on another business's team."),
    ))]
#[post("/setup")]
pub(super) async fn set_up(
    me: Person,
    Body(wanted): Body<SetUp>,
    app: Data<App>,
) -> Result<Reply<SetUpAnswer>, Problem> {
    if me.0.member.is_some() {
        return Err(Problem::conflict("business_exists", "This person already has a business."));
    }
    let user = &me.0.user;
    let reserved = app.accounts.reserve_business(user.id, &wanted.business_name).await?;
    if !app.accounts.join(user.id, reserved.tenant, reserved.agent).await? {
        return Err(other_team());
    }
    // Both commands have names of their own, so that a setup that was cut short is finished by asking again.
    let context = me.context(reserved.tenant).once(CommandId::derive(reserved.tenant, &["setup"]));
    let command = BusinessCommand::SetUp {
        name: wanted.business_name,
        slug: reserved.slug,
        domain: wanted.domain,
        owner: user.id,
        channel: reserved.channel,
    };
    let done = app.aggregates.execute::<Business>(&context, reserved.tenant, &command).await?;
    let enroll = AgentCommand::Enroll { user: user.id, email: user.email.clone(), name: user.name.clone() };
    let enrolled = app.aggregates.execute::<Agent>(&context.step("enroll"), reserved.agent, &enroll).await?;
    settle(&app, reserved.tenant, enrolled.position).await;
    app.accounts.forget_people();
    Ok(Reply::created(answer(&done)?).at(enrolled.position))
}

/// What was set up, as it was recorded.
fn answer(done: &Executed) -> Result<SetUpAnswer, Problem> {
    let recorded = done.events.first().map(|recorded| &recorded.event);
    let Some(DomainEvent::Business(id, BusinessEvent::SetUp { name, slug, domain, channel, .. })) = recorded
    else {
        return Err(Problem::conflict("business_exists", "This person already has a business."));
    };
    Ok(SetUpAnswer {
        success: true,
        business: BusinessIdentity {
            id: *id,
            name: name.clone(),
            slug: slug.clone(),
            domain: domain.clone(),
        },
        channel: ChannelView { id: *channel },
        settings: Settings::default(),
    })
}

/// Read the settings.
#[utoipa::path(operation_id = "getSettings", tag = "Business", security(("session" = [])), responses(
    (status = 200, description = "All settings.", body = SettingsAnswer),
))]
#[get("/admin/settings")]
pub(super) async fn get_settings(
    Manager(me): Manager,
    app: Data<App>,
) -> Result<Reply<SettingsAnswer>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let business = settings::get(&db, me.tenant()).await?;
    let settings = business.map(|it| it.settings).unwrap_or_default();
    Ok(Reply::ok(SettingsAnswer { success: true, settings }))
}

/// Change settings.
#[utoipa::path(operation_id = "changeSettings", tag = "Business", request_body = ChangeSettings,
    security(("session" = [])),
    responses(
        (status = 200, description = "All settings, as they are now.", body = SettingsAnswer),
        (status = 422, description =
            "invalid_hours: Opening hours must end after they begin, and a week can have at most 70 of them."),
    ))]
#[post("/admin/settings")]
pub(super) async fn change_settings(
    Manager(me): Manager,
    Body(wanted): Body<ChangeSettings>,
    app: Data<App>,
) -> Result<Reply<SettingsAnswer>, Problem> {
    let command = BusinessCommand::ChangeSettings { changes: wanted.changes() };
    let done = app.aggregates.execute::<Business>(&me.context(), me.tenant(), &command).await?;
    settle(&app, me.tenant(), done.position).await;
    let settings = match app.aggregates.state::<Business>(me.tenant(), me.tenant()).await? {
        Business::Running(it) => it.settings,
        Business::NotSetUp => Settings::default(),
    };
    Ok(Reply::ok(SettingsAnswer { success: true, settings }).at(done.position))
}

impl ChangeSettings {
    fn changes(self) -> SettingsChanges {
        let (color, logo_url) = self.branding.map_or((None, Patch::Keep), |it| (it.color, it.logo_url));
        let preferences = self.preferences.as_ref();
        SettingsChanges {
            welcome_message: self.welcome_message.change(),
            away_message: self.away_message.change(),
            color: color.map(|color| color.0),
            logo_url: logo_url.change(),
            auto_assign: preferences.and_then(|it| it.auto_assign),
            default_capacity: preferences.and_then(|it| it.default_capacity).map(|count| count.0),
            offline_grace_seconds: preferences.and_then(|it| it.offline_grace_seconds).map(|count| count.0),
            language: self.preferences.and_then(|it| it.language.change()),
            hours: self.hours.change(),
        }
    }
}

impl Input for Color {
    fn read(value: serde_json::Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let fine = digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if fine { Ok(Self(text)) } else { Err(Faults::of("must be a colour like #2563eb")) }
    }
}
