//! What is asked of the routing queue.

use chrono::{DateTime, Utc};
use openchat_domain::{AgentId, BusinessId, ConversationId, Position, conversation::UnassignmentReason};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Available, Picture, QueueEntry, Standing, read_standing};
use crate::{Db, QueryError, rows::Unreadable};

/// The furthest place in the queue that is told apart from those behind it.
pub const FURTHEST_PLACE: u32 = 1000;

/// A conversation whose agent will not answer, so that it belongs in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranded {
    /// Which.
    pub conversation: ConversationId,
    /// Whose it is.
    pub agent: AgentId,
    /// The position since which it is this agent's.
    pub assigned_at: Position,
    /// The position at which the agent went.
    pub cause: Position,
    /// How: off the team, or offline while a customer waits for the answer.
    pub reason: UnassignmentReason,
}

/// The place of a conversation of tenant $1 in its queue; it counts no further than [`FURTHEST_PLACE`].
macro_rules! place_of {
    ($conversation:literal) => {
        concat!(
            "(select (select count(*) from ( \
                select 1 from routing q where q.tenant_id = w.tenant_id and q.waiting_position is not null \
                    and (q.rank, q.waiting_position) <= (w.rank, w.waiting_position) \
                order by q.rank, q.waiting_position limit 1000) ahead) \
            from routing w where w.tenant_id = $1 and w.conversation_id = ",
            $conversation,
            " and w.waiting_position is not null)"
        )
    };
}
pub(crate) use place_of;

const PICTURE: &str = "\
    select conversation_id, rank, snoozed, waiting_position, waiting_since, \
        null::text as name, null::bigint as capacity, null::bigint as load, null::bigint as last_assigned \
    from (select conversation_id, rank, snoozed, waiting_position, waiting_since from routing \
        where tenant_id = $1 and waiting_position is not null order by rank, waiting_position limit 100) w \
    union all \
    select agent_id, null, null, null, null, name, capacity, (select count(*) from routing r \
        where r.tenant_id = a.tenant_id and r.assignee_id = a.agent_id and not r.snoozed), last_assigned \
    from routing_agents a where tenant_id = $1 and online and coalesce( \
        (select (data #>> '{settings,preferences,autoAssign}')::boolean from businesses where tenant_id = $1), \
        true) \
    order by rank, waiting_position";

macro_rules! waiting {
    ($limit:literal) => {
        concat!(
            "select conversation_id, rank, snoozed, waiting_position, waiting_since from routing \
            where tenant_id = $1 and waiting_position is not null order by rank, waiting_position",
            $limit
        )
    };
}

const QUEUE: &str = waiting!(" limit 1000");

const WAITING: &str = waiting!("");

const STANDINGS: &str = "\
    select conversation_id, rank, snoozed, waiting_position, waiting_since from routing \
    where tenant_id = $1 and (waiting_position is not null or snoozed or rank <> 2)";

const PLACE: &str = concat!("select ", place_of!("$2"));

/// Whether agent `a` is gone: off the team, or offline.
macro_rules! gone {
    () => {
        "(deactivated_at is not null or offline_since is not null)"
    };
}

/// What agent `a`, who is gone, has left behind: all that it has, or what it has got before it went offline.
macro_rules! left_behind {
    ($columns:literal, $and:literal) => {
        concat!(
            "select ",
            $columns,
            " from routing where tenant_id = a.tenant_id and assignee_id = a.agent_id \
            and (a.deactivated_at is not null or not snoozed",
            $and,
            " and assigned_at < a.offline_since)"
        )
    };
}

// From the agents to their conversations, so that it costs little while agents are gone and leave nothing behind.
const STRANDED: &str = concat!(
    "select conversation_id, agent_id, assigned_at, deactivated_at, offline_since from routing_agents a \
    cross join lateral (",
    left_behind!("conversation_id, assigned_at", " and unanswered"),
    " offset 0) r where tenant_id = $1 and ",
    gone!(),
    " order by assigned_at"
);

// In the same way, and no further than the first.
const LEFT_BEHIND: &str = concat!(
    "select exists (select from routing_agents a where tenant_id = $1 and ",
    gone!(),
    " and exists (",
    left_behind!("", ""),
    " offset 0))"
);

// Steps from tenant to tenant through the index, however many conversations each has waiting.
const TENANTS_WITH_WAITING: &str = "\
    with recursive found as ( \
        (select tenant_id from routing where waiting_position is not null order by tenant_id limit 1) \
        union all \
        select (select tenant_id from routing where waiting_position is not null and tenant_id > found.tenant_id \
            order by tenant_id limit 1) from found where found.tenant_id is not null) \
    select tenant_id from found where tenant_id is not null";

const TENANTS_WITH_STRANDED: &str = concat!(
    "select distinct tenant_id from routing_agents a where ",
    gone!(),
    " and exists (",
    left_behind!("", " and unanswered"),
    ")"
);

/// The tenants in which somebody waits for an agent who will not answer.
///
/// # Errors
/// [`QueryError`].
pub async fn tenants_with_stranded(db: &impl Db) -> Result<Vec<BusinessId>, QueryError> {
    let rows = db.query(TENANTS_WITH_STRANDED, &[]).await?;
    rows.iter().map(|row| Ok(BusinessId::from_uuid(row.try_get(0)?))).collect()
}

