//! Reading what comes next in several tenants' logs at once.

use std::sync::Arc;

use openchat_domain::{BusinessId, Position};
use openchat_projections::{Db, DbError, log};
use uuid::Uuid;

use super::apply::Entry;

const AFTER: &str = "
    select e.tenant_id, e.position, e.sequence, e.recorded_at, e.metadata::text, e.aggregate_type,
           e.aggregate_id, e.event_type, e.event_version::int, e.payload::text
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
        Ok(recorded) => Entry::Event(Arc::new(recorded)),
        Err(e) => Entry::Unreadable {
            tenant: BusinessId::from_uuid(row.get("tenant_id")),
            position: row.get("position"),
            aggregate_id: row.get("aggregate_id"),
            error: crate::store::chain(&e),
        },
    };
    Ok(rows.iter().map(entry).collect())
}
