//! Writing a batch until the database has answered, whatever becomes of the connection meanwhile.
//!
//! The lean statement moves the heads of the batch's tenants and inserts, leaving a wrong expected sequence or a
//! repeated command id to the unique indexes; a single event has a still leaner one. A batch that trips an index, that
//! carries a condition, or whose fate is unknown because the connection broke, goes through `oc_append`, which answers for
//! each command by itself.

use std::time::Duration;

use openchat_projections::{Db as _, DbError};

use super::{
    append::AppendError,
    batch::{self, Outcome, Prepared},
    pool::{Pools, WorkerDb},
};

/// How long the appender tries to reach the database again before it gives up on a batch.
const PATIENCE: Duration = Duration::from_secs(8);
/// A commit that waits for the disk waits for all of the log before it, too. This one has nothing else to say.
const FLUSH: &str = "select pg_logical_emit_message(true, 'openchat', '')";

type Outcomes = Vec<Result<Outcome, AppendError>>;

/// Writes a batch. What is said to be in the log is durable.
pub(super) async fn write(pools: &Pools, connection: &mut Option<WorkerDb>, batch: &[&Prepared]) -> Outcomes {
    match write_batch(pools, connection, batch).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        // One command's events can't be stored: each is tried alone, so that it fails alone.
        Err(AppendError::Refused(_)) if batch.len() > 1 => {
            let mut outcomes = Vec::with_capacity(batch.len());
            for command in batch {
                let alone = write_batch(pools, connection, &[*command]).await;
                outcomes.push(alone.and_then(|mut it| it.pop().ok_or(AppendError::Unavailable)));
            }
            outcomes
        }
        Err(e) => batch.iter().map(|_| Err(e.clone())).collect(),
    }
}

/// Writes until the database has answered, for as long as patience lasts.
async fn write_batch(
    pools: &Pools,
    connection: &mut Option<WorkerDb>,
    batch: &[&Prepared],
) -> Result<Vec<Outcome>, AppendError> {
    let mut lean = !batch.iter().any(|command| command.is_conditional());
    let attempts = async {
        loop {
            let Some(db) = connected(pools, connection).await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            match attempt(db, batch, lean).await {
                Ok(outcomes) => return Ok(outcomes),
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

async fn attempt(db: &WorkerDb, batch: &[&Prepared], lean: bool) -> Result<Vec<Outcome>, DbError> {
    if !lean {
        return batch::checked(db, batch).await;
    }
    match batch::single(db, batch).await? {
        Some(appended) => Ok(appended),
        None => batch::lean(db, batch).await,
    }
}

/// Waits until all that can be read in the log is durable. It is on this disk, but after a crash it may not be on a standby
/// that every commit waits for.
pub(super) async fn flush(pools: &Pools) -> Result<(), AppendError> {
    let mut connection = None;
    let flushed = async {
        let db = connected(pools, &mut connection).await.ok_or(AppendError::Unavailable)?;
        db.query(FLUSH, &[]).await.map(drop).map_err(|e| {
            tracing::warn!(error = %super::chain(&e), "the event log's end could not be waited for");
            AppendError::Unavailable
        })
    };
    let flushed = tokio::time::timeout(PATIENCE, flushed).await.unwrap_or(Err(AppendError::Unavailable));
    if flushed.is_err() {
        discard(&mut connection);
    }
    flushed
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
