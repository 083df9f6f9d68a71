//! A batch of commands as the three statements take it: rows and arrays, or the one row that it is.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use openchat_domain::{DomainEvent, Position, Recorded};
use openchat_projections::{Db, DbError};
use postgres_types::{Json, ToSql};
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::append::{Append, Appended, Facts, Fence};

/// Moves the heads in tenant order (so that two batches can't deadlock), then inserts behind them.
const LEAN: &str = "
    with moved as (
        insert into log_heads as h (tenant_id, position)
        select * from unnest($1::uuid[], $2::bigint[])
        on conflict (tenant_id) do update set position = h.position + excluded.position
        returning tenant_id, position
    ), inserted as (
        insert into events
        select e.tenant_id, moved.position - e.position, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type,
               e.event_version, e.payload, e.metadata, e.recorded_at, e.command_id, e.command_index, e.salt, e.digest
        from unnest($3::events[]) e join moved using (tenant_id)
    )
    select tenant_id, position, case when $4 then set_config('synchronous_commit', 'off', true) end from moved";

/// The same for one event of a tenant that has a log already, without the arrays.
const SINGLE: &str = "
    with moved as (update log_heads set position = position + 1 where tenant_id = $1 returning position)
    insert into events
    select $1, moved.position, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from moved
    returning position";

const CHECKED: &str = "
    select outcome, head from oc_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                                           $16, $17)";

/// Why events can't be written down.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    #[error("an event has no JSON form")]
    Json(#[from] serde_json::Error),
    #[error("no randomness to be had: {0}")]
    Chance(getrandom::Error),
}

/// Commands with their events written down.
pub(super) struct Batch<'a> {
    commands: &'a [&'a Append],
    metadata: Vec<Box<RawValue>>,
    events: Vec<Written<'a>>,
}

/// One event of one command (by index), as it will be stored.
struct Written<'a> {
    command: usize,
    index: i16,
    event_type: &'static str,
    version: String,
    payload: Box<RawValue>,
    salt: [u8; 16],
    digest: [u8; 32],
    event: &'a DomainEvent,
}

/// A row of the log, but in place of its position its distance from the last one of its tenant in the batch.
#[derive(Debug, ToSql)]
#[postgres(name = "events")]
struct Row<'a> {
    tenant_id: Uuid,
    position: i64,
    aggregate_type: &'static str,
    aggregate_id: String,
    sequence: i64,
    event_type: &'static str,
    event_version: &'a str,
    payload: Json<&'a RawValue>,
    metadata: Json<&'a RawValue>,
    recorded_at: DateTime<Utc>,
    command_id: Uuid,
    command_index: i16,
    salt: &'a [u8],
    digest: &'a [u8],
}

impl<'a> Batch<'a> {
    /// Writes the events down and seals each with a salted digest.
    pub(super) fn of(commands: &'a [&'a Append]) -> Result<Self, BatchError> {
        let mut salts = vec![[0; 16]; commands.iter().map(|it| it.events.len()).sum()];
        getrandom::fill(salts.as_flattened_mut()).map_err(BatchError::Chance)?;
        let mut events = Vec::with_capacity(salts.len());
        let mut salts = salts.into_iter();
        let mut metadata = Vec::with_capacity(commands.len());
        for (command, append) in commands.iter().enumerate() {
            metadata.push(to_raw_value(&append.metadata)?);
            for ((index, event), salt) in (0..).zip(&append.events).zip(&mut salts) {
                events.push(Written::of(command, index, event, salt)?);
            }
        }
        Ok(Self { commands, metadata, events })
    }

    /// Whether a command rests on more than its aggregate.
    pub(super) fn is_conditional(&self) -> bool {
        self.commands.iter().any(|c| c.condition.is_some() || c.fence.is_some())
    }

    fn per_event<'s, T>(&'s self, f: impl Fn(&'s Written<'a>) -> T) -> Vec<T> {
        self.events.iter().map(f).collect()
    }

    fn per_command<'s, T>(&'s self, f: impl Fn(&'s Append) -> T) -> Vec<T> {
        self.commands.iter().map(|c| f(c)).collect()
    }

    fn of_command(&self, event: &Written<'_>) -> &Append {
        self.commands[event.command]
    }

    /// An event as a row of the log, for a statement that knows where the log will end but not where it ends now.
    fn row<'s>(&'s self, event: &'s Written<'_>, back: i64) -> Row<'s> {
        let append = self.of_command(event);
        let stream = event.event.stream();
        Row {
            tenant_id: append.tenant.uuid(),
            position: back,
            aggregate_type: stream.aggregate_type(),
            aggregate_id: stream.aggregate_id(),
            sequence: append.expected + i64::from(event.index) + 1,
            event_type: event.event_type,
            event_version: &event.version,
            payload: Json(&event.payload),
            metadata: Json(&self.metadata[event.command]),
            recorded_at: append.at,
            command_id: append.command.uuid(),
            command_index: event.index,
            salt: &event.salt,
            digest: &event.digest,
        }
    }

    /// The events of a command whose last one is at `last`.
    fn recorded(&self, command: usize, last: Position) -> Vec<Arc<Recorded>> {
        let append = self.commands[command];
        let count = i64::try_from(append.events.len()).unwrap_or(i64::MAX);
        (1..)
            .zip(&append.events)
            .map(|(nth, event)| {
                Arc::new(Recorded {
                    tenant: append.tenant,
                    position: last - count + nth,
                    sequence: append.expected + nth,
                    at: append.at,
                    metadata: append.metadata.clone(),
                    event: event.clone(),
                })
            })
            .collect()
    }
}

