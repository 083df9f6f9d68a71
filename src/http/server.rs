//! The server itself: a listener, workers, and a stop that drains.

use std::{net::TcpListener, time::Duration};

use actix_web::{HttpServer, dev::Server, web::Data};

use super::service;
use crate::app::App;

/// How long requests that are under way may take when the server stops, in seconds.
const DRAIN_SECONDS: u64 = 10;
/// How long a client may take to send a request's head: half-open requests must not pile up.
const HEAD: Duration = Duration::from_secs(10);
/// How long an idle connection is kept for the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Serves on the listener until told to stop.
///
/// # Errors
/// When the listener can't be used.
pub fn serve(app: App, listener: TcpListener) -> std::io::Result<Server> {
    let app = Data::new(app);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let server = HttpServer::new(move || service(app.clone()))
        .workers(workers)
        .client_request_timeout(HEAD)
        .keep_alive(KEEP_ALIVE)
        // Frames are small and must not wait for the acknowledgement of the one before.
        .tcp_nodelay(true)
        .shutdown_timeout(DRAIN_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
