//! What OpenChat does by itself: routing, handing back the work of agents who are gone, waking snoozed conversations.
//!
//! Reactions compare the read models with a rule and act through ordinary commands; they keep no state and no
//! checkpoint of their own. A crash between looking and acting repeats the look; a command that was carried out
//! already is recognised by its id, which derives from what caused it. Of several nodes only the one that leads reacts, and
//! what it does under a leadership that has passed is not recorded.

mod calls;
mod release;
mod routing;
mod timers;

use std::{collections::BTreeSet, time::Duration};

use openchat_domain::{
    BusinessId, DomainEvent, Recorded, agent::AgentEvent, conversation::ConversationEvent,
};
use openchat_projections::routing_queue;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    projector::Committed,
    store::{ExecuteError, StoreError, chain},
};

pub use calls::run as run_calls;
pub use timers::run as run_timers;

/// How often every tenant with waiting conversations is looked at, in case no event said that it was time.
const LOOK: Duration = Duration::from_secs(5);
/// How many tenants are served at once.
const AT_ONCE: usize = 4;

/// Serves tenants as their logs move, until told to stop.
pub async fn run(app: App, mut committed: mpsc::UnboundedReceiver<Committed>, stop: CancellationToken) {
    let mut due: BTreeSet<BusinessId> = BTreeSet::new();
    let mut serving = tokio::task::JoinSet::new();
    let mut served: BTreeSet<BusinessId> = BTreeSet::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut led = None;
    let mut fresh = true;
    loop {
        let leads = app.node.fence();
        if led != leads {
            led = leads;
            due.clear();
            look.reset_immediately();
            fresh = true;
        }
        while serving.len() < AT_ONCE {
            let Some(tenant) = due.iter().find(|t| !served.contains(t)).copied() else { break };
            due.remove(&tenant);
            served.insert(tenant);
            let app = app.clone();
            serving.spawn(async move { (tenant, serve(&app, tenant).await) });
        }
        tokio::select! {
            Some(news) = committed.recv() => {
                let concerned = news.events.is_empty() || news.events.iter().any(|e| concerns(e));
                if led.is_some() && concerned {
                    due.insert(news.tenant);
                }
            }
            Some(done) = serving.join_next() => match done {
                Ok((tenant, result)) => {
                    served.remove(&tenant);
                    if let Err(e) = result {
                        tracing::warn!(error = chain(&e), "a reaction failed; it will be tried again");
                    }
                }
                Err(e) => tracing::error!(error = %e, "a reaction panicked"),
            },
            () = app.node.changed(led) => {}
            _ = look.tick(), if led.is_some() => match tenants_with_work(&app, fresh).await {
                Ok(tenants) => {
                    due.extend(tenants);
                    fresh = false;
                }
                Err(e) => tracing::warn!(error = chain(&e), "waiting conversations could not be looked for"),
            },
            () = stop.cancelled() => break,
        }
    }
    // What is half-done is finished; the rest is found again at the next start.
    while serving.join_next().await.is_some() {}
}

/// What the tenant's read models say is to be done, done.
async fn serve(app: &App, tenant: BusinessId) -> Result<(), StoreError> {
    let Some(fence) = app.node.fence() else { return Ok(()) };
    release::serve(app, tenant, fence).await?;
    routing::serve(app, tenant, fence).await
}

/// Whether an event can give release or routing something to do.
fn concerns(event: &Recorded) -> bool {
    match &event.event {
        DomainEvent::Conversation(_, change) => matches!(
            change,
            ConversationEvent::Opened { .. }
                | ConversationEvent::MessagePosted { .. }
                | ConversationEvent::Unassigned { .. }
                | ConversationEvent::Assigned { .. }
                | ConversationEvent::Snoozed { .. }
                | ConversationEvent::Resolved { .. }
                | ConversationEvent::Reopened { .. }
        ),
        DomainEvent::Agent(_, change) => matches!(
            change,
            AgentEvent::AvailabilityChanged { .. }
                | AgentEvent::CapacityChanged { .. }
                | AgentEvent::Deactivated { .. }
        ),
        DomainEvent::Business(..) => true,
        DomainEvent::Customer(..) => false,
    }
}

/// The tenants with something to do; in a `fresh` leadership also what an earlier leader has left undone.
async fn tenants_with_work(app: &App, fresh: bool) -> Result<Vec<BusinessId>, StoreError> {
    let db = app.pools.worker().await?;
    let mut tenants = routing_queue::tenants_with_waiting(&db).await?;
    if fresh {
        tenants.extend(routing_queue::tenants_with_stranded(&db).await?);
    }
    Ok(tenants)
}

/// A refusal or a fact that has changed is no failure: the next look sees what there is to do then.
fn moved_on<R: std::error::Error>(
    result: Result<crate::store::Executed, ExecuteError<R>>,
) -> Result<bool, StoreError> {
    match result {
        Ok(_) => Ok(false),
        Err(ExecuteError::Refused(_) | ExecuteError::Unmet | ExecuteError::Contended) => Ok(true),
        Err(ExecuteError::Store(e)) => Err(e),
    }
}
