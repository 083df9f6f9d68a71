//! For whoever operates the server: is it up, is it ready, what does it do.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    HttpResponse, get,
    http::{Method, StatusCode},
    web::Data,
};
use futures_util::future::{BoxFuture, join_all};
use openchat_projections::Db;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, Reply};
use crate::{
    app::App,
    store::{StoreError, latest_migration},
};

/// What is measured about requests; others register theirs beside it.
pub(super) struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

/// Something that must hold before the server takes traffic.
pub(super) struct ReadyCheck {
    name: &'static str,
    check: Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

/// That all is well.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok", "checks": ["store", "projections"]}))]
struct Health {
    /// Always `ok`; anything else is an error's status.
    #[schema(pattern = "^ok$")]
    status: &'static str,
    /// What was looked at.
    checks: Vec<&'static str>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("openchat");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "How long requests took to answer", seconds.clone());
        Self { registry: Mutex::new(registry), requests, seconds }
    }
}

fn histogram() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}

impl Metrics {
    /// Lets somebody register what it measures.
    pub(super) fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts an answered request; a request to no route is counted under no route, so that nobody can make up labels.
    pub(super) fn observe(&self, method: &Method, route: Option<&str>, status: StatusCode, took: Duration) {
        let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
        let method = if known { method.as_str() } else { "other" }.to_owned();
        let route = route.unwrap_or("none").to_owned();
        self.seconds
            .get_or_create(&RouteLabels { method: method.clone(), route: route.clone() })
            .observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status: status.as_u16() }).inc();
    }
}

impl ReadyCheck {
    pub(super) fn new<F>(name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, check: Box::new(move || Box::pin(check())) }
    }
}

/// Whether the process is up.
#[utoipa::path(operation_id = "getHealth", tag = "Operations", responses(
    (status = 200, description = "The process is up.", body = Health),
))]
#[get("/healthz")]
pub(super) async fn healthz() -> Reply<Health> {
    Reply::ok(Health { status: "ok", checks: vec![] })
}

/// Whether the server can do its work: the store is reachable and up to date, the views are near the log's end.
#[utoipa::path(operation_id = "getReadiness", tag = "Operations", responses(
    (status = 200, description = "Everything is there.", body = Health),
))]
#[get("/readyz")]
pub(super) async fn readyz(app: Data<App>) -> Result<Reply<Health>, Problem> {
    let asked: Vec<_> = app.edge.checks().iter().map(|it| (it.name, (it.check)())).collect();
    let (mut names, checks): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    let (store, others) = tokio::join!(store_is_current(&app), join_all(checks));
    names.insert(0, "store");
    let faults: Vec<String> = std::iter::once(store)
        .chain(others)
        .zip(&names)
        .filter_map(|(it, name)| Some(format!("{name}: {}", it.err()?)))
        .collect();
    if faults.is_empty() {
        return Ok(Reply::ok(Health { status: "ok", checks: names }));
    }
    Err(Problem::unavailable("not_ready", format!("Not ready: {}.", faults.join("; "))))
}

async fn store_is_current(app: &App) -> Result<(), String> {
    let asked = async {
        let db = app.pools.worker().await?;
        let row = db.query_opt("select max(number) from migrations", &[]).await?;
        Ok::<Option<i32>, StoreError>(row.and_then(|row| row.get(0)))
    };
    match asked.await {
        Ok(Some(found)) if found == latest_migration() => Ok(()),
        Ok(_) => Err("its migrations are not those of this release".to_owned()),
        Err(_) => Err("it can't be reached".to_owned()),
    }
}

/// Measurements, in Prometheus' text form.
#[utoipa::path(operation_id = "getMetrics", tag = "Operations", responses(
    (status = 200, description = "The measurements.", content_type = "application/openmetrics-text", body = String),
))]
#[get("/metrics")]
pub(super) async fn metrics(app: Data<App>) -> HttpResponse {
    let mut text = String::new();
    app.edge.metrics.register(|registry| {
        // Writing to a string can't fail.
        let _ = encode(&mut text, registry);
    });
    HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text)
}
