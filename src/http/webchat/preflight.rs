//! What the widget's loader asks first, from the page that it is installed in: may it run here, and as what.

use actix_web::{
    Error, HttpRequest,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    get,
    http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue, ORIGIN, VARY},
    middleware::Next,
    web::Data,
};
use openchat_projections::feed::PublicBusiness;
use serde::Serialize;
use utoipa::ToSchema;

use super::{count, customers::business};
use crate::{
    app::App,
    http::{
        Problem, Query, Reply,
        by_key::{key_not_in_script, present_in_widget},
        input::input,
    },
};

input! {
    /// As whom the widget comes.
    query struct PreflightQuery {
        /// The widget's key, as in its snippet; or send it in the header X-API-Key, outside of a browser.
        key: Option<String>,
    }
}

/// That the widget may run here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "success": true,
    "business": {
        "name": "Acme Support",
        "welcomeMessage": "Hello! How can we help?",
        "awayMessage": null,
        "branding": {"color": "#2563eb", "logoUrl": null},
        "language": null
    },
    "calls": true
}))]
pub(super) struct Preflight {
    /// Always `true`.
    success: bool,
    /// Whose widget it is, and how it looks.
    business: PublicBusiness,
    /// Whether the team can be called.
    calls: bool,
}

/// Ask whether the widget may run.
///
/// The loader asks this from the page that it is installed in, before it shows anything. Any page can read the answer,
/// errors included, so that the loader can say in the console what is wrong.
#[utoipa::path(operation_id = "preflightWidget", tag = "Webchat", params(PreflightQuery),
    responses(
        (status = 200, description = "It may.", body = Preflight),
        (status = 401, description = "missing_api_key: Put your key into the widget's script: data-api-key=\"oc_live_…\".\n\
            api_key_prefix_only: This is only the key's prefix; send the whole key, which was shown once when it was made.\n\
            api_key_mistyped: This key is mistyped: its checksum does not fit. Copy the whole key again.\n\
            api_key_wrong_mode: This key was made for the other mode; send it with the oc_live_ or oc_test_ that it was shown with.\n\
            api_key_malformed: This is not an OpenChat key; keys begin with oc_live_ or oc_test_.\n\
            api_key_unknown: This key is unknown here. Check that it belongs to this server and was copied whole.\n\
            api_key_rotated: This key was rotated and its old secret no longer works. Use the new one.\n\
            api_key_revoked: This key was revoked. Make a new one in the developer portal."),
        (status = 403, description = "origin_not_allowed: This key may not be used on this website; add its origin to the key, or choose hotspot mode.\n\
            permission_missing: This key does not have the permission support:read."),
        (status = 429, description = "rate_limited: This key asks too often; slow down.")),
    security(()))]
#[get("/preflight", wrap = "actix_web::middleware::from_fn(readable_anywhere)")]
pub(super) async fn preflight(
    req: HttpRequest,
    Query(asked): Query<PreflightQuery>,
    app: Data<App>,
) -> Result<Reply<Preflight>, Problem> {
    if asked.key.as_deref().is_none_or(str::is_empty) && !req.headers().contains_key("x-api-key") {
        return Err(key_not_in_script());
    }
    let key = present_in_widget(&app, &req, asked.key.as_deref()).await?;
    count(&app, key.id)?;
    if let Some(page) = req.headers().get(ORIGIN).and_then(|it| it.to_str().ok()) {
        app.accounts.note_sighting(&key, page);
    }
    Ok(Reply::ok(Preflight {
        success: true,
        business: business(&app, key.tenant).await?,
        calls: app.calls.media().is_some(),
    }))
}

/// Lets the page that asks read the answer. It says nothing that isn't public, and comes without cookies.
async fn readable_anywhere(
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let origin = req.headers().get(ORIGIN).cloned();
    let mut response = next.call(req).await?;
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    Ok(response)
}
