//! Backends and widgets, by their integration key: who asks, what it may do, how often, and once.

use std::{marker::PhantomData, sync::Arc};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, ResponseError,
    body::BoxBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderMap, HeaderName, ORIGIN},
    },
    middleware::Next,
    web::Data,
};
use openchat_domain::{
    Actor, BusinessId, CommandId, CustomerId, KeyId, Origin, Via,
    business::{KeyTerms, OriginMode, Permission},
};

use openchat_projections::keys::KeyRecord;

use super::{Problem, by_session::is_cross_site, envelope, idempotency, reply::await_position};
use crate::{
    accounts::{KeyFormError, KeyRefusal},
    app::App,
    store::Context,
};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A backend with a key that may do `P`. Extracting it answers 401, or 403 without the permission or to a browser.
#[derive(Debug)]
pub struct ApiKey<P> {
    caller: KeyCaller,
    permission: PhantomData<P>,
}

/// A widget or a backend with a key that may read. Extracting it answers 401, or 403 without the permission or
/// on a page of a foreign origin.
#[derive(Debug)]
pub struct WidgetKey {
    caller: KeyCaller,
    /// The page's origin, when a browser asks from another than ours.
    pub page: Option<String>,
}

/// Names a permission as a type.
pub trait Allows: 'static {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident => $permission:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Allows for $name {
            const PERMISSION: Permission = Permission::$permission;
        }
    )*};
}
permissions! {
    /// `support:read`.
    Read => SupportRead,
    /// `support:write`.
    Write => SupportWrite,
    /// `calls:write`.
    Calls => CallsWrite,
}

/// Whoever presented a key that opens something.
#[derive(Debug, Clone)]
struct KeyCaller {
    key: Arc<KeyRecord>,
    command: Option<CommandId>,
}

/// The name that an Idempotency-Key gives to what the request sets off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intent(pub(super) CommandId);

impl<P> ApiKey<P> {
    /// Whose key it is.
    #[must_use]
    pub fn tenant(&self) -> BusinessId {
        self.caller.key.tenant
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.caller.key.id
    }

    /// For a command in the backend's own name.
    #[must_use]
    pub fn context(&self) -> Context {
        self.acting(Actor::Backend(self.id()))
    }

    /// For a command that the backend passes on from a customer.
    #[must_use]
    pub fn context_of(&self, customer: CustomerId) -> Context {
        self.acting(Actor::Customer(customer))
    }

    fn acting(&self, actor: Actor) -> Context {
        Context {
            tenant: self.tenant(),
            actor,
            via: Via::Key(self.id()),
            request_id: Some(envelope::request_id()),
            command: self.caller.command,
            cause: None,
            condition: None,
            fence: None,
        }
    }
}

impl WidgetKey {
    /// Whose key it is.
    #[must_use]
    pub fn tenant(&self) -> BusinessId {
        self.caller.key.tenant
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.caller.key.id
    }

    /// What the key may do and where.
    #[must_use]
    pub fn terms(&self) -> &KeyTerms {
        &self.caller.key.terms
    }
}

impl<P: Allows> FromRequest for ApiKey<P> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extract = || {
            let caller = caller(req)?;
            if is_browser(req.headers()) {
                return Err(Problem::forbidden(
                    "backend_only",
                    "Call this from your backend, not from a browser: an integration key must stay secret.",
                ));
            }
            may(&caller.key.terms, P::PERMISSION)?;
            Ok(Self { caller, permission: PhantomData })
        };
        std::future::ready(extract())
    }
}

impl FromRequest for WidgetKey {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extract = || {
            let caller = caller(req)?;
            may(&caller.key.terms, Permission::SupportRead)?;
            let page = foreign_page(req, &caller.key.terms)?;
            Ok(Self { page, caller })
        };
        std::future::ready(extract())
    }
}

