//! Group commit: the commands that arrive while a statement commits go out together in the next one.
//!
//! The lean statement moves the heads of the batch's tenants and inserts, leaving a wrong expected sequence or a
//! repeated command id to the unique indexes. A batch that trips one, that carries a condition, or whose fate is
//! unknown because the connection broke, goes through `oc_append`, which answers for each command by itself.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream::FuturesUnordered};
use openchat_domain::{BusinessId, CommandId, DomainEvent, EventMetadata, Position, Recorded, Stream};
use openchat_projections::DbError;
use tokio::sync::{mpsc, oneshot};

use super::{
    batch::{self, Batch},
    pool::{Pools, WorkerDb},
};

/// How many batches may be on their way at once; they never share a tenant.
const IN_FLIGHT: usize = 2;
/// The most commands in one statement.
const BATCH: usize = 128;
/// How many commands may wait before callers have to.
const QUEUE: usize = 4096;
/// How long the appender tries to reach the database again before it gives up on a batch.
const PATIENCE: Duration = Duration::from_secs(8);

/// A command's events, ready to be appended.
#[derive(Debug)]
pub struct Append {
    /// Whose log.
    pub tenant: BusinessId,
    /// The aggregate.
    pub stream: Stream,
    /// The sequence of its latest event that the decision knew.
    pub expected: i64,
    /// The command.
    pub command: CommandId,
    /// How it came to be.
    pub metadata: EventMetadata,
    /// The time of the decision.
    pub at: DateTime<Utc>,
    /// What else must still hold.
    pub condition: Option<Condition>,
    /// The generation of leadership under which only it may be recorded.
    pub fence: Option<Fence>,
    /// What happened; at least one event.
    pub events: Vec<DomainEvent>,
}

/// A decision that rests on more than its own aggregate: it stands only while nothing of these types has been
/// recorded after the position that it looked at. (The idea is Sara Pellegrini's dynamic consistency boundary.)
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// The position up to which the decision knew the log.
    pub after: Position,
    /// The event types that would have changed it, joined by commas.
    pub types: &'static str,
}

/// The generation of a node's leadership. What is written under one that has passed is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence(pub i64);

/// What became of a command's events.
#[derive(Debug, Clone)]
pub enum Appended {
    /// They are in the log.
    Recorded(Vec<Arc<Recorded>>),
    /// The aggregate has moved on since; nothing was appended.
    Conflict,
    /// The condition doesn't hold any more, or another node leads; nothing was appended.
    Unmet,
    /// The command was carried out before; its first event is at this position.
    Done(Position),
}

/// Why events could not be appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The database can't be reached or doesn't answer; whether the events were recorded is unknown,
    /// and sending the command again under its id is safe.
    #[error("the event log can't be reached")]
    Unavailable,
    /// The database refused these events; nothing was recorded.
    #[error("the event log refused the events: {0}")]
    Refused(Arc<str>),
}

/// Where committed events are announced, per tenant in position order.
pub type Announce = mpsc::UnboundedSender<Vec<Arc<Recorded>>>;

/// The way into the log; clones share one queue.
#[derive(Debug, Clone)]
pub struct Appender {
    queue: mpsc::Sender<Pending>,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) append: Append,
    reply: oneshot::Sender<Result<Appended, AppendError>>,
}

impl Appender {
    /// Starts the appender's task; it ends when every clone is gone and all that waits has been written.
    #[must_use]
    pub fn start(pools: Pools, announce: Announce) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(pools, announce, waiting));
        Self { queue }
    }

    /// Appends a command's events durably.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Pending { append, reply }).await.map_err(|_| AppendError::Unavailable)?;
        answer.await.map_err(|_| AppendError::Unavailable)?
    }
}

async fn run(pools: Pools, announce: Announce, mut queue: mpsc::Receiver<Pending>) {
    let mut waiting = VecDeque::new();
    let mut busy = HashSet::new();
    let mut idle: Vec<Option<WorkerDb>> = (0..IN_FLIGHT).map(|_| None).collect();
    let mut in_flight = FuturesUnordered::new();
    let mut open = true;
    while open || !waiting.is_empty() || !in_flight.is_empty() {
        while let Ok(pending) = queue.try_recv() {
            waiting.push_back(pending);
        }
        while let Some(connection) = idle.pop() {
            let batch = take_batch(&mut waiting, &busy);
            if batch.is_empty() {
                idle.push(connection);
                break;
            }
            busy.extend(batch.iter().map(|p| p.append.tenant));
            in_flight.push(write(&pools, connection, batch));
        }
        tokio::select! {
            received = queue.recv(), if open => match received {
                Some(pending) => waiting.push_back(pending),
                None => open = false,
            },
            Some((connection, written)) = in_flight.next() => {
                idle.push(connection);
                finish(written, &mut busy, &announce);
            }
        }
    }
}

/// The next commands in order, leaving those whose tenant is being written.
fn take_batch(waiting: &mut VecDeque<Pending>, busy: &HashSet<BusinessId>) -> Vec<Pending> {
    let mut batch = Vec::new();
    let mut left = VecDeque::new();
    while let Some(pending) = waiting.pop_front() {
        if busy.contains(&pending.append.tenant) {
            left.push_back(pending);
        } else {
            batch.push(pending);
        }
        if batch.len() == BATCH {
            break;
        }
    }
    left.append(waiting);
    *waiting = left;
    batch
}

