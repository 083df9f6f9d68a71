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
use openchat_domain::{Actor, BusinessId, CustomerId, Via};

use super::{Problem, envelope, reply::await_position};
use crate::{
    accounts::{CustomerSession, Token},
    app::App,
    store::Context,
};

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
    let found = identify(&app, req.headers()).await;
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

async fn identify(app: &App, headers: &HeaderMap) -> Result<Arc<CustomerSession>, Problem> {
    let token = bearer(headers).ok_or_else(no_session)?;
    let session = match Token::parse(token) {
        Some(token) => app.accounts.customer_session(&token).await?,
        None => None,
    };
    session.ok_or_else(|| {
        Problem::unauthorized("session_ended", "This chat session has ended; begin a new one.")
    })
}

/// The token: from the header, or among a websocket's subprotocols, because a browser can't give that a header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim());
    }
    let protocols = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    protocols.split(',').find_map(|name| name.trim().strip_prefix("bearer."))
}

fn no_session() -> Problem {
    Problem::unauthorized("no_session", "Begin a chat session first, and send its token as a bearer token.")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn token(name: HeaderName, value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_token_travels_in_the_header_or_as_a_subprotocol() {
        assert_eq!(token(AUTHORIZATION, "Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token(AUTHORIZATION, "bearer  abc ").as_deref(), Some("abc"));
        assert_eq!(token(AUTHORIZATION, "Basic abc"), None);
        assert_eq!(token(SEC_WEBSOCKET_PROTOCOL, "openchat, bearer.abc").as_deref(), Some("abc"));
        assert_eq!(token(SEC_WEBSOCKET_PROTOCOL, "openchat"), None);
    }
}
