//! Reading the audit timeline: pages, one stream's history, the log as of a time, export.

use chrono::{DateTime, Utc};
use openchat_domain::{BusinessId, Position, Recorded, Stream};
use serde_json::value::RawValue;
use tokio_postgres::Row;

use super::AuditEntry;
use crate::{
    Db, DbError,
    log::{LogError, recorded, select_events},
};

/// Which events of a business's log to read; what is left out doesn't restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those that one actor caused: its id, or for OpenChat itself the part's name.
    pub actor: Option<String>,
    /// Those of one conversation, customer, agent or business.
    pub stream: Option<Stream>,
    /// Those of one type, by its name in the log.
    pub event_type: Option<String>,
    /// Those recorded at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Those recorded before this time.
    pub until: Option<DateTime<Utc>>,
    /// Those that were there at some moment.
    pub as_of: Option<AsOf>,
}

/// A moment of a business's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// When this position was the last.
    Position(Position),
    /// A time: up to the last position that was recorded at it or before.
    Time(DateTime<Utc>),
}

/// The order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    NewestFirst,
    OldestFirst,
}

/// Events between two positions (both exclusive, `$2` and `$3`) that pass the filter (`$4` to `$7`), `$8` at most.
macro_rules! select_filtered {
    ($rest:expr) => {
        select_events!(concat!(
            "and position > $2 and position < $3 ",
            "and ($4::text is null or metadata ->> 'actorId' = $4) ",
            "and ($5::text is null or event_type = $5) ",
            "and ($6::timestamptz is null or recorded_at >= $6) ",
            "and ($7::timestamptz is null or recorded_at < $7) ",
            $rest,
            " limit $8"
        ))
    };
}

// A stream's events are looked up by the index on its own order, which is also that of their positions.
// The id alone names the stream: its prefix says what it is.
const NEWEST: &str = select_filtered!("order by position desc");
const OLDEST: &str = select_filtered!("order by position");
const NEWEST_OF_STREAM: &str = select_filtered!("and aggregate_id = $9 order by sequence desc");
const OLDEST_OF_STREAM: &str = select_filtered!("and aggregate_id = $9 order by sequence");

/// The last position of a moment, or of the log; 0 before the first event.
///
/// # Errors
/// [`DbError`] when the statement fails.
pub async fn position_as_of(
    db: &impl Db,
    tenant: BusinessId,
    as_of: Option<AsOf>,
) -> Result<Position, DbError> {
    // Times need not rise with positions when a clock is set back, so the last one wins.
    const SQL: &str = "select position from events where tenant_id = $1 \
                       and recorded_at <= coalesce($2::timestamptz, 'infinity') order by position desc limit 1";
    let time = match as_of {
        Some(AsOf::Position(position)) => return Ok(position),
        Some(AsOf::Time(time)) => Some(time),
        None => None,
    };
    match db.query_opt(SQL, &[&tenant.uuid(), &time]).await? {
        Some(row) => row.try_get(0),
        None => Ok(0),
    }
}

/// The newest events before a position (or of all), newest first; the last one's position begins the next page.
///
/// # Errors
/// [`LogError`] when the log can't be read.
pub async fn page(
    db: &impl Db,
    tenant: BusinessId,
    filter: &AuditFilter,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<AuditEntry>, LogError> {
    let before = before.unwrap_or(Position::MAX);
    filtered(db, tenant, filter, Direction::NewestFirst, (0, before), limit).await
}

/// The events after a position, in order; the last one's position begins the next part of the export.
///
/// # Errors
/// [`LogError`] when the log can't be read.
pub async fn export(
    db: &impl Db,
    tenant: BusinessId,
    filter: &AuditFilter,
    after: Position,
    limit: i64,
) -> Result<Vec<AuditEntry>, LogError> {
    filtered(db, tenant, filter, Direction::OldestFirst, (after, Position::MAX), limit).await
}

/// One stream's events after a sequence number, in order, up to a position of the log, each with its payload.
///
/// # Errors
/// [`LogError`] when the log can't be read.
pub async fn history(
    db: &impl Db,
    tenant: BusinessId,
    stream: Stream,
    after_sequence: i64,
    up_to: Position,
    limit: i64,
) -> Result<Vec<(Recorded, String)>, LogError> {
    const SQL: &str = select_events!(
        "and aggregate_id = $2 and sequence > $3 and position <= $4 order by sequence limit $5"
    );
    let id = stream.aggregate_id();
    let rows = db.query(SQL, &[&tenant.uuid(), &id, &after_sequence, &up_to, &limit]).await?;
    rows.iter().map(recorded).collect()
}

async fn filtered(
    db: &impl Db,
    tenant: BusinessId,
    filter: &AuditFilter,
    direction: Direction,
    (after, before): (Position, Position),
    limit: i64,
) -> Result<Vec<AuditEntry>, LogError> {
    let before = match filter.as_of {
        as_of @ Some(_) => position_as_of(db, tenant, as_of).await?.saturating_add(1).min(before),
        None => before,
    };
    let tenant = tenant.uuid();
    let AuditFilter { actor, stream, event_type, from, until, as_of: _ } = filter;
    let rows = match stream {
        None => {
            let sql = match direction {
                Direction::NewestFirst => NEWEST,
                Direction::OldestFirst => OLDEST,
            };
            db.query(sql, &[&tenant, &after, &before, actor, event_type, from, until, &limit]).await?
        }
        Some(stream) => {
            let sql = match direction {
                Direction::NewestFirst => NEWEST_OF_STREAM,
                Direction::OldestFirst => OLDEST_OF_STREAM,
            };
            let id = stream.aggregate_id();
            db.query(sql, &[&tenant, &after, &before, actor, event_type, from, until, &limit, &id]).await?
        }
    };
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<AuditEntry, LogError> {
    let (event, payload) = recorded(row)?;
    let payload = RawValue::from_string(payload)
        .map_err(|source| LogError::Payload { position: event.position, source })?;
    Ok(AuditEntry::of(&event, payload))
}
