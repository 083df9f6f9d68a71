//! Writing a batch until the database has answered, whatever becomes of the connection meanwhile.
//!
//! The lean statement moves the heads of the batch's tenants and inserts, leaving a wrong expected sequence or a
//! repeated command id to the unique indexes; a single event has a still leaner one. A batch that trips an index, that
//! carries a condition, or whose fate is unknown because the connection broke, goes through `oc_append`, which answers for
//! each command by itself.

use std::time::Duration;

use openchat_projections::{Db, DbError};

use super::{
    append::{Append, AppendError, Appended},
    batch::{self, Batch},
    pool::{Pools, WorkerDb},
};

/// How long the appender tries to reach the database again before it gives up on a batch.
const PATIENCE: Duration = Duration::from_secs(8);
/// A commit that waits for the disk waits for all of the log before it, too. This one has nothing else to say.
const SETTLE: &str = "select pg_logical_emit_message(true, 'openchat', '')";

/// How a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Durably.
    Durable,
    /// Durable only with the next commit that waits for the disk.
    Early,
    /// Durably, where it isn't there from an earlier time.
    Again,
}

type Outcomes = Vec<Result<Appended, AppendError>>;

/// Writes a batch. Says, too, whether it is durable: always, but for one that was to be written early and could be.
pub(super) async fn write(
    pools: &Pools,
    connection: &mut Option<WorkerDb>,
    appends: &[&Append],
    mode: Mode,
) -> (Outcomes, bool) {
    let written = match Batch::of(appends) {
        Ok(batch) => write_batch(pools, connection, &batch, mode).await,
        Err(e) => Err(AppendError::Refused(e.to_string().into())),
    };
    match written {
        Ok(written) => written,
        // One command's events can't be stored: each is tried alone, so that it fails alone.
        Err(AppendError::Refused(_)) if appends.len() > 1 => {
            let mut outcomes = Vec::with_capacity(appends.len());
            for append in appends {
                outcomes.push(write_alone(pools, connection, append).await);
            }
            (outcomes, true)
        }
        Err(e) => (appends.iter().map(|_| Err(e.clone())).collect(), true),
    }
}

async fn write_alone(
    pools: &Pools,
    connection: &mut Option<WorkerDb>,
    append: &Append,
) -> Result<Appended, AppendError> {
    let alone = [append];
    let batch = Batch::of(&alone).map_err(|e| AppendError::Refused(e.to_string().into()))?;
    let (mut outcomes, _) = write_batch(pools, connection, &batch, Mode::Durable).await?;
    outcomes.pop().unwrap_or(Err(AppendError::Unavailable))
}

/// Writes until the database has answered, for as long as patience lasts.
async fn write_batch(
    pools: &Pools,
    connection: &mut Option<WorkerDb>,
    batch: &Batch<'_>,
    mode: Mode,
) -> Result<(Outcomes, bool), AppendError> {
    let mut lean = mode != Mode::Again && !batch.is_conditional();
    let attempts = async {
        loop {
            let Some(db) = connected(pools, connection).await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            match attempt(db, batch, lean, mode == Mode::Early).await {
                Ok(outcomes) => {
                    let durable = !(lean && mode == Mode::Early);
                    return Ok((outcomes.into_iter().map(Ok).collect(), durable));
                }
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

async fn attempt(
    db: &WorkerDb,
    batch: &Batch<'_>,
    lean: bool,
    later: bool,
) -> Result<Vec<Appended>, DbError> {
    if !lean {
        return batch::checked(db, batch).await;
    }
    // What is alone waits for the disk itself.
    if !later && let Some(appended) = batch::single(db, batch).await? {
        return Ok(appended);
    }
    batch::lean(db, batch, later).await
}

/// Waits until everything that has been committed before is durable.
pub(super) async fn settle(pools: &Pools, connection: &mut Option<WorkerDb>) -> Result<(), AppendError> {
    let settled = async {
        let db = connected(pools, connection).await.ok_or(AppendError::Unavailable)?;
        db.query(SETTLE, &[]).await.map(drop).map_err(|e| {
            tracing::warn!(error = %super::chain(&e), "the event log's end could not be waited for");
            AppendError::Unavailable
        })
    };
    let settled = tokio::time::timeout(PATIENCE, settled).await.unwrap_or(Err(AppendError::Unavailable));
    if settled.is_err() {
        discard(connection);
    }
    settled
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
