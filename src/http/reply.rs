//! Answers that went well: JSON, and where the write that they tell of stands in the log.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder,
    cookie::Cookie,
    dev::ServiceRequest,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, SET_COOKIE},
    },
};
use openchat_domain::{BusinessId, Position};
use openchat_projections::Db;
use serde::Serialize;

use super::{Problem, limits::Allowance};
use crate::{app::App, projector::viewed};

/// The header that tells a write's position, and with which a read asks to have seen it.
pub(super) const X_OC_POSITION: HeaderName = HeaderName::from_static("x-oc-position");
/// How long a read waits for its view.
const WAIT: Duration = Duration::from_secs(2);

/// An answer.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    position: Option<Position>,
    cookie: Option<Cookie<'static>>,
    allowance: Option<Allowance>,
    written_cookie: Option<HeaderValue>,
    body: T,
}

impl<T: Serialize> Reply<T> {
    /// 200.
    pub const fn ok(body: T) -> Self {
        Self::with(StatusCode::OK, body)
    }

    /// 201.
    pub const fn created(body: T) -> Self {
        Self::with(StatusCode::CREATED, body)
    }

    const fn with(status: StatusCode, body: T) -> Self {
        Self { status, position: None, cookie: None, written_cookie: None, allowance: None, body }
    }

    /// With the position that the write ended at: on every write's answer.
    #[must_use]
    pub const fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// With a cookie.
    #[must_use]
    pub(super) fn cookie(mut self, cookie: Cookie<'static>) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// With a cookie as its header is written, for attributes that [`Cookie`] doesn't know.
    #[must_use]
    pub(super) fn written_cookie(mut self, cookie: &str) -> Self {
        self.written_cookie = HeaderValue::from_str(cookie).ok();
        self
    }
}

impl<T> Reply<T> {
    /// With what is left of a quota.
    pub(super) const fn allowance(mut self, allowance: Allowance) -> Self {
        self.allowance = Some(allowance);
        self
    }
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status);
        if let Some(position) = self.position {
            response.insert_header((X_OC_POSITION, HeaderValue::from(position)));
        }
        if let Some(cookie) = self.cookie {
            response.cookie(cookie);
        }
        if let Some(cookie) = self.written_cookie {
            response.insert_header((SET_COOKIE, cookie));
        }
        let empty = self.status == StatusCode::NO_CONTENT;
        let mut response = if empty { response.finish() } else { response.json(self.body) };
        if let Some(allowance) = self.allowance {
            allowance.tell(response.headers_mut());
        }
        response
    }
}

/// Makes a read wait until the views have seen the position that it names.
pub(super) async fn await_position(
    app: &App,
    tenant: BusinessId,
    req: &ServiceRequest,
) -> Result<(), Problem> {
    let Some(header) = req.headers().get(X_OC_POSITION).filter(|_| req.method().is_safe()) else {
        return Ok(());
    };
    let wanted = header.to_str().ok().and_then(|text| text.parse::<Position>().ok()).filter(|p| *p >= 0);
    let fault = |fault: &str| Problem::invalid([("X-OC-Position".to_owned(), fault.to_owned())].into());
    let wanted = wanted.ok_or_else(|| fault("must be a position: 0, 1, 2, …"))?;
    if app.views.position(tenant) >= wanted {
        return Ok(());
    }
    if head(app, tenant).await? < wanted {
        return Err(fault("is beyond the end of the log; nothing has been written there"));
    }
    wait(app, tenant, wanted).await
}

/// Waits until the views have seen what a handler has just written, so that it can answer with it; not for ever,
/// because the write has succeeded whatever the views do. Says whether they have.
pub(super) async fn settle(app: &App, tenant: BusinessId, position: Position) -> bool {
    let settled = wait(app, tenant, position).await;
    if let Err(problem) = &settled {
        tracing::warn!(%problem, "a write was answered before its views had it");
    }
    settled.is_ok()
}

/// Waits until the views have seen a position.
pub(super) async fn wait(app: &App, tenant: BusinessId, position: Position) -> Result<(), Problem> {
    if app.views.position(tenant) == 0 {
        // Nothing has happened to this business since the process began: only the database knows what is seen.
        let db = app.pools.tenant(tenant).await?;
        app.views.advance(tenant, viewed(&db, tenant).await?);
    }
    Ok(app.views.wait(tenant, position, WAIT).await?)
}

/// The latest position in a business's log.
pub(super) async fn head(app: &App, tenant: BusinessId) -> Result<Position, Problem> {
    let db = app.pools.tenant(tenant).await?;
    let row = db.query_opt("select position from log_heads where tenant_id = $1", &[&tenant.uuid()]).await?;
    Ok(row.map_or(0, |row| row.get(0)))
}
