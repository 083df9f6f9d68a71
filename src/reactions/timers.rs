//! What time alone sets off: snoozes that run out.

use std::time::Duration;

use openchat_domain::conversation::{Conversation, ConversationCommand};
use openchat_projections::inbox;
use tokio_util::sync::CancellationToken;

use super::moved_on;
use crate::{
    app::App,
    store::{Context, StoreError, chain},
};

/// How often snoozes are looked at.
const SNOOZES: Duration = Duration::from_secs(1);
/// How many snoozes one look ends.
const BATCH: i64 = 500;

/// Runs the timers until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    let mut snoozes = tokio::time::interval(SNOOZES);
    snoozes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let result = tokio::select! {
            _ = snoozes.tick() => end_snoozes(&app).await,
            () = stop.cancelled() => return,
        };
        if let Err(e) = result {
            tracing::warn!(error = chain(&e), "a timer's work failed; it will be tried again");
        }
    }
}

async fn end_snoozes(app: &App) -> Result<(), StoreError> {
    let Some(fence) = app.node.fence() else { return Ok(()) };
    let now = app.clock.now();
    let db = app.pools.worker().await?;
    let due = inbox::snoozed_due(&db, now, BATCH).await?;
    drop(db);
    for (tenant, conversation) in due {
        let context = Context::system(tenant, "timers").under(fence);
        let command = ConversationCommand::EndSnooze { now };
        moved_on(app.aggregates.execute::<Conversation>(&context, conversation, &command).await)?;
    }
    Ok(())
}
