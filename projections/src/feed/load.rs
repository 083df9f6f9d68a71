//! Snapshots out of the read models, equal to what folding the whole log would give.
//!
//! Every function takes several statements; run them inside one transaction that sees one moment.

use futures_util::future::{try_join, try_join5};
use openchat_domain::{AgentId, BusinessId, CustomerId, Position};

use super::{
    AgentSnapshot, AgentSummary, CustomerScope, CustomerSnapshot, OwnConversation, OwnProfile,
    PublicBusiness, QueueOrder,
};
use crate::{
    Db, QueryError,
    agents::{self, AgentStatus, AgentView},
    customers, inbox, replies, routing_queue,
    rows::Unreadable,
    settings::{self, BusinessView},
    transcript,
};

/// How far the read models have come, as the projector keeps it.
const POSITION: &str = "select position from checkpoints where reader = 'views' and tenant_id = $1";

/// What an agent's inbox begins with, given whether there can be calls; none when the agent isn't an active member of
/// the team.
///
/// # Errors
/// [`QueryError`].
pub async fn agent(
    db: &impl Db,
    tenant: BusinessId,
    agent: AgentId,
    calls: bool,
) -> Result<Option<AgentSnapshot>, QueryError> {
    let (business, team, mut conversations, queue, replies) = try_join5(
        settings::get(db, tenant),
        agents::list(db, tenant),
        inbox::unresolved(db, tenant),
        routing_queue::waiting(db, tenant),
        replies::list(db, tenant),
    )
    .await?;
    if !team.iter().any(|it| it.id == agent && it.status == AgentStatus::Active) {
        return Ok(None);
    }
    let BusinessView { business, settings, .. } = business.ok_or(Unreadable("business"))?;
    let complete = conversations.len() <= AgentSnapshot::CONVERSATIONS;
    conversations.truncate(AgentSnapshot::CONVERSATIONS);
    let agents = team.into_iter().filter_map(summary).collect();
    Ok(Some(AgentSnapshot {
        me: agent,
        business,
        settings,
        agents,
        conversations,
        queue,
        replies,
        complete,
        calls,
    }))
}

/// What a customer's page begins with; none when there is no such customer.
///
/// # Errors
/// [`QueryError`].
pub async fn customer(
    db: &impl Db,
    tenant: BusinessId,
    customer: CustomerId,
) -> Result<Option<CustomerSnapshot>, QueryError> {
    let known = customers::get(db, tenant, customer);
    let Some(known) = known.await? else { return Ok(None) };
    let (business, current) =
        try_join(settings::get(db, tenant), inbox::last_of_customer(db, tenant, customer)).await?;
    let BusinessView { business, settings, .. } = business.ok_or(Unreadable("business"))?;
    let conversation = match current {
        None => None,
        Some(current) => {
            let limit = i64::try_from(OwnConversation::MESSAGES).unwrap_or(i64::MAX);
            let latest = transcript::messages(db, tenant, current.id, None, limit).await?;
            Some(OwnConversation::new(current, latest))
        }
    };
    Ok(Some(CustomerSnapshot {
        customer: OwnProfile { id: customer, name: known.name, email: known.email, phone: known.phone },
        business: PublicBusiness::new(business.name, settings),
        conversation,
    }))
}

/// A customer and its conversations.
///
/// # Errors
/// [`QueryError`].
pub async fn scope(
    db: &impl Db,
    tenant: BusinessId,
    customer: CustomerId,
) -> Result<CustomerScope, QueryError> {
    Ok(CustomerScope::new(customer, inbox::ids_of_customer(db, tenant, customer).await?))
}

/// The queue, as of the position that the read models have come to.
///
/// # Errors
/// [`QueryError`].
pub async fn queue(db: &impl Db, tenant: BusinessId) -> Result<QueueOrder, QueryError> {
    let standings = routing_queue::standings(db, tenant).await?;
    let tenant = tenant.uuid();
    let position: Position = match db.query_opt(POSITION, &[&tenant]).await? {
        Some(row) => row.try_get(0)?,
        None => 0,
    };
    Ok(QueueOrder::new(position, standings))
}

fn summary(agent: AgentView) -> Option<AgentSummary> {
    let joined = match agent.status {
        AgentStatus::Invited => false,
        AgentStatus::Active => true,
        AgentStatus::Deactivated => return None,
    };
    Some(AgentSummary {
        id: agent.id,
        name: agent.name,
        email: agent.email,
        role: agent.role,
        joined,
        availability: agent.availability,
        capacity: agent.capacity,
        skills: agent.skills,
    })
}
