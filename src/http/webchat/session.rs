//! Sessions: a visitor begins one with the widget's key, a known customer with a handoff link's token.

use actix_web::{HttpRequest, delete, get, post, web::Data};
use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    Actor, CustomerId, SessionId, Via,
    customer::{self, CustomerCommand, ProfileChanges},
};
use openchat_projections::feed::{OwnProfile, PublicBusiness};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    count,
    customers::{known, own_profile, seen},
    merge::merge,
};
use crate::{
    accounts::{CustomerEntry, CustomerSession, HandoffRefusal, Token},
    app::App,
    http::{
        Body, Customer, Faults, Input, Problem, Reply,
        by_customer::{bearer, cookie},
        by_key::present_in_widget,
        by_session::is_cross_site,
        envelope,
        input::input,
        public_config::{ConfigAvailability, availability},
        reply::{head, settle},
        sign_in::Done,
        talk,
    },
    store::{Context, StoreError, chain},
};

/// As whom to begin.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub(super) enum NewSession {
    /// As a visitor of the website.
    Visitor(VisitorsSession),
    /// As the customer whom the business has sent.
    Handoff(HandoffsSession),
}

input! {
    /// A visitor's session to begin.
    #[schema(example = json!({"key": "oc_live_01KAMW6EvYJ0NmXqRb3sT7fCz5hGdLpA2kWn8uVyQeSrBx4jM9oPiKtDlHcFgZaE1wU0qR6ys5tD"}))]
    pub(super) closed struct VisitorsSession {
        /// The widget's key, as in its snippet.
        key: String,
    }
}

input! {
    /// A known customer's session to begin.
    #[schema(example = json!({"token": "5FKq0hTzN2mWc7yV8rXbL1sJ4eGuA9dPkQ6iRoH3fCz"}))]
    pub(super) closed struct HandoffsSession {
        /// The end of the handoff link's address. It works once.
        token: String,
    }
}

impl Input for NewSession {
    fn read(value: Value) -> Result<Self, Faults> {
        match value.get("token") {
            Some(_) => HandoffsSession::read(value).map(Self::Handoff),
            None => VisitorsSession::read(value).map(Self::Visitor),
        }
    }
}

/// How a customer came in.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Entry {
    /// Through the widget: a visitor.
    Widget,
    /// Through a handoff link: known to the business.
    Handoff,
}

/// A session in the webchat.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChatSession {
    /// Its public name.
    id: SessionId,
    /// What opens it, as a bearer token; told only when it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
    /// How the customer came in.
    entry: Entry,
    /// Until when it lasts.
    expires_at: DateTime<Utc>,
}

/// A session, who is asking, and who is asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "session": {
        "id": "ses_019aafc33b7c7d80a1b2c3d4e5f60718",
        "token": "Q3mWc7yV8rXbL1sJ4eGuA9dPkQ6iRoH3fCz5FKq0hTz",
        "entry": "widget",
        "expiresAt": "2026-03-31T09:30:00Z"
    },
    "customer": {
        "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": null, "email": null, "phone": null
    },
    "business": {
        "name": "Acme Support",
        "welcomeMessage": "Hello! How can we help?",
        "awayMessage": null,
        "branding": {"color": "#2563eb", "logoUrl": null},
        "language": null
    },
    "availability": {"agentsOnline": 2, "expectedWaitSeconds": 0, "open": true, "opensAt": null},
    "calls": true
}))]
pub(super) struct ChatAnswer {
    /// The session.
    session: ChatSession,
    /// Who is asking.
    customer: OwnProfile,
    /// Who is asked.
    business: PublicBusiness,
    /// Who is there.
    availability: ConfigAvailability,
    /// Whether the team can be called.
    calls: bool,
}

/// Begin a chat session.
///
/// With the widget's key: a new visitor's. With a handoff link's token, once: that of the customer whom the business
/// has sent. A visitor's session that is sent along as a bearer token is then over, and what the visitor has said is
/// the known customer's.
///
/// The token opens the other routes as a bearer token. A browser also gets it as a cookie, which it sends from our
/// frames and pages by itself.
#[utoipa::path(operation_id = "beginChat", tag = "Webchat",
    request_body(content = NewSession, example = json!({"token": "5FKq0hTzN2mWc7yV8rXbL1sJ4eGuA9dPkQ6iRoH3fCz"})),
    responses(
        (status = 201, description = "The session has begun.", body = ChatAnswer),
        (status = 401, description = "handoff_unknown: This support link is unknown here. Go back to where it came from and open support again.\n\
            handoff_used: This support link was used already. Go back to where it came from and open support again.\n\
            handoff_expired: This support link has expired. Go back to where it came from and open support again.\n\
            api_key_prefix_only: This is only the key's prefix; send the whole key, which was shown once when it was made.\n\
            api_key_mistyped: This key is mistyped: its checksum does not fit. Copy the whole key again.\n\
            api_key_wrong_mode: This key was made for the other mode; send it with the oc_live_ or oc_test_ that it was shown with.\n\
            api_key_malformed: This is not an OpenChat key; keys begin with oc_live_ or oc_test_.\n\
            api_key_unknown: This key is unknown here. Check that it belongs to this server and was copied whole.\n\
            api_key_rotated: This key was rotated and its old secret no longer works. Use the new one.\n\
            api_key_revoked: This key was revoked. Make a new one in the developer portal."),
        (status = 403, description = "origin_not_allowed: This key may not be used on this website; add its origin to the key, or choose hotspot mode.\n\
            permission_missing: This key does not have the permission support:read.\n\
            cross_site: This can't be done from another website's page."),
        (status = 429, description = "rate_limited: This key asks too often; slow down.")),
    security(()))]
