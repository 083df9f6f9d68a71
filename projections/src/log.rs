//! Reading the log's rows back as events.

use openchat_domain::{
    BusinessId, CallId, CommandId, ConversationId, DecodeError, EventMetadata, Position, Recorded, decode,
};
use tokio_postgres::{Row, types::Json};
use uuid::Uuid;

use crate::{Db, DbError};

/// Why a row of the log can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The statement failed, or a column has another type.
    #[error("the log could not be read")]
    Db(#[from] DbError),
    /// The event's version is not a number.
    #[error("the event at position {position} has the unreadable version {version}")]
    Version {
        /// Where.
        position: Position,
        /// The text found.
        version: String,
    },
    /// The event is not one of today's, even after every change of form.
    #[error("the event at position {position} is unreadable")]
    Event {
        /// Where.
        position: Position,
        /// Why.
        source: DecodeError,
    },
    /// The payload is not JSON.
    #[error("the payload at position {position} is not JSON")]
    Payload {
        /// Where.
        position: Position,
        /// Why.
        source: serde_json::Error,
    },
}

/// A statement on one tenant's events (`$1`) that yields the columns that [`recorded`] reads.
macro_rules! select_events {
    ($rest:expr) => {
        concat!(
            "select tenant_id, position, aggregate_type, aggregate_id, sequence, event_type, event_version, ",
            "payload::text as payload, metadata, recorded_at from events where tenant_id = $1 ",
            $rest
        )
    };
}
pub(crate) use select_events;

/// Reads a row of the `events` table: the event, and its payload as the log has it, letter by letter.
///
/// The row has `tenant_id`, `position`, `aggregate_type`, `aggregate_id`, `sequence`, `event_type`,
/// `event_version`, `payload` (cast to `text`), `metadata` and `recorded_at`.
///
/// # Errors
/// [`LogError`] when a column is missing, or the event can't be read.
pub fn recorded(row: &Row) -> Result<(Recorded, String), LogError> {
    let position: Position = row.try_get("position")?;
    let version: &str = row.try_get("event_version")?;
    let version = version.parse().map_err(|_| LogError::Version { position, version: version.to_owned() })?;
    let payload: String = row.try_get("payload")?;
    let Json(metadata): Json<EventMetadata> = row.try_get("metadata")?;
    let event = decode(
        row.try_get("aggregate_type")?,
        row.try_get("aggregate_id")?,
        row.try_get("event_type")?,
        version,
        &payload,
    )
    .map_err(|source| LogError::Event { position, source })?;
    let recorded = Recorded {
        tenant: BusinessId::from_uuid(row.try_get::<_, Uuid>("tenant_id")?),
        position,
        sequence: row.try_get("sequence")?,
        at: row.try_get("recorded_at")?,
        metadata,
        event,
    };
    Ok((recorded, payload))
}

/// The events that a command recorded when it was carried out, in order; none when it never was.
///
/// # Errors
/// [`LogError`].
pub async fn of_command(
    db: &impl Db,
    tenant: BusinessId,
    command: CommandId,
) -> Result<Vec<Recorded>, LogError> {
    // The command's first event is found by its index; the others, few, follow it in the log without a hole.
    const OF_COMMAND: &str = select_events!(
        "and command_id = $2 and position >= (
             select position from events where tenant_id = $1 and command_id = $2 and command_index = 0
         ) and position < 100 + (
             select position from events where tenant_id = $1 and command_id = $2 and command_index = 0
         ) order by position"
    );
    let rows = db.query(OF_COMMAND, &[&tenant.uuid(), &command.uuid()]).await?;
    rows.iter().map(|row| recorded(row).map(|(recorded, _)| recorded)).collect()
}

/// The conversation in which a call was begun, whenever that was: one of the tenant's, or with no tenant named, on a
/// connection that serves all, of any.
///
/// # Errors
/// [`LogError`].
pub async fn conversation_of_call(
    db: &impl Db,
    tenant: Option<BusinessId>,
    call: CallId,
) -> Result<Option<(BusinessId, ConversationId)>, LogError> {
    const OF_CALL: &str = "select tenant_id, aggregate_id from events \
        where event_type = 'CallStarted' and payload->>'callId' = $1 and ($2::uuid is null or tenant_id = $2) limit 1";
    let tenant = tenant.map(BusinessId::uuid);
    let Some(row) = db.query_opt(OF_CALL, &[&call.to_string(), &tenant]).await? else { return Ok(None) };
    let (tenant, id): (Uuid, &str) = (row.try_get(0)?, row.try_get(1)?);
    // Only a conversation records this event, under its own id.
    Ok(id.parse().ok().map(|id| (BusinessId::from_uuid(tenant), id)))
}
