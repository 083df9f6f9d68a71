//! The routing queue: which conversations wait, in which order, and who could take them.
//!
//! A row per conversation says whether it waits or whose load it is, a row per agent whether it may be chosen, or
//! since when it is gone.
//! A resolved conversation keeps its row, which is small, because it keeps its priority should it be reopened;
//! the indexes hold only what waits and what is open.

mod fold;
mod query;
mod rule;
mod standing;

use chrono::{DateTime, Utc};
use futures_util::future::try_join;
use openchat_domain::{AgentId, ConversationId, Position, Recorded, conversation::Priority};
use tokio_postgres::Row;
use uuid::Uuid;

pub use query::{
    FURTHEST_PLACE, Stranded, is_any_left_behind, picture, place, queue, stranded, tenants_with_stranded,
    tenants_with_waiting,
};
pub(crate) use query::{place_of, read_place, standings, waiting};
pub use rule::{Available, Choice, Picture, RULE, choose};
pub use standing::{QueueEntry, Standing, Waiting};

use crate::{
    ApplyError, Db, DbError, Write,
    rows::{Kept, Rows, Unreadable, column, key_columns},
};

/// A conversation's row: what the queue and the agents' loads are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    standing: Standing,
    assignment: Option<Assignment>,
    /// Whether the customer waits for an answer: it spoke last, or no agent has spoken, in a message or a call, since the
    /// conversation was opened or reopened.
    unanswered: bool,
}

/// Whose a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Assignment {
    agent: AgentId,
    /// Since which position.
    at: Position,
}

/// An agent's row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seat {
    name: String,
    online: bool,
    capacity: i64,
    last_assigned: Position,
    /// The position at which it went offline, while it is.
    offline_since: Option<Position>,
    /// The position at which it left the team, if it has.
    deactivated_at: Option<Position>,
}

// A row is found one by one, by its key, even under a plan that was made while the table was small.
const LOAD_LINES: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, conversation_id, position, rank, snoozed, waiting_position, waiting_since, \
            assignee_id, assigned_at, unanswered \
        from routing where tenant_id = k.tenant and conversation_id = k.id limit 1) r";

const STORE_LINES: &str = "\
    insert into routing (tenant_id, conversation_id, position, rank, snoozed, waiting_position, waiting_since, \
        assignee_id, assigned_at, unanswered) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::smallint[], $5::boolean[], $6::bigint[], \
        $7::timestamptz[], $8::uuid[], $9::bigint[], $10::boolean[]) \
    on conflict (tenant_id, conversation_id) do update set \
        position = excluded.position, rank = excluded.rank, snoozed = excluded.snoozed, \
        waiting_position = excluded.waiting_position, waiting_since = excluded.waiting_since, \
        assignee_id = excluded.assignee_id, assigned_at = excluded.assigned_at, \
        unanswered = excluded.unanswered";

const LOAD_SEATS: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, agent_id, position, name, online, capacity, last_assigned, offline_since, \
            deactivated_at \
        from routing_agents where tenant_id = k.tenant and agent_id = k.id limit 1) r";

const STORE_SEATS: &str = "\
    insert into routing_agents (tenant_id, agent_id, position, name, online, capacity, last_assigned, \
        offline_since, deactivated_at) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::boolean[], $6::bigint[], \
        $7::bigint[], $8::bigint[], $9::bigint[]) \
    on conflict (tenant_id, agent_id) do update set \
        position = excluded.position, name = excluded.name, online = excluded.online, \
        capacity = excluded.capacity, last_assigned = excluded.last_assigned, \
        offline_since = excluded.offline_since, deactivated_at = excluded.deactivated_at";

/// What folding a batch of events in comes to.
///
/// # Errors
/// [`ApplyError`].
pub(crate) async fn writes(
    db: &impl Db,
    kept: &Kept<Line>,
    events: &[&Recorded],
) -> Result<Vec<Write>, ApplyError> {
    let (lines, seats) = try_join(lines(db, kept, events), seats(db, events)).await?;
    Ok(lines.into_iter().chain(seats).collect())
}

async fn lines(db: &impl Db, kept: &Kept<Line>, events: &[&Recorded]) -> Result<Option<Write>, ApplyError> {
    let steps: Vec<_> =
        events.iter().copied().filter_map(|event| Some((event, fold::line_step(event)?))).collect();
    let keys = steps.iter().map(|(event, (id, _))| (event.tenant, id.uuid()));
    let mut rows = Rows::known(db, kept, keys, LOAD_LINES, read_line).await?;
    for (event, (id, step)) in &steps {
        rows.fold_changes((event.tenant, id.uuid()), event.position, |row| fold::line(row, event, *id, step));
    }
    let write = store_lines(&rows);
    rows.keep(kept);
    Ok(write)
}

