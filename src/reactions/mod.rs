//! What OpenChat does by itself: routing, handing back the work of agents who are gone, waking snoozed conversations.
//!
//! Reactions compare the read models with a rule and act through ordinary commands; they keep no checkpoint, and of what
//! they have seen only where there is nothing to look for. A crash between looking and acting repeats the look; a command
//! that was carried out already is recognised by its id, which derives from what caused it. Of several nodes only the one
//! that leads reacts, and what it does under a leadership that has passed is not recorded.

mod calls;
mod release;
mod routing;
mod timers;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use openchat_domain::{
    BusinessId, DomainEvent, Recorded,
    agent::AgentEvent,
    conversation::{ConversationEvent, Side},
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
    let mut due: BTreeMap<BusinessId, Work> = BTreeMap::new();
    let mut serving = tokio::task::JoinSet::new();
    let mut served: BTreeSet<BusinessId> = BTreeSet::new();
    // Where nobody who is gone has left anything behind that a customer's message could make due, as was seen after all that
    // could have changed it.
    let mut calm: BTreeSet<BusinessId> = BTreeSet::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut led = None;
    let mut fresh = true;
    loop {
        let leads = app.node.fence();
        if led != leads {
            led = leads;
            due.clear();
            calm.clear();
            look.reset_immediately();
            fresh = true;
        }
        while serving.len() < AT_ONCE {
            let Some((&tenant, &work)) = due.iter().find(|(t, _)| !served.contains(t)) else { break };
            due.remove(&tenant);
            calm.remove(&tenant);
            served.insert(tenant);
            let app = app.clone();
            serving.spawn(async move { (tenant, leads, serve(&app, tenant, work).await) });
        }
        tokio::select! {
            Some(news) = committed.recv() => {
                let untold = news.events.is_empty().then_some(Work::All);
                let work = news.events.iter().filter_map(|e| concerns(e)).max().or(untold);
                let idle = work == Some(Work::Release) && calm.contains(&news.tenant);
                if let Some(work) = work.filter(|_| led.is_some() && !idle) {
                    let due = due.entry(news.tenant).or_insert(work);
                    *due = work.max(*due);
                }
            }
            Some(done) = serving.join_next() => match done {
                Ok((tenant, under, result)) => {
                    served.remove(&tenant);
                    match result {
                        // What has come since is looked at first.
                        Ok(true) if under == led && !due.contains_key(&tenant) => {
                            calm.insert(tenant);
                        }
                        Ok(_) => {}
                        Err(e) => tracing::warn!(error = chain(&e), "a reaction failed; it will be tried again"),
                    }
                }
                Err(e) => tracing::error!(error = %e, "a reaction panicked"),
            },
            () = app.node.changed(led) => {}
            _ = look.tick(), if led.is_some() => match tenants_with_work(&app, fresh).await {
                Ok(tenants) => {
                    due.extend(tenants.into_iter().map(|tenant| (tenant, Work::All)));
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

/// What an event gives to do, the more the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    /// An agent who is gone may have to hand a conversation back, which is then an event of its own.
    Release,
    /// That, and a conversation may have to be given to somebody.
    All,
}

/// What the tenant's read models say is to be done, done. Answers whether nothing is left behind by anybody who is gone.
async fn serve(app: &App, tenant: BusinessId, work: Work) -> Result<bool, StoreError> {
    let Some(fence) = app.node.fence() else { return Ok(false) };
    let calm = release::serve(app, tenant, fence).await?;
    match work {
        Work::Release => {}
        Work::All => routing::serve(app, tenant, fence).await?,
    }
    Ok(calm)
}

/// What release or routing may have to do after an event.
fn concerns(event: &Recorded) -> Option<Work> {
    use ConversationEvent as E;
    match &event.event {
        DomainEvent::Conversation(_, change) => match change {
            // Most events by far: who waits and who has room is the same after it.
            E::MessagePosted { author, .. } => {
                (author.side() == Some(Side::Customer)).then_some(Work::Release)
            }
            E::Opened { .. }
            | E::Unassigned { .. }
            | E::Assigned { .. }
            | E::Snoozed { .. }
            | E::Resolved { .. }
            | E::Reopened { .. } => Some(Work::All),
            _ => None,
        },
        DomainEvent::Agent(_, change) => matches!(
            change,
            AgentEvent::AvailabilityChanged { .. }
                | AgentEvent::CapacityChanged { .. }
                | AgentEvent::Deactivated { .. }
        )
        .then_some(Work::All),
        DomainEvent::Business(..) => Some(Work::All),
        DomainEvent::Customer(..) => None,
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
