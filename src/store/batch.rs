//! Commands written down, and the three statements that append a batch of them: as rows, as arrays, or the one row that it is.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use openchat_domain::{BusinessId, DomainEvent, Position, Recorded};
use openchat_projections::{Db, DbError};
use postgres_types::{Json, ToSql};
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::append::{Append, Facts, Fence};

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
    select tenant_id, position from moved";

/// The same for one event of a tenant that has a log already, without the arrays.
const SINGLE: &str = "
    with moved as (update log_heads set position = position + 1 where tenant_id = $1 returning position)
    insert into events
    select $1, moved.position, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from moved
    returning position";

const CHECKED: &str = "
    select outcome, head from oc_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                                           $16, $17)";

/// A command with its events written down, which is done before it queues: what every caller can do at once isn't left to
/// the one task that writes.
#[derive(Debug)]
pub(super) struct Prepared {
    append: Append,
    metadata: Box<RawValue>,
    /// As many as the command has events.
    written: Vec<Written>,
}

/// An event as it will be stored.
#[derive(Debug)]
struct Written {
    event_type: &'static str,
    version: String,
    payload: Box<RawValue>,
    salt: [u8; 16],
    digest: [u8; 32],
}

/// What became of a command.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// It is in the log, its last event at this position.
    Recorded(Position),
    /// As in [`Appended`](super::append::Appended).
    Conflict,
    Unmet,
    Done(Position),
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

impl Prepared {
    /// Writes the events down and seals each with a salted digest.
    pub(super) fn of(append: Append) -> serde_json::Result<Self> {
        let metadata = to_raw_value(&append.metadata)?;
        let written = append.events.iter().map(Written::of).collect::<Result<_, _>>()?;
        Ok(Self { append, metadata, written })
    }

    pub(super) fn tenant(&self) -> BusinessId {
        self.append.tenant
    }

    /// Whether it rests on more than its aggregate.
    pub(super) fn is_conditional(&self) -> bool {
        self.append.condition.is_some() || self.append.fence.is_some()
    }

    /// Its events as rows of the log, for a statement that knows where the log will end but not where it ends now.
    /// Nothing of its tenant follows them in the batch but so many events.
    fn rows(&self, follow: i64) -> impl DoubleEndedIterator<Item = Row<'_>> {
        let append = &self.append;
        let last = events(&append.events) - 1;
        append.events.iter().zip(&self.written).enumerate().map(move |(index, (event, written))| {
            let stream = event.stream();
            let index = i16::try_from(index).unwrap_or(i16::MAX);
            Row {
                tenant_id: append.tenant.uuid(),
                position: follow + last - i64::from(index),
                aggregate_type: stream.aggregate_type(),
                aggregate_id: stream.aggregate_id(),
                sequence: append.expected + i64::from(index) + 1,
                event_type: written.event_type,
                event_version: &written.version,
                payload: Json(&written.payload),
                metadata: Json(&self.metadata),
                recorded_at: append.at,
                command_id: append.command.uuid(),
                command_index: index,
                salt: &written.salt,
                digest: &written.digest,
            }
        })
    }

    /// Its events, recorded with the last one at `last`.
    pub(super) fn recorded(self, last: Position) -> Vec<Arc<Recorded>> {
        let Append { tenant, expected, at, metadata, events: happened, .. } = self.append;
        let before = last - events(&happened);
        (1..)
            .zip(happened)
            .map(|(nth, event)| {
                let (position, sequence, metadata) = (before + nth, expected + nth, metadata.clone());
                Arc::new(Recorded { tenant, position, sequence, at, metadata, event })
            })
            .collect()
    }
}

impl Written {
    fn of(event: &DomainEvent) -> serde_json::Result<Self> {
        let (event_type, version, payload) = event.encode()?;
        // Of a generator of this thread, which the kernel has seeded: it need not be asked for each.
        let salt: [u8; 16] = rand::random();
        let digest = Sha256::new().chain_update(salt).chain_update(payload.get()).finalize().into();
        Ok(Self { event_type, version: version.to_string(), payload, salt, digest })
    }
}

