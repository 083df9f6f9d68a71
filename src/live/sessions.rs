//! Closes the sockets of sessions that are over: at once in this process, within a second when another ended them.

use std::time::Duration;

use openchat_domain::SessionId;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    store::{StoreError, chain},
};

/// How often the open sockets' sessions are looked up.
const LOOK: Duration = Duration::from_millis(800);

/// Watches until told to stop.
pub async fn watch_sessions(app: App, stop: CancellationToken) {
    let mut ended = app.accounts.ended();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            session = ended.recv() => match session {
                Ok(session) => app.hub.end_session(session.0),
                // The next look finds them.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = look.tick() => if let Err(e) = look_up(&app).await {
                tracing::warn!(error = chain(&e), "the open sockets' sessions could not be looked up");
            },
            () = stop.cancelled() => return,
        }
    }
}

async fn look_up(app: &App) -> Result<(), StoreError> {
    let mut open: Vec<SessionId> = app.hub.sessions().await;
    if open.is_empty() {
        return Ok(());
    }
    open.sort_unstable();
    open.dedup();
    for session in app.accounts.over(&open).await? {
        app.hub.end_session(session);
    }
    Ok(())
}
