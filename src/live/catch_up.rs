//! What a socket is given before it joins its room: a snapshot at a position, or the deltas it has missed.

use std::time::Duration;

use openchat_domain::{AgentId, BusinessId, CustomerId, Position};
use openchat_projections::feed::{AgentDelta, AgentFrame, CustomerFrame, CustomerScope, Notice, load};

use super::{
    room::{Room, SocketId, frame},
    wire::Frame,
};
use crate::{
    app::App,
    projector::{read_range, viewed},
    store::{Pools, StoreError},
};

/// The most events that a socket can have missed and still resume; beyond that a snapshot is less.
const REPLAY: i64 = 5_000;
/// How long to wait for a position that a client has seen elsewhere.
const PATIENCE: Duration = Duration::from_secs(2);

/// A frame, and the position up to which the reader knows everything once it has it.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) position: Position,
    pub(super) frame: Frame,
}

/// Whether a client that was at a position can go on from there.
pub(super) async fn can_resume(app: &App, tenant: BusinessId, after: Position) -> Result<bool, StoreError> {
    let seen = viewed(&app.pools.tenant(tenant).await?, tenant).await?;
    if after > seen {
        return Ok(app.views.wait(tenant, after, PATIENCE).await.is_ok());
    }
    Ok(after >= 0 && seen - after <= REPLAY)
}

/// A fresh snapshot for an agent; none when it isn't on the team.
pub(super) async fn agent_hello(
    app: &App,
    tenant: BusinessId,
    agent: AgentId,
) -> Result<Option<Placed>, StoreError> {
    let mut db = app.pools.tenant(tenant).await?;
    let tx = db.begin_snapshot().await?;
    let position = viewed(&tx, tenant).await?;
    let Some(snapshot) = load::agent(&tx, tenant, agent, app.calls.media().is_some()).await? else {
        return Ok(None);
    };
    let frame = frame(&AgentFrame::Notice(Notice::Hello { position, snapshot }));
    Ok(Some(Placed { position, frame }))
}

/// The team's deltas that the log holds after a position, and the position up to which they tell everything.
pub(super) async fn agent_deltas(
    app: &App,
    tenant: BusinessId,
    after: Position,
) -> Result<(Vec<Frame>, Position), StoreError> {
    let db = app.pools.worker().await?;
    let upto = viewed(&db, tenant).await?.min(after + REPLAY);
    let mut previous = after;
    let mut frames = Vec::new();
    for event in read_range(&db, tenant, after, upto, REPLAY).await? {
        if let Some(delta) = AgentDelta::for_agents(&event) {
            frames.push(delta.to_json(previous).into());
            previous = event.position;
        }
    }
    Ok((frames, upto))
}

/// A fresh snapshot for a customer, and what is the customer's; none when there is no such customer.
pub(super) async fn customer_hello(
    app: &App,
    tenant: BusinessId,
    customer: CustomerId,
) -> Result<Option<(Placed, CustomerScope)>, StoreError> {
    let mut db = app.pools.tenant(tenant).await?;
    let tx = db.begin_snapshot().await?;
    let position = viewed(&tx, tenant).await?;
    let Some(snapshot) = load::customer(&tx, tenant, customer).await? else { return Ok(None) };
    let scope = load::scope(&tx, tenant, customer).await?;
    let frame = frame(&CustomerFrame::Notice(Notice::Hello { position, snapshot }));
    Ok(Some((Placed { position, frame }, scope)))
}

/// What is the customer's now.
pub(super) async fn customer_scope(
    app: &App,
    tenant: BusinessId,
    customer: CustomerId,
) -> Result<CustomerScope, StoreError> {
    let db = app.pools.tenant(tenant).await?;
    Ok(load::scope(&db, tenant, customer).await?)
}

/// A room that begins where the read models are now.
pub(super) async fn room(pools: &Pools, tenant: BusinessId, first: SocketId) -> Result<Room, StoreError> {
    let mut db = pools.tenant(tenant).await?;
    let tx = db.begin_snapshot().await?;
    Ok(Room::new(load::queue(&tx, tenant).await?, first))
}
