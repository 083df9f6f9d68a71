//! Reading what comes next in several tenants' logs at once.

use std::sync::Arc;

use openchat_domain::{BusinessId, Position, Recorded};
use openchat_projections::{Db, DbError, log};
use uuid::Uuid;

use super::apply::{Entry, READER};

const AFTER: &str = "
    select e.tenant_id, e.position, e.sequence, e.recorded_at, e.metadata, e.aggregate_type,
           e.aggregate_id, e.event_type, e.event_version, e.payload::text as payload
    from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as t (tenant_id, after, upto)
    cross join lateral (
        select * from events
        where tenant_id = t.tenant_id and position > t.after and position <= t.upto
        order by position limit $4
    ) e
    order by e.tenant_id, e.position";

/// A part of one tenant's log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// Whose.
    pub(crate) tenant: BusinessId,
    /// From behind this position.
    pub(crate) after: Position,
    /// Up to and with this one.
    pub(crate) upto: Position,
}

/// Up to `limit` entries of each part, in order.
pub(crate) async fn ranges(db: &impl Db, parts: &[Range], limit: i64) -> Result<Vec<Entry>, DbError> {
    let tenants: Vec<Uuid> = parts.iter().map(|p| p.tenant.uuid()).collect();
    let after: Vec<Position> = parts.iter().map(|p| p.after).collect();
    let upto: Vec<Position> = parts.iter().map(|p| p.upto).collect();
    let rows = db.query(AFTER, &[&tenants, &after, &upto, &limit]).await?;
    let entry = |row| match log::recorded(row) {
        Ok((recorded, _)) => Entry::Event(Arc::new(recorded)),
        Err(e) => Entry::Unreadable {
            tenant: BusinessId::from_uuid(row.get("tenant_id")),
            position: row.get("position"),
            aggregate_id: row.get("aggregate_id"),
            error: crate::store::chain(&e),
        },
    };
    Ok(rows.iter().map(entry).collect())
}

const VIEWED: &str = "select position from checkpoints where reader = $1 and tenant_id = $2";

/// Events of one tenant after a position and up to another, in order, at most `limit`; unreadable ones left out.
///
/// # Errors
/// When the log can't be read.
pub async fn read_range(
    db: &impl Db,
    tenant: BusinessId,
    after: Position,
    upto: Position,
    limit: i64,
) -> Result<Vec<Arc<Recorded>>, DbError> {
    let entries = ranges(db, &[Range { tenant, after, upto }], limit).await?;
    let readable = |entry| match entry {
        Entry::Event(event) => Some(event),
        Entry::Unreadable { .. } => None,
    };
    Ok(entries.into_iter().filter_map(readable).collect())
}

/// The position up to which the read models have committed a tenant's log, as this connection sees it.
///
/// # Errors
/// When the database can't be asked.
pub async fn viewed(db: &impl Db, tenant: BusinessId) -> Result<Position, DbError> {
    let row = db.query_opt(VIEWED, &[&READER, &tenant.uuid()]).await?;
    Ok(row.map_or(0, |row| row.get(0)))
}
