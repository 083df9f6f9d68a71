//! Customers, by the token of their session in the webchat.

use std::sync::Arc;

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, ResponseError,
    body::BoxBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{AUTHORIZATION, HeaderMap, SEC_WEBSOCKET_PROTOCOL},
    middleware::Next,
    web::Data,
};
use chrono::TimeDelta;
use openchat_domain::{Actor, BusinessId, CustomerId, Via};

use super::{Problem, by_session::is_cross_site, envelope, reply::await_position};
use crate::{
    accounts::{CustomerSession, Token},
    app::App,
    store::Context,
};

/// The cookie's name.
const COOKIE: &str = "oc_chat";
/// Where the cookie is sent to.
const COOKIE_PATH: &str = "/api/webchat";
/// A browser can't send other headers with a websocket's handshake, so the token may travel as a subprotocol.
const BEARER_SUBPROTOCOL: &str = "bearer.";

/// A customer in the webchat. Extracting it answers 401 without a session.
#[derive(Debug, Clone)]
pub struct Customer(pub Arc<CustomerSession>);

/// What the middleware found.
#[derive(Clone)]
struct Found(Result<Arc<CustomerSession>, Problem>);

impl Customer {
    /// Whose customer.
    #[must_use]
    pub fn tenant(&self) -> BusinessId {
        self.0.tenant
    }

    /// Which customer.
    #[must_use]
    pub fn id(&self) -> CustomerId {
        self.0.customer
    }

    /// For a command of this customer.
    #[must_use]
    pub fn context(&self) -> Context {
        Context {
            tenant: self.tenant(),
            actor: Actor::Customer(self.id()),
            via: Via::Session(self.0.id),
            request_id: Some(envelope::request_id()),
            command: None,
            cause: None,
            condition: None,
            fence: None,
        }
    }
}

impl FromRequest for Customer {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = req.extensions().get::<Found>().cloned();
        std::future::ready(found.map_or_else(|| Err(no_session()), |found| found.0).map(Self))
    }
}

/// The middleware of the routes that customers' sessions open.
pub(super) async fn by_customer(
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = req.app_data::<Data<App>>().cloned() else { return next.call(req).await };
    let found = identify(&app, &req).await;
    let Ok(session) = &found else {
        req.extensions_mut().insert(Found(found));
        return next.call(req).await;
    };
    let (allowance, checked) = app.edge.limiters.customers.check(&session.id);
    let checked = match checked {
        Ok(()) => await_position(&app, session.tenant, &req).await,
        too_many => too_many,
    };
    let mut response = match checked {
        Ok(()) => {
            req.extensions_mut().insert(Found(found));
            next.call(req).await?
        }
        Err(problem) => req.into_response(problem.error_response()),
    };
    allowance.tell(response.headers_mut());
    Ok(response)
}

async fn identify(app: &App, req: &ServiceRequest) -> Result<Arc<CustomerSession>, Problem> {
    let token = match bearer(req.headers()) {
        Some(token) => token,
        None => {
            let cookie = req.cookie(COOKIE).ok_or_else(no_session)?;
            // A browser sends a cookie by itself, whoever's page makes it; a token is sent by who knows it.
            if !req.method().is_safe() && is_cross_site(req.headers(), &app.public_url) {
                return Err(Problem::forbidden(
                    "cross_site",
                    "This can't be done from another website's page.",
                ));
            }
            cookie.value().to_owned()
        }
    };
    let session = match Token::parse(&token) {
        Some(token) => app.accounts.customer_session(&token).await?,
        None => None,
    };
    session.ok_or_else(ended)
}

/// The session's token where somebody has put it into the request on purpose.
pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let token = match text(AUTHORIZATION) {
        Some(header) => {
            header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|it| it.1)
        }
        None => text(SEC_WEBSOCKET_PROTOCOL)?
            .split(',')
            .find_map(|offered| offered.trim().strip_prefix(BEARER_SUBPROTOCOL)),
    };
    token.map(|token| token.trim().to_owned())
}

/// The session is over, or was never there.
pub(super) fn ended() -> Problem {
    Problem::unauthorized("session_ended", "This chat session has ended; begin a new one.")
}

fn no_session() -> Problem {
    Problem::unauthorized("no_session", "Begin a chat session first, and send its token as a bearer token.")
}

/// The header of the cookie that holds a session for so long; no time at all takes it away.
///
/// Our frame sits in pages of foreign sites, where a browser keeps a cookie only when it is `Partitioned`: the
/// visitor is then another one on each site. That needs https, or this very machine, which browsers trust as much;
/// without it, only our own pages have the cookie.
pub(super) fn cookie(app: &App, token: &str, lifetime: TimeDelta) -> String {
    let trusted = ["https://", "http://127.0.0.1", "http://localhost"];
    let scope = if trusted.iter().any(|it| app.public_url.starts_with(it)) {
        "SameSite=None; Secure; Partitioned"
    } else {
        "SameSite=Lax"
    };
    let seconds = lifetime.num_seconds();
    format!("{COOKIE}={token}; Path={COOKIE_PATH}; Max-Age={seconds}; HttpOnly; {scope}")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn sent(name: HeaderName, value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        bearer(&headers)
    }

    #[test]
    fn a_token_travels_in_a_header_or_as_a_subprotocol() {
        assert_eq!(sent(AUTHORIZATION, "Bearer abc").as_deref(), Some("abc"));
        assert_eq!(sent(AUTHORIZATION, "bearer  abc ").as_deref(), Some("abc"));
        assert_eq!(sent(AUTHORIZATION, "Basic abc"), None);
        assert_eq!(sent(SEC_WEBSOCKET_PROTOCOL, "openchat, bearer.abc").as_deref(), Some("abc"));
        assert_eq!(sent(SEC_WEBSOCKET_PROTOCOL, "openchat"), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