/// Everything that routing looks at, as of one moment: the first 100 that wait, and the agents who may be chosen.
///
/// # Errors
/// [`QueryError`].
pub async fn picture(db: &impl Db, tenant: BusinessId, now: DateTime<Utc>) -> Result<Picture, QueryError> {
    let mut picture = Picture { now, waiting: vec![], agents: vec![] };
    for row in db.query(PICTURE, &[&tenant.uuid()]).await? {
        if row.try_get::<_, Option<Position>>("waiting_position")?.is_some() {
            picture.waiting.push(read_entry(&row)?);
        } else {
            picture.agents.push(available(&row)?);
        }
    }
    Ok(picture)
}

/// The queue in its order; of a longer one the first 1,000.
///
/// # Errors
/// [`QueryError`].
pub async fn queue(db: &impl Db, tenant: BusinessId) -> Result<Vec<QueueEntry>, QueryError> {
    let rows = db.query(QUEUE, &[&tenant.uuid()]).await?;
    rows.iter().map(read_entry).collect()
}

/// The whole queue in its order, however long.
///
/// # Errors
/// [`QueryError`].
pub(crate) async fn waiting(db: &impl Db, tenant: BusinessId) -> Result<Vec<QueueEntry>, QueryError> {
    let rows = db.query(WAITING, &[&tenant.uuid()]).await?;
    rows.iter().map(read_entry).collect()
}

/// Every conversation of which the queue must know something.
///
/// # Errors
/// [`QueryError`].
pub(crate) async fn standings(db: &impl Db, tenant: BusinessId) -> Result<Vec<Standing>, QueryError> {
    let rows = db.query(STANDINGS, &[&tenant.uuid()]).await?;
    rows.iter().map(read_standing).collect()
}

/// A conversation's place in the queue, counted from 1 up to [`FURTHEST_PLACE`], which stands for all places beyond
/// too; `None` when it doesn't wait.
///
/// # Errors
/// [`QueryError`].
pub async fn place(
    db: &impl Db,
    tenant: BusinessId,
    conversation: ConversationId,
) -> Result<Option<u32>, QueryError> {
    let row = db.query_opt(PLACE, &[&tenant.uuid(), &conversation.uuid()]).await?;
    row.map_or(Ok(None), |row| read_place(&row, 0))
}

/// The conversations that belong in the queue although they are somebody's: those of agents who have left the team,
/// and the open ones of agents who went offline after getting them and before answering; the longest held first.
///
/// # Errors
/// [`QueryError`].
pub async fn stranded(db: &impl Db, tenant: BusinessId) -> Result<Vec<Stranded>, QueryError> {
    let rows = db.query(STRANDED, &[&tenant.uuid()]).await?;
    rows.iter()
        .map(|row| {
            let (cause, reason) = match row.try_get(3)? {
                Some(deactivated_at) => (deactivated_at, UnassignmentReason::AgentDeactivated),
                None => (row.try_get(4)?, UnassignmentReason::AgentOffline),
            };
            Ok(Stranded {
                conversation: ConversationId::from_uuid(row.try_get(0)?),
                agent: AgentId::from_uuid(row.try_get(1)?),
                assigned_at: row.try_get(2)?,
                cause,
                reason,
            })
        })
        .collect()
}

/// Whether an agent who is gone has anything that is stranded, or will be when its customer says something.
///
/// # Errors
/// [`QueryError`].
pub async fn is_any_left_behind(db: &impl Db, tenant: BusinessId) -> Result<bool, QueryError> {
    let row = db.query_opt(LEFT_BEHIND, &[&tenant.uuid()]).await?;
    Ok(row.map_or(Ok(false), |row| row.try_get(0))?)
}

/// The businesses with somebody waiting. For a connection that serves all tenants.
///
/// # Errors
/// [`QueryError`].
pub async fn tenants_with_waiting(db: &impl Db) -> Result<Vec<BusinessId>, QueryError> {
    let rows = db.query(TENANTS_WITH_WAITING, &[]).await?;
    rows.iter().map(|row| Ok(BusinessId::from_uuid(row.try_get::<_, Uuid>(0)?))).collect()
}

/// Reads what [`place_of`] selects.
pub(crate) fn read_place(row: &Row, index: usize) -> Result<Option<u32>, QueryError> {
    let place: Option<i64> = row.try_get(index)?;
    Ok(place.map(u32::try_from).transpose().map_err(|_| Unreadable("place"))?)
}

fn read_entry(row: &Row) -> Result<QueueEntry, QueryError> {
    let standing: Standing = read_standing::<QueryError>(row)?;
    Ok(standing.entry().ok_or(Unreadable("queue"))?)
}

fn available(row: &Row) -> Result<Available, QueryError> {
    let number = |column| -> Result<u32, QueryError> {
        Ok(u32::try_from(row.try_get::<_, i64>(column)?).map_err(|_| Unreadable("agent"))?)
    };
    let name: String = row.try_get("name")?;
    Ok(Available {
        id: AgentId::from_uuid(row.try_get("conversation_id")?),
        name: serde_json::from_value(name.into()).map_err(|_| Unreadable("agent"))?,
        load: number("load")?,
        capacity: number("capacity")?,
        last_assigned: row.try_get("last_assigned")?,
    })
}