/// How many.
fn events(of: &[DomainEvent]) -> i64 {
    i64::try_from(of.len()).unwrap_or(i64::MAX)
}

/// Durably appends a batch in which no two commands touch the same aggregate, or fails as a whole.
pub(super) async fn lean(db: &impl Db, batch: &[&Prepared]) -> Result<Vec<Outcome>, DbError> {
    // From the end, so that what has been counted of a tenant is how many of its events follow.
    let mut counts: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut rows: Vec<Row<'_>> = Vec::with_capacity(batch.len());
    for command in batch.iter().rev() {
        let count = counts.entry(command.tenant().uuid()).or_default();
        rows.extend(command.rows(*count).rev());
        *count += events(&command.append.events);
    }
    rows.reverse();
    let (tenants, moves): (Vec<Uuid>, Vec<i64>) = counts.iter().map(|(t, n)| (*t, *n)).unzip();
    let moved = db.query(LEAN, &[&tenants, &moves, &rows]).await?;
    let mut reached: BTreeMap<Uuid, Position> = moved
        .iter()
        .map(|row| {
            let tenant: Uuid = row.get(0);
            let head: Position = row.get(1);
            (tenant, head - counts.get(&tenant).copied().unwrap_or(0))
        })
        .collect();
    Ok(batch
        .iter()
        .map(|command| {
            let last = reached.entry(command.tenant().uuid()).or_default();
            *last += events(&command.append.events);
            Outcome::Recorded(*last)
        })
        .collect())
}

/// Durably appends the one event that is all of a batch; nothing when it is more than that, or the tenant's first.
pub(super) async fn single(db: &impl Db, batch: &[&Prepared]) -> Result<Option<Vec<Outcome>>, DbError> {
    let [command] = batch else { return Ok(None) };
    let (Some(it), 1) = (command.rows(0).next(), command.written.len()) else { return Ok(None) };
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
    Ok(appended.map(|row| vec![Outcome::Recorded(row.get(0))]))
}

/// Durably appends a batch with an answer for each command.
pub(super) async fn checked(db: &impl Db, batch: &[&Prepared]) -> Result<Vec<Outcome>, DbError> {
    let commands: Vec<&Append> = batch.iter().map(|it| &it.append).collect();
    let written: Vec<(i32, &Written)> =
        (1..).zip(batch).flat_map(|(n, it)| it.written.iter().map(move |event| (n, event))).collect();
    let rows = db
        .query(
            CHECKED,
            &[
                &each(&commands, |c| c.tenant.uuid()),
                &each(&commands, |c| c.stream.aggregate_type()),
                &each(&commands, |c| c.stream.aggregate_id()),
                &each(&commands, |c| c.expected),
                &each(&commands, |c| c.command.uuid()),
                &each(batch, |it| it.metadata.get()),
                &each(&commands, |c| c.at),
                &each(&commands, |c| c.condition.map(|condition| condition.after)),
                &each(&commands, |c| match c.condition?.facts {
                    Facts::Types(types) => Some(types),
                    Facts::Stream(_) => None,
                }),
                &each(&commands, |c| match c.condition?.facts {
                    Facts::Types(_) => None,
                    Facts::Stream(stream) => Some(stream.aggregate_id()),
                }),
                &each(&commands, |c| c.fence.map(|Fence(generation)| generation)),
                &each(&written, |(command, _)| *command),
                &each(&written, |(_, event)| event.event_type),
                &each(&written, |(_, event)| event.version.as_str()),
                &each(&written, |(_, event)| event.payload.get()),
                &each(&written, |(_, event)| event.salt.as_slice()),
                &each(&written, |(_, event)| event.digest.as_slice()),
            ],
        )
        .await?;
    Ok(each(&rows, |row| {
        let head = row.get::<_, Option<Position>>(1).unwrap_or(0);
        match row.get::<_, &str>(0) {
            "appended" => Outcome::Recorded(head),
            "done" => Outcome::Done(head),
            "unmet" => Outcome::Unmet,
            _ => Outcome::Conflict,
        }
    }))
}

fn each<'a, I, T>(of: &'a [I], f: impl Fn(&'a I) -> T) -> Vec<T> {
    of.iter().map(f).collect()
}
