//! Around every request: its id, its time limit, its measurements, and the headers that every response has.

use std::time::{Duration, Instant};

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        Method,
        header::{
            CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    web::Data,
};
use tracing::Instrument as _;

use super::Problem;
use crate::app::App;

/// How long a request may take before it is given up.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// The same when a file is uploaded, which takes its time on a mobile connection.
const UPLOAD_TIME_LIMIT: Duration = Duration::from_secs(300);
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over from a client.
const MAX_ID: usize = 128;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that this task serves; empty outside of one.
pub(super) fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// The middleware around everything.
pub(super) async fn envelop<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let app = req.app_data::<Data<App>>().cloned();
    let id = given_id(&req).unwrap_or_else(|| fresh_id(app.as_ref()));
    let method = req.method().clone();
    let uploads = method == Method::POST && req.path().ends_with("/files");
    let time_limit = if uploads { UPLOAD_TIME_LIMIT } else { TIME_LIMIT };
    let span = tracing::info_span!("request", id, %method, path = req.path());
    let started = Instant::now();
    let called = async {
        match tokio::time::timeout(time_limit, next.call(req)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(error.error_response()),
            Err(_) => {
                tracing::warn!("a request was given up");
                Err(Problem::unavailable("timed_out", "This took too long; try again.").error_response())
            }
        }
    };
    let called = REQUEST_ID.scope(id.clone(), called.instrument(span.clone())).await;
    let (status, route) = match &called {
        Ok(response) => (response.status(), response.request().match_pattern()),
        Err(response) => (response.status(), None),
    };
    let took = started.elapsed();
    tracing::debug!(parent: &span, status = status.as_u16(), ?took, "answered");
    if let Some(app) = app {
        app.edge.metrics.observe(&method, route.as_deref(), status, took);
    }
    match called {
        Ok(mut response) => {
            complete(response.headers_mut(), &id);
            Ok(response.map_into_left_body())
        }
        Err(mut response) => {
            complete(response.headers_mut(), &id);
            Err(failed(response))
        }
    }
}

fn failed(response: HttpResponse) -> Error {
    InternalError::from_response("answered with a problem", response).into()
}

/// An id that the client chose, if it is one that can be logged as it is.
fn given_id(req: &ServiceRequest) -> Option<String> {
    let id = req.headers().get(X_REQUEST_ID)?.to_str().ok()?;
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    ((1..=MAX_ID).contains(&id.len()) && id.bytes().all(fine)).then(|| id.to_owned())
}

fn fresh_id(app: Option<&Data<App>>) -> String {
    app.map(|app| format!("req_{}", app.clock.uuid().simple())).unwrap_or_default()
}

fn complete(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // Pages and scripts say themselves how long they may be kept; answers are for now only.
        (CACHE_CONTROL, "no-store"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
