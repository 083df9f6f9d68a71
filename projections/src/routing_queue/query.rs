//! What is asked of the routing queue.

use chrono::{DateTime, Utc};
use openchat_domain::{AgentId, BusinessId, ConversationId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Available, Picture, QueueEntry, Waiting, priority};
use crate::{Db, QueryError, rows::Unreadable};

/// The place of conversation $2 of tenant $1, which counts no further than 1,000.
macro_rules! place_of {
    () => {
        "(select (select count(*) from ( \
            select 1 from routing q where q.tenant_id = w.tenant_id and q.waiting_position is not null \
                and (q.rank, q.waiting_position) <= (w.rank, w.waiting_position) \
            order by q.rank, q.waiting_position limit 1000) ahead) \
        from routing w where w.tenant_id = $1 and w.conversation_id = $2 and w.waiting_position is not null)"
    };
}
pub(crate) use place_of;

const PICTURE: &str = "\
    select conversation_id, waiting_position as at, waiting_since, rank, \
        null::text as name, null::bigint as capacity, null::bigint as load \
    from (select conversation_id, waiting_position, waiting_since, rank from routing \
        where tenant_id = $1 and waiting_position is not null order by rank, waiting_position limit 100) w \
    union all \
    select agent_id, last_assigned, null, null, name, capacity, \
        (select count(*) from routing r where r.tenant_id = a.tenant_id and r.assignee_id = a.agent_id and r.open) \
    from routing_agents a where tenant_id = $1 and active and online and coalesce( \
        (select (data #>> '{settings,preferences,autoAssign}')::boolean from businesses where tenant_id = $1), \
        true) \
    order by rank, at";

const QUEUE: &str = "\
    select conversation_id, rank, waiting_since from routing \
    where tenant_id = $1 and waiting_position is not null order by rank, waiting_position limit 1000";

const PLACE: &str = concat!("select ", place_of!());

// Steps from tenant to tenant through the index, however many conversations each has waiting.
const TENANTS_WITH_WAITING: &str = "\
    with recursive found as ( \
        (select tenant_id from routing where waiting_position is not null order by tenant_id limit 1) \
        union all \
        select (select tenant_id from routing where waiting_position is not null and tenant_id > found.tenant_id \
            order by tenant_id limit 1) from found where found.tenant_id is not null) \
    select tenant_id from found where tenant_id is not null";

/// Everything that routing looks at, as of one moment: the first 100 that wait, and the agents who may be chosen.
///
/// # Errors
/// [`QueryError`].
pub async fn picture(db: &impl Db, tenant: BusinessId, now: DateTime<Utc>) -> Result<Picture, QueryError> {
    let mut picture = Picture { now, waiting: vec![], agents: vec![] };
    for row in db.query(PICTURE, &[&tenant.uuid()]).await? {
        let (id, at) = (row.try_get(0)?, row.try_get(1)?);
        match row.try_get(2)? {
            Some(since) => picture.waiting.push(Waiting {
                conversation: ConversationId::from_uuid(id),
                position: at,
                since,
            }),
            None => picture.agents.push(available(AgentId::from_uuid(id), at, &row)?),
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
    rows.iter()
        .zip(1..)
        .map(|(row, position)| {
            Ok(QueueEntry {
                conversation_id: ConversationId::from_uuid(row.try_get(0)?),
                position,
                priority: priority(row.try_get(1)?)?,
                waiting_since: row.try_get(2)?,
            })
        })
        .collect()
}

/// A conversation's place in the queue, counted from 1 up to 1,000, which stands for all places beyond too;
/// `None` when it doesn't wait.
///
/// # Errors
/// [`QueryError`].
pub async fn place(
    db: &impl Db,
    tenant: BusinessId,
    conversation: ConversationId,
) -> Result<Option<i64>, QueryError> {
    let row = db.query_opt(PLACE, &[&tenant.uuid(), &conversation.uuid()]).await?;
    row.map_or(Ok(None), |row| Ok(row.try_get(0)?))
}

/// The businesses with somebody waiting. For a connection that serves all tenants.
///
/// # Errors
/// [`QueryError`].
pub async fn tenants_with_waiting(db: &impl Db) -> Result<Vec<BusinessId>, QueryError> {
    let rows = db.query(TENANTS_WITH_WAITING, &[]).await?;
    rows.iter().map(|row| Ok(BusinessId::from_uuid(row.try_get::<_, Uuid>(0)?))).collect()
}

fn available(id: AgentId, last_assigned: i64, row: &Row) -> Result<Available, QueryError> {
    let number = |index| -> Result<u32, QueryError> {
        Ok(u32::try_from(row.try_get::<_, i64>(index)?).map_err(|_| Unreadable("agent"))?)
    };
    let name =
        serde_json::from_value(row.try_get::<_, String>(4)?.into()).map_err(|_| Unreadable("agent"))?;
    Ok(Available { id, name, load: number(6)?, capacity: number(5)?, last_assigned })
}