type Written = Vec<(Pending, Result<Appended, AppendError>)>;

/// Announces what was recorded before anybody hears that it was, then answers.
fn finish(written: Written, busy: &mut HashSet<BusinessId>, announce: &Announce) {
    let mut by_tenant: HashMap<BusinessId, Vec<Arc<Recorded>>> = HashMap::new();
    for (pending, outcome) in &written {
        busy.remove(&pending.append.tenant);
        if let Ok(Appended::Recorded(events)) = outcome {
            by_tenant.entry(pending.append.tenant).or_default().extend(events.iter().cloned());
        }
    }
    for events in by_tenant.into_values() {
        // Nobody listens while the process shuts down; the events are in the log.
        let _ = announce.send(events);
    }
    for (pending, outcome) in written {
        // A caller that is gone needs no answer.
        let _ = pending.reply.send(outcome);
    }
}

async fn write(
    pools: &Pools,
    mut connection: Option<WorkerDb>,
    pending: Vec<Pending>,
) -> (Option<WorkerDb>, Written) {
    let appends: Vec<&Append> = pending.iter().map(|p| &p.append).collect();
    let outcomes = match Batch::of(&appends) {
        Ok(batch) => write_batch(pools, &mut connection, &batch).await,
        Err(e) => {
            let refused = AppendError::Refused(e.to_string().into());
            Err(refused)
        }
    };
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        // One command's events can't be stored: each is tried alone, so that it fails alone.
        Err(AppendError::Refused(_)) if appends.len() > 1 => {
            let mut outcomes = Vec::with_capacity(appends.len());
            for append in &appends {
                outcomes.push(write_alone(pools, &mut connection, append).await);
            }
            outcomes
        }
        Err(e) => appends.iter().map(|_| Err(e.clone())).collect(),
    };
    drop(appends);
    (connection, pending.into_iter().zip(outcomes).collect())
}

async fn write_alone(
    pools: &Pools,
    connection: &mut Option<WorkerDb>,
    append: &Append,
) -> Result<Appended, AppendError> {
    let alone = [append];
    let batch = Batch::of(&alone).map_err(|e| AppendError::Refused(e.to_string().into()))?;
    let mut outcomes = write_batch(pools, connection, &batch).await?;
    outcomes.pop().unwrap_or(Err(AppendError::Unavailable))
}

/// Writes until the database has answered, for as long as patience lasts.
async fn write_batch(
    pools: &Pools,
    connection: &mut Option<WorkerDb>,
    batch: &Batch<'_>,
) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
    let mut lean = !batch.is_conditional();
    let attempts = async {
        loop {
            let Some(db) = connected(pools, connection).await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let result = if lean { batch::lean(db, batch).await } else { batch::checked(db, batch).await };
            match result {
                Ok(outcomes) => return Ok(outcomes.into_iter().map(Ok).collect()),
                Err(e) => match failure(&e) {
                    Failure::Duplicate if lean => lean = false,
                    Failure::Duplicate | Failure::Retry => tokio::time::sleep(Duration::from_millis(5)).await,
                    Failure::Broken => {
                        tracing::warn!(error = %super::chain(&e), "the event log's connection broke; trying again");
                        discard(connection);
                        lean = false;
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    Failure::Refused => return Err(AppendError::Refused(super::chain(&e).into())),
                },
            }
        }
    };
    tokio::time::timeout(PATIENCE, attempts).await.unwrap_or_else(|_| {
        discard(connection);
        Err(AppendError::Unavailable)
    })
}

/// Closes a connection that may be stuck in the middle of an answer; the pool must not hand it out again.
fn discard(connection: &mut Option<WorkerDb>) {
    if let Some(db) = connection.take() {
        db.discard();
    }
}

async fn connected<'c>(pools: &Pools, connection: &'c mut Option<WorkerDb>) -> Option<&'c WorkerDb> {
    if connection.is_none() {
        match pools.worker().await {
            Ok(db) => *connection = Some(db),
            Err(e) => {
                tracing::warn!(error = %super::chain(&e), "the event log can't be reached; trying again");
                return None;
            }
        }
    }
    connection.as_ref()
}

enum Failure {
    /// A unique index was tripped.
    Duplicate,
    /// Another transaction was in the way.
    Retry,
    /// The connection, or the server behind it, is gone or full; the fate of the batch is unknown or temporary.
    Broken,
    /// The events themselves can't be stored.
    Refused,
}

fn failure(error: &DbError) -> Failure {
    use tokio_postgres::error::SqlState as S;
    let Some(state) = error.code() else { return Failure::Broken };
    match *state {
        S::UNIQUE_VIOLATION => Failure::Duplicate,
        S::T_R_SERIALIZATION_FAILURE | S::T_R_DEADLOCK_DETECTED => Failure::Retry,
        _ if state.code().starts_with("22") || state.code().starts_with("23") => Failure::Refused,
        _ => Failure::Broken,
    }
}