/// The middleware of the routes that keys open.
pub(super) async fn by_key(
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = req.app_data::<Data<App>>().cloned() else { return next.call(req).await };
    let key = match identify(&app, req.headers()).await {
        Ok(key) => key,
        Err(problem) => {
            // Told by the route's extractor, so that a path that leads nowhere is 404 to everybody.
            req.extensions_mut().insert(problem);
            return next.call(req).await;
        }
    };
    let (allowance, checked) = app.edge.limiters.keys.check(&key.id);
    let answered = async {
        let checked = match checked {
            Ok(()) => await_position(&app, key.tenant, &req).await,
            too_many => too_many,
        };
        if let Err(problem) = checked {
            return Ok(req.into_response(problem.error_response()));
        }
        req.extensions_mut().insert(Arc::clone(&key));
        if *req.method() == Method::POST && req.headers().contains_key(idempotency::IDEMPOTENCY_KEY) {
            return idempotency::once(&app, &key, req, next).await;
        }
        next.call(req).await
    };
    let mut response = answered.await?;
    allowance.tell(response.headers_mut());
    Ok(response)
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Arc<KeyRecord>, Problem> {
    present(app, in_header(headers).ok_or_else(missing)?).await
}

/// The key that somebody presents.
pub(super) async fn present(app: &App, key: &str) -> Result<Arc<KeyRecord>, Problem> {
    app.accounts.present_key(key).await.map_err(|refusal| {
        let code = match &refusal {
            KeyRefusal::Form(KeyFormError::PrefixOnly) => "api_key_prefix_only",
            KeyRefusal::Form(KeyFormError::Mistyped) => "api_key_mistyped",
            KeyRefusal::Form(KeyFormError::WrongMode) => "api_key_wrong_mode",
            KeyRefusal::Form(KeyFormError::Malformed) => "api_key_malformed",
            KeyRefusal::Unknown => "api_key_unknown",
            KeyRefusal::Revoked => "api_key_revoked",
            KeyRefusal::Rotated => "api_key_rotated",
            KeyRefusal::Store(_) => "unavailable",
        };
        match refusal {
            KeyRefusal::Store(error) => error.into(),
            other => Problem::unauthorized(code, other.to_string()),
        }
    })
}

fn caller(req: &HttpRequest) -> Result<KeyCaller, Problem> {
    let extensions = req.extensions();
    match extensions.get::<Arc<KeyRecord>>() {
        Some(key) => {
            let command = extensions.get::<Intent>().map(|intent| intent.0);
            Ok(KeyCaller { key: Arc::clone(key), command })
        }
        None => Err(extensions.get::<Problem>().cloned().unwrap_or_else(missing)),
    }
}

/// The key that a widget presents, in its header or otherwise, if it may be used where the request comes from.
pub(super) async fn present_in_widget(
    app: &App,
    req: &HttpRequest,
    key: Option<&str>,
) -> Result<Arc<KeyRecord>, Problem> {
    let key = present(app, key.or_else(|| in_header(req.headers())).ok_or_else(missing)?).await?;
    may(&key.terms, Permission::SupportRead)?;
    foreign_page(req, &key.terms)?;
    Ok(key)
}

/// The origin of the page that asks, when it is a browser's and not one of ours.
fn foreign_page(req: &HttpRequest, terms: &KeyTerms) -> Result<Option<String>, Problem> {
    let ours = req.app_data::<Data<App>>().map_or("", |app| &app.public_url);
    let page = req.headers().get(ORIGIN).map(|v| v.to_str().unwrap_or_default());
    let page = page.filter(|_| is_cross_site(req.headers(), ours));
    if page.is_some_and(|origin| !origin_is_allowed(terms, origin)) {
        return Err(origin_not_allowed());
    }
    Ok(page.map(str::to_owned))
}

fn in_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(X_API_KEY).map(|header| header.to_str().unwrap_or_default())
}

fn missing() -> Problem {
    Problem::unauthorized("missing_api_key", "Send your integration key in the header X-API-Key.")
}

/// The widget was installed without a key.
pub(super) fn key_not_in_script() -> Problem {
    Problem::unauthorized(
        "missing_api_key",
        "Put your key into the widget's script: data-api-key=\"oc_live_…\".",
    )
}

/// The key is for other websites.
pub(super) fn origin_not_allowed() -> Problem {
    Problem::forbidden(
        "origin_not_allowed",
        "This key may not be used on this website; add its origin to the key, or choose hotspot mode.",
    )
}

/// Whether a key has a permission.
pub(super) fn may(terms: &KeyTerms, permission: Permission) -> Result<(), Problem> {
    if terms.permissions.contains(&permission) {
        return Ok(());
    }
    let name = match permission {
        Permission::SupportRead => "support:read",
        Permission::SupportWrite => "support:write",
        Permission::CallsWrite => "calls:write",
    };
    Err(Problem::forbidden("permission_missing", format!("This key does not have the permission {name}.")))
}

/// Node's own `fetch` sends `Sec-Fetch-Mode`, so that header alone would prove nothing.
fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE)
}

fn origin_is_allowed(terms: &KeyTerms, origin: &str) -> bool {
    match terms.origin_mode {
        OriginMode::Hotspot => true,
        OriginMode::Strict => Origin::new(origin).is_ok_and(|origin| terms.allowed_origins.contains(&origin)),
    }
}

#[cfg(test)]
mod tests {
    use openchat_domain::Name;

    use super::*;

    fn terms(origin_mode: OriginMode) -> KeyTerms {
        KeyTerms {
            name: Name::new("Website").expect("a name"),
            permissions: vec![Permission::SupportRead],
            origin_mode,
            allowed_origins: vec![Origin::new("https://app.acme.com").expect("an origin")],
        }
    }

    #[test]
    fn a_strict_key_works_on_its_origins_only() {
        let strict = terms(OriginMode::Strict);
        assert!(origin_is_allowed(&strict, "https://app.acme.com"));
        assert!(!origin_is_allowed(&strict, "https://evil.com"));
        assert!(!origin_is_allowed(&strict, "null"));
        assert!(origin_is_allowed(&terms(OriginMode::Hotspot), "http://10.0.0.1"));
    }

    #[test]
    fn a_missing_permission_is_named() {
        let terms = terms(OriginMode::Strict);
        assert!(may(&terms, Permission::SupportRead).is_ok());
        let problem = may(&terms, Permission::CallsWrite).expect_err("missing");
        assert!(problem.to_string().contains("calls:write"));
    }

    #[test]
    fn a_browser_is_told_by_what_only_browsers_send() {
        let with = |name: &str| {
            let mut headers = HeaderMap::new();
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header");
            headers.insert(name, actix_web::http::header::HeaderValue::from_static("x"));
            is_browser(&headers)
        };
        assert!(with("origin") && with("sec-fetch-site"));
        assert!(!with("sec-fetch-mode"));
    }
}
