//! What the server tells of itself beside its requests: how far the read models are behind, what is parked, who listens.

use std::{sync::atomic::AtomicI64, time::Duration};

use prometheus_client::metrics::gauge::Gauge;

use crate::{app::App, projector, store::chain};

/// How often the gauges are read.
const LOOK: Duration = Duration::from_secs(2);
/// How many events the read models may be behind while the server counts as ready.
pub const LAG_BOUND: i64 = 10_000;

type Count = Gauge<i64, AtomicI64>;

/// Says when the server is ready: the read models follow, and are near the log's end.
pub fn readiness(app: &App) {
    let asked = app.clone();
    app.edge.ready_when("projections", move || {
        let app = asked.clone();
        async move {
            if let Some(why) = app.projector.failing() {
                return Err(format!("the read models can't follow the log ({why})"));
            }
            match projector::lag(&app.pools).await {
                Ok(lag) if lag.events <= LAG_BOUND => Ok(()),
                Ok(lag) => Err(format!("the read models are {} events behind", lag.events)),
                Err(_) => Err("the read models' lag can't be read".to_owned()),
            }
        }
    });
}

/// Keeps the gauges of `/metrics` up to date, for ever.
pub async fn gauges(app: App) {
    let [lag, tenants, parked, sockets, leads] = std::array::from_fn(|_| Count::default());
    app.edge.measure(|registry| {
        registry.register("projection_lag_events", "Events the read models are behind", lag.clone());
        registry.register("projection_lag_tenants", "Tenants whose read models are behind", tenants.clone());
        registry.register("parked_streams", "Streams a read model can't follow", parked.clone());
        registry.register("sockets", "Open websockets", sockets.clone());
        registry.register("leads", "Whether this node leads", leads.clone());
    });
    loop {
        match projector::lag(&app.pools).await {
            Ok(now) => {
                lag.set(now.events);
                tenants.set(now.tenants);
            }
            Err(e) => tracing::warn!(error = chain(&e), "the read models' lag could not be read"),
        }
        parked.set(i64::try_from(app.projector.parked()).unwrap_or(i64::MAX));
        sockets.set(app.hub.sockets());
        leads.set(i64::from(app.node.fence().is_some()));
        tokio::time::sleep(LOOK).await;
    }
}