#[post("/session")]
pub(super) async fn begin_session(
    presented: Option<Customer>,
    Body(new): Body<NewSession>,
    req: HttpRequest,
    app: Data<App>,
) -> Result<Reply<ChatAnswer>, Problem> {
    let (token, session) = match new {
        NewSession::Visitor(VisitorsSession { key }) => arrive(&app, &req, &key).await?,
        NewSession::Handoff(HandoffsSession { token }) => {
            // A cookie is sent by the browser of whoever sat there before; only a bearer token says that it is meant.
            let visitor = presented.filter(|_| bearer(req.headers()).is_some());
            exchange(&app, &req, &token, visitor).await?
        }
    };
    // The other routes, and the socket, look into the views.
    let position = head(&app, session.tenant).await?;
    settle(&app, session.tenant, position).await;
    let cookie = cookie(&app, token.reveal(), session.expires_at - app.clock.now());
    let begun = told(&app, &Customer(session.into()), Some(&token)).await?;
    Ok(Reply::created(begun).at(position).written_cookie(&cookie))
}

/// Get the session.
///
/// Who is asking, who is asked, and what the customer reads first.
#[utoipa::path(operation_id = "getChat", tag = "Webchat",
    responses((status = 200, description = "The session.", body = ChatAnswer)),
    security(("customer" = [])))]
#[get("/session")]
pub(super) async fn get_session(me: Customer, app: Data<App>) -> Result<Reply<ChatAnswer>, Problem> {
    Ok(Reply::ok(told(&app, &me, None).await?))
}

/// End the session.
///
/// Its sockets close. The conversation goes on for the team, and for the customer's other sessions.
#[utoipa::path(operation_id = "endChat", tag = "Webchat",
    responses((status = 200, description = "It is over.", body = Done)),
    security(("customer" = [])))]
#[delete("/session")]
pub(super) async fn end_session(me: Customer, app: Data<App>) -> Result<Reply<Done>, Problem> {
    app.accounts.end_customer_session(&me.0).await?;
    Ok(Reply::ok(Done::DONE).written_cookie(&cookie(&app, "", TimeDelta::zero())))
}

/// A visitor arrives.
async fn arrive(app: &App, req: &HttpRequest, key: &str) -> Result<(Token, CustomerSession), Problem> {
    let key = present_in_widget(app, req, Some(key)).await?;
    count(app, key.id)?;
    let visitor = CustomerId::from_uuid(app.clock.uuid());
    let context = Context {
        tenant: key.tenant,
        actor: Actor::Customer(visitor),
        via: Via::Key(key.id),
        request_id: Some(envelope::request_id()),
        command: None,
        cause: None,
        condition: None,
        fence: None,
    };
    let command = CustomerCommand::Arrive { profile: ProfileChanges::default() };
    app.aggregates.execute::<customer::Customer>(&context, visitor, &command).await?;
    let entry = CustomerEntry::Widget(key.id);
    Ok(app.accounts.begin_customer_session(key.tenant, visitor, entry).await?)
}

/// A handoff's token is exchanged for the known customer's session. It is used up last but one, so that a server that
/// dies before can be asked again.
async fn exchange(
    app: &App,
    req: &HttpRequest,
    token: &str,
    visitor: Option<Customer>,
) -> Result<(Token, CustomerSession), Problem> {
    if is_cross_site(req.headers(), &app.public_url) {
        return Err(Problem::forbidden("cross_site", "This can't be done from another website's page."));
    }
    let token = Token::parse(token).ok_or(HandoffRefusal::Unknown)?;
    let handoff = app.accounts.handoff(&token).await?;
    talk::customer(app, handoff.tenant, handoff.customer).await?.ok_or(HandoffRefusal::Unknown)?;
    let visitor =
        visitor.filter(|it| it.tenant() == handoff.tenant && matches!(it.0.entry, CustomerEntry::Widget(_)));
    if let Some(visitor) = &visitor {
        merge(app, visitor, handoff.customer).await?;
    }
    app.accounts.redeem_handoff(&token).await?;
    let begun =
        app.accounts.begin_customer_session(handoff.tenant, handoff.customer, CustomerEntry::Handoff).await?;
    if let Some(Customer(session)) = visitor
        && let Err(error) = app.accounts.end_customer_session(&session).await
    {
        // The visitor is nobody any more, whatever becomes of its session.
        tracing::warn!(error = %chain(&error), "a merged visitor's session was not ended");
    }
    Ok(begun)
}

async fn told(app: &App, me: &Customer, token: Option<&Token>) -> Result<ChatAnswer, Problem> {
    let entry = match me.0.entry {
        CustomerEntry::Widget(_) => Entry::Widget,
        CustomerEntry::Handoff => Entry::Handoff,
    };
    let token = token.map(|token| token.reveal().to_owned());
    let db = app.pools.tenant(me.tenant()).await.map_err(StoreError::from)?;
    let business = seen(&db, me.tenant()).await?;
    let hours = business.settings.hours.as_ref();
    let who_is_there = availability(&db, me.tenant(), hours, app.clock.now()).await?;
    drop(db);
    Ok(ChatAnswer {
        session: ChatSession { id: me.0.id, token, entry, expires_at: me.0.expires_at },
        customer: own_profile(known(app, me).await?),
        business: PublicBusiness::new(business.business.name, business.settings),
        availability: who_is_there,
        calls: app.calls.media().is_some(),
    })
}

impl From<HandoffRefusal> for Problem {
    fn from(refusal: HandoffRefusal) -> Self {
        let code = match refusal {
            HandoffRefusal::Unknown => "handoff_unknown",
            HandoffRefusal::Used => "handoff_used",
            HandoffRefusal::Expired => "handoff_expired",
            HandoffRefusal::Store(error) => return error.into(),
        };
        Self::unauthorized(code, refusal.to_string())
    }
}