fn store_lines(rows: &Rows<Line>) -> Option<Write> {
    let rows = rows.changed();
    if rows.is_empty() {
        return None;
    }
    Some(
        Write::new(STORE_LINES)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.id))
            .with(column(&rows, |it| it.position))
            .with(column(&rows, |it| rank(&it.row.standing)))
            .with(column(&rows, |it| it.row.standing.snoozed))
            .with(column(&rows, |it| it.row.standing.waiting.map(|waiting| waiting.position)))
            .with(column(&rows, |it| it.row.standing.waiting.map(|waiting| waiting.since)))
            .with(column(&rows, |it| it.row.assignment.map(|assignment| assignment.agent.uuid())))
            .with(column(&rows, |it| it.row.assignment.map(|assignment| assignment.at)))
            .with(column(&rows, |it| it.row.unanswered)),
    )
}

async fn seats(db: &impl Db, events: &[&Recorded]) -> Result<Option<Write>, ApplyError> {
    let steps: Vec<_> =
        events.iter().copied().filter_map(|event| Some((event, fold::seat_step(event)?))).collect();
    if steps.is_empty() {
        return Ok(None);
    }
    let (tenants, ids) = key_columns(steps.iter().map(|(event, (id, _))| (event.tenant, id.uuid())));
    let mut rows = Rows::load(db, LOAD_SEATS, &[&tenants, &ids], read_seat).await?;
    for (event, (id, step)) in &steps {
        rows.fold((event.tenant, id.uuid()), event.position, |row| fold::seat(row, event, step));
    }
    let rows = rows.changed();
    Ok(Some(
        Write::new(STORE_SEATS)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.id))
            .with(column(&rows, |it| it.position))
            .with(column(&rows, |it| it.row.name.clone()))
            .with(column(&rows, |it| it.row.online))
            .with(column(&rows, |it| it.row.capacity))
            .with(column(&rows, |it| it.row.last_assigned))
            .with(column(&rows, |it| it.row.offline_since))
            .with(column(&rows, |it| it.row.deactivated_at)),
    ))
}

fn read_line(row: &Row) -> Result<Line, ApplyError> {
    let agent = row.try_get::<_, Option<Uuid>>("assignee_id")?.map(AgentId::from_uuid);
    let at: Option<Position> = row.try_get("assigned_at")?;
    Ok(Line {
        standing: read_standing::<ApplyError>(row)?,
        assignment: agent.zip(at).map(|(agent, at)| Assignment { agent, at }),
        unanswered: row.try_get("unanswered")?,
    })
}

fn read_standing<E: From<DbError> + From<Unreadable>>(row: &Row) -> Result<Standing, E> {
    let position: Option<Position> = row.try_get("waiting_position")?;
    let since: Option<DateTime<Utc>> = row.try_get("waiting_since")?;
    let (missed_call, priority) = of_rank(row.try_get("rank")?)?;
    Ok(Standing {
        conversation_id: ConversationId::from_uuid(row.try_get("conversation_id")?),
        priority,
        snoozed: row.try_get("snoozed")?,
        waiting: position.zip(since).map(|(position, since)| Waiting { since, position, missed_call }),
    })
}

fn read_seat(row: &Row) -> Result<Seat, ApplyError> {
    Ok(Seat {
        name: row.try_get(3)?,
        online: row.try_get(4)?,
        capacity: row.try_get(5)?,
        last_assigned: row.try_get(6)?,
        offline_since: row.try_get(7)?,
        deactivated_at: row.try_get(8)?,
    })
}

/// How far those who called in vain come before the others.
const MISSED_CALL: i16 = -4;

/// The order in which the queue serves, the lowest first: those who called in vain, then by priority.
fn rank(standing: &Standing) -> i16 {
    let rank = match standing.priority {
        Priority::Urgent => 0,
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
    };
    let first = standing.waiting.is_some_and(|waiting| waiting.missed_call);
    if first { rank + MISSED_CALL } else { rank }
}

/// Whether a rank is that of somebody who called in vain, and its priority.
const fn of_rank(rank: i16) -> Result<(bool, Priority), Unreadable> {
    let missed_call = rank < 0;
    let priority = match if missed_call { rank - MISSED_CALL } else { rank } {
        0 => Priority::Urgent,
        1 => Priority::High,
        2 => Priority::Normal,
        3 => Priority::Low,
        _ => return Err(Unreadable("priority")),
    };
    Ok((missed_call, priority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_serves_who_called_in_vain_then_the_more_urgent_first() {
        let priorities = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low];
        let order: Vec<_> =
            [true, false].into_iter().flat_map(|missed| priorities.map(|it| (missed, it))).collect();
        let standing = |&(missed_call, priority): &(bool, Priority)| {
            let waiting = Waiting { missed_call, ..Waiting::new(DateTime::UNIX_EPOCH, 1) };
            let usual = Standing::usual(ConversationId::from_uuid(Uuid::from_u128(1)));
            Standing { priority, waiting: Some(waiting), ..usual }
        };
        let ranks: Vec<_> = order.iter().map(|it| rank(&standing(it))).collect();
        assert!(ranks.is_sorted_by(|a, b| a < b));
        assert!(order.iter().map(|it| standing(it).entry().unwrap().key()).is_sorted());
        assert_eq!(ranks.iter().map(|rank| of_rank(*rank).unwrap()).collect::<Vec<_>>(), order);
        assert!(of_rank(4).is_err() && of_rank(-5).is_err());
    }
}