impl<'a> Written<'a> {
    fn of(command: usize, index: i16, event: &'a DomainEvent, salt: [u8; 16]) -> Result<Self, BatchError> {
        let (event_type, version, payload) = event.encode()?;
        let digest = Sha256::new().chain_update(salt).chain_update(payload.get()).finalize().into();
        Ok(Self { command, index, event_type, version: version.to_string(), payload, salt, digest, event })
    }
}

/// Appends a batch in which no two commands touch the same aggregate, or fails as a whole. It is durable when this
/// returns, unless it is to be so only `later`, by the next commit that is.
pub(super) async fn lean(db: &impl Db, batch: &Batch<'_>, later: bool) -> Result<Vec<Appended>, DbError> {
    // From the end, so that what has been counted of a tenant is how far an event is from the tenant's last.
    let mut counts: BTreeMap<Uuid, i64> = BTreeMap::new();
    let from_the_end = batch.events.iter().rev().map(|event| {
        let count = counts.entry(batch.of_command(event).tenant.uuid()).or_default();
        let back = *count;
        *count += 1;
        batch.row(event, back)
    });
    let mut events: Vec<Row<'_>> = from_the_end.collect();
    events.reverse();
    let (tenants, moves): (Vec<Uuid>, Vec<i64>) = counts.iter().map(|(t, n)| (*t, *n)).unzip();
    let rows = db.query(LEAN, &[&tenants, &moves, &events, &later]).await?;
    let mut next: BTreeMap<Uuid, Position> = rows
        .iter()
        .map(|row| {
            let tenant: Uuid = row.get(0);
            let head: Position = row.get(1);
            (tenant, head - counts.get(&tenant).copied().unwrap_or(0))
        })
        .collect();
    Ok(batch
        .commands
        .iter()
        .enumerate()
        .map(|(i, append)| {
            let last = next.entry(append.tenant.uuid()).or_default();
            *last += i64::try_from(append.events.len()).unwrap_or(i64::MAX);
            Appended::Recorded(batch.recorded(i, *last))
        })
        .collect())
}

/// Durably appends the one event that is all of a batch; nothing when it is more than that, or the tenant's first.
pub(super) async fn single(db: &impl Db, batch: &Batch<'_>) -> Result<Option<Vec<Appended>>, DbError> {
    let [event] = &*batch.events else { return Ok(None) };
    let it = batch.row(event, 0);
    let appended = db
        .query_opt(
            SINGLE,
            &[
                &it.tenant_id,
                &it.aggregate_type,
                &it.aggregate_id,
                &it.sequence,
                &it.event_type,
                &it.event_version,
                &it.payload,
                &it.metadata,
                &it.recorded_at,
                &it.command_id,
                &it.command_index,
                &it.salt,
                &it.digest,
            ],
        )
        .await?;
    Ok(appended.map(|row| vec![Appended::Recorded(batch.recorded(0, row.get(0)))]))
}

/// Appends a batch with an answer for each command.
pub(super) async fn checked(db: &impl Db, batch: &Batch<'_>) -> Result<Vec<Appended>, DbError> {
    let at: Vec<DateTime<Utc>> = batch.per_command(|c| c.at);
    let rows = db
        .query(
            CHECKED,
            &[
                &batch.per_command(|c| c.tenant.uuid()),
                &batch.per_command(|c| c.stream.aggregate_type()),
                &batch.per_command(|c| c.stream.aggregate_id()),
                &batch.per_command(|c| c.expected),
                &batch.per_command(|c| c.command.uuid()),
                &batch.metadata.iter().map(|m| m.get()).collect::<Vec<_>>(),
                &at,
                &batch.per_command(|c| c.condition.map(|condition| condition.after)),
                &batch.per_command(|c| match c.condition?.facts {
                    Facts::Types(types) => Some(types),
                    Facts::Stream(_) => None,
                }),
                &batch.per_command(|c| match c.condition?.facts {
                    Facts::Types(_) => None,
                    Facts::Stream(stream) => Some(stream.aggregate_id()),
                }),
                &batch.per_command(|c| c.fence.map(|Fence(generation)| generation)),
                &batch.per_event(|e| i32::try_from(e.command + 1).unwrap_or(i32::MAX)),
                &batch.per_event(|e| e.event_type),
                &batch.per_event(|e| e.version.as_str()),
                &batch.per_event(|e| e.payload.get()),
                &batch.per_event(|e| e.salt.as_slice()),
                &batch.per_event(|e| e.digest.as_slice()),
            ],
        )
        .await?;
    Ok(rows
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let head = row.get::<_, Option<Position>>(1).unwrap_or(0);
            match row.get::<_, &str>(0) {
                "appended" => Appended::Recorded(batch.recorded(i, head)),
                "done" => Appended::Done(head),
                "unmet" => Appended::Unmet,
                _ => Appended::Conflict,
            }
        })
        .collect())
}
