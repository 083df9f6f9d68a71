//! People, by the cookie of their session: who asks, on whose team, in which role.

use std::sync::Arc;

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, ResponseError,
    body::BoxBody,
    cookie::{Cookie, SameSite, time::Duration},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{HOST, HeaderMap, HeaderName, ORIGIN},
    middleware::Next,
    web::Data,
};
use openchat_domain::{Actor, AgentId, BusinessId, Via, agent::Role, conversation::AgentRef};

use super::{Problem, envelope, reply::await_position};
use crate::{
    accounts::{Member as Place, Session, Token},
    app::App,
    store::Context,
};

/// The cookie's name.
pub(super) const COOKIE: &str = "oc_session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A signed-in person. Extracting it answers 401 when nobody is signed in.
#[derive(Debug, Clone)]
pub struct Person(pub Arc<Session>);

/// A signed-in person on a team, in any role. Extracting it answers 401, or 403 to who is on no team.
#[derive(Debug, Clone)]
pub struct Member {
    session: Arc<Session>,
    place: Place,
}

/// A member who may run the business: its owner or an admin. Extracting it answers 401 or 403.
#[derive(Debug, Clone)]
pub struct Manager(pub Member);

/// What the middleware found.
#[derive(Clone)]
struct Found(Result<Arc<Session>, Problem>);

impl Member {
    /// Whose team.
    #[must_use]
    pub const fn tenant(&self) -> BusinessId {
        self.place.tenant
    }

    /// Which agent the person is.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.place.agent
    }

    /// What the agent may do.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.place.role
    }

    /// The agent as conversations name it.
    #[must_use]
    pub fn agent_ref(&self) -> AgentRef {
        AgentRef { id: self.place.agent, name: self.place.name.clone() }
    }

    /// The session, for what is bound to it.
    #[must_use]
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// For a command of this agent.
    #[must_use]
    pub fn context(&self) -> Context {
        context(self.tenant(), Actor::Agent(self.agent()), &self.session)
    }
}

impl Person {
    /// For a command of this person to a business where it isn't an agent yet.
    #[must_use]
    pub fn context(&self, tenant: BusinessId) -> Context {
        context(tenant, Actor::User(self.0.user.id), &self.0)
    }
}

fn context(tenant: BusinessId, actor: Actor, session: &Session) -> Context {
    Context {
        tenant,
        actor,
        via: Via::Session(session.id),
        request_id: Some(envelope::request_id()),
        command: None,
        cause: None,
        condition: None,
        fence: None,
    }
}

impl FromRequest for Person {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = req.extensions().get::<Found>().cloned();
        std::future::ready(found.map_or_else(|| Err(not_signed_in()), |found| found.0).map(Self))
    }
}

impl FromRequest for Member {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let person = Person::from_request(req, payload).into_inner();
        std::future::ready(person.and_then(|Person(session)| match session.member.clone() {
            Some(place) => Ok(Self { session, place }),
            None => Err(Problem::forbidden("no_business", "You are not on a business's team.")),
        }))
    }
}

impl FromRequest for Manager {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let member = Member::from_request(req, payload).into_inner();
        std::future::ready(member.and_then(|member| match member.role() {
            Role::Owner | Role::Admin => Ok(Self(member)),
            Role::Agent => Err(Problem::forbidden(
                "managers_only",
                "Only the owner or an admin of the business may do this.",
            )),
        }))
    }
}

/// The middleware of the routes that sessions open.
pub(super) async fn by_session(
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = req.app_data::<Data<App>>().cloned() else { return next.call(req).await };
    if !req.method().is_safe() && is_cross_site(req.headers(), &app.public_url) {
        let problem = Problem::forbidden("cross_site", "This can't be done from another website's page.");
        return Ok(req.into_response(problem.error_response()));
    }
    let found = identify(&app, &req).await;
    let waited = match found.as_ref().ok().and_then(|session| session.member.as_ref()) {
        Some(place) => await_position(&app, place.tenant, &req).await,
        None => Ok(()),
    };
    if let Err(problem) = waited {
        return Ok(req.into_response(problem.error_response()));
    }
    req.extensions_mut().insert(Found(found));
    next.call(req).await
}

async fn identify(app: &App, req: &ServiceRequest) -> Result<Arc<Session>, Problem> {
    let cookie = req.cookie(COOKIE).ok_or_else(not_signed_in)?;
    let session = match Token::parse(cookie.value()) {
        Some(token) => app.accounts.session(&token).await?,
        None => None,
    };
    session.ok_or_else(|| Problem::unauthorized("session_ended", "Your session has ended; sign in again."))
}

fn not_signed_in() -> Problem {
    Problem::unauthorized("not_signed_in", "Sign in first.")
}

/// Whether a request that changes something comes from a page of another site.
///
/// Browsers tell by `Sec-Fetch-Site`; older ones by `Origin`; who sends neither is no browser with a cookie to abuse.
pub(super) fn is_cross_site(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or_default());
    match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, None) => false,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            origin != public_url && (host.is_none() || host != text(&HOST))
        }
    }
}

/// The cookie that holds a session.
pub(super) fn cookie(app: &App, token: &str) -> Cookie<'static> {
    let lifetime = Duration::seconds(Session::LIFETIME.num_seconds());
    base(app, token.to_owned()).max_age(lifetime).finish()
}

/// The cookie that takes a session's away.
pub(super) fn no_cookie(app: &App) -> Cookie<'static> {
    base(app, String::new()).max_age(Duration::ZERO).finish()
}

fn base(app: &App, value: String) -> actix_web::cookie::CookieBuilder<'static> {
    let secure = app.public_url.starts_with("https://");
    Cookie::build(COOKIE, value).http_only(true).same_site(SameSite::Lax).path("/").secure(secure)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn cross_site(headers: &[(&HeaderName, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert((*name).clone(), HeaderValue::from_static(value));
        }
        is_cross_site(&map, "https://oc.example.com")
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        for (site, refused) in
            [("same-origin", false), ("none", false), ("same-site", true), ("cross-site", true)]
        {
            assert_eq!(cross_site(&[(&SEC_FETCH_SITE, site)]), refused, "{site}");
        }
        // The browser's own word counts, whatever Origin says.
        assert!(cross_site(&[(&SEC_FETCH_SITE, "cross-site"), (&ORIGIN, "https://oc.example.com")]));
        assert!(!cross_site(&[]));
        assert!(!cross_site(&[(&ORIGIN, "https://oc.example.com")]));
        assert!(!cross_site(&[(&ORIGIN, "http://127.0.0.1:8080"), (&HOST, "127.0.0.1:8080")]));
        assert!(cross_site(&[(&ORIGIN, "https://evil.com"), (&HOST, "127.0.0.1:8080")]));
        assert!(cross_site(&[(&ORIGIN, "null")]));
    }
}
