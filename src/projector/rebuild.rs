//! Building a read model anew beside the old one, and switching when it has caught up, while the server goes on.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};
use openchat_domain::{BusinessId, Position};
use openchat_projections::{Db, DbError, Projection, Sql};
use tokio_postgres::{Client, Config, Row};

use super::{
    apply::{BatchError, Parked, READER, Target, fold},
    read::{self, Range},
};
use crate::store::{PoolSizes, Pools, StoreError, WorkerDb, connect};

/// Two rebuilds at once would build into the same tables.
const LOCK: i64 = 0x0072_6562_7569_6c64;
/// How many events one batch holds.
const BATCH: i64 = 5_000;

const NOTE_VERSION: &str = "
    insert into read_models (name, version) values ($1, $2)
    on conflict (name) do update set version = excluded.version";
const TARGETS: &str = "select tenant_id, position from checkpoints where reader = $1";

/// Why a read model was not rebuilt; the old one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is none of that name.
    #[error("there is no read model '{name}'; there are: {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] tokio_postgres::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event could not be folded, and not be set aside either.
    #[error("the log could not be folded")]
    Fold(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<BatchError> for RebuildError {
    fn from(error: BatchError) -> Self {
        Self::Fold(Box::new(error))
    }
}

/// What a rebuild has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many events were folded, over all tenants.
    pub events: i64,
    /// How many streams could not be followed and are parked.
    pub parked: usize,
}

/// The read models that a name means: one, or without a name all.
///
/// # Errors
/// [`RebuildError::Unknown`].
pub fn named(name: Option<&str>) -> Result<Vec<Projection>, RebuildError> {
    let Some(name) = name else { return Ok(Projection::ALL.to_vec()) };
    let found = Projection::ALL.iter().copied().find(|p| p.name() == name);
    found.map(|p| vec![p]).ok_or_else(|| RebuildError::Unknown {
        name: name.to_owned(),
        known: Projection::ALL.iter().map(|p| p.name()).collect::<Vec<_>>().join(", "),
    })
}

/// Rebuilds the read models whose tables or fold this release has changed; notes the versions of new ones.
///
/// # Errors
/// [`RebuildError`].
pub async fn rebuild_changed(config: &Config, now: DateTime<Utc>) -> Result<Vec<Projection>, RebuildError> {
    let (owner, driver) = connect(config).await?;
    let mut changed = Vec::new();
    for &projection in Projection::ALL {
        let known =
            owner.query_opt("select version from read_models where name = $1", &[&projection.name()]).await?;
        match known.map(|row| row.get::<_, i32>(0)) {
            Some(version) if version == projection.version() => {}
            Some(_) => changed.push(projection),
            None => {
                owner.execute(NOTE_VERSION, &[&projection.name(), &projection.version()]).await?;
            }
        }
    }
    drop(owner);
    let _ = driver.await;
    for &projection in &changed {
        rebuild(config, projection, now).await?;
    }
    Ok(changed)
}

/// Folds the whole log into fresh tables of one read model, then puts them in the place of the old ones.
///
/// # Errors
/// [`RebuildError`]; the old tables are as they were.
pub async fn rebuild(
    config: &Config,
    projection: Projection,
    now: DateTime<Utc>,
) -> Result<Rebuilt, RebuildError> {
    let (mut owner, driver) = connect(config).await?;
    owner.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
    create_beside(&owner, projection).await?;

    let pools = Pools::new(config, PoolSizes { requests: 1, workers: 1 });
    let mut worker = pools.worker().await.map_err(StoreError::from)?;
    worker.batch("set search_path = rebuild, public").await?;
    let mut build = Build { projection, reached: HashMap::new(), parked: Parked::default(), events: 0, now };
    // Catch up without holding anybody up, until little is left; then the rest under the switch's lock.
    while build.catch_up(&mut worker).await? > BATCH {}

    switch(&mut owner, &mut build, &mut worker).await?;
    worker.discard();
    drop(owner);
    let _ = driver.await;
    Ok(Rebuilt { events: build.events, parked: build.parked.len() })
}

/// Folds what is left while no checkpoint can move, and puts the fresh tables in the place of the old ones.
async fn switch(owner: &mut Client, build: &mut Build, worker: &mut WorkerDb) -> Result<(), RebuildError> {
    let tx = owner.transaction().await?;
    tx.batch_execute("lock table checkpoints in share row exclusive mode").await?;
    build.catch_up(worker).await?;
    for table in build.projection.tables() {
        tx.batch_execute(&format!(
            "drop table public.{table}; alter table rebuild.{table} set schema public;
             select oc_protect('{table}')"
        ))
        .await?;
    }
    tx.execute("delete from parked_streams where reader = $1", &[&build.projection.name()]).await?;
    tx.execute(NOTE_VERSION, &[&build.projection.name(), &build.projection.version()]).await?;
    let tx = Plain(tx);
    build.parked.save(&tx).await?;
    let Plain(tx) = tx;
    tx.commit().await?;
    Ok(())
}

/// Empty tables like the live ones, in a schema of their own.
async fn create_beside(owner: &Client, projection: Projection) -> Result<(), tokio_postgres::Error> {
    owner
        .batch_execute(
            "create schema if not exists rebuild; grant usage on schema rebuild to openchat_worker",
        )
        .await?;
    for table in projection.tables() {
        owner
            .batch_execute(&format!(
                "drop table if exists rebuild.{table};
                 create table rebuild.{table} (like public.{table} including all);
                 grant select, insert, update, delete on rebuild.{table} to openchat_worker"
            ))
            .await?;
    }
    Ok(())
}

struct Build {
    projection: Projection,
    reached: HashMap<BusinessId, Position>,
    parked: Parked,
    events: i64,
    now: DateTime<Utc>,
}

impl Build {
    /// Folds every tenant's log up to where the live read models are now; returns how many events that were.
    async fn catch_up(&mut self, worker: &mut WorkerDb) -> Result<i64, RebuildError> {
        let before = self.events;
        let mut parts = VecDeque::new();
        for row in worker.query(TARGETS, &[&READER]).await? {
            let tenant = BusinessId::from_uuid(row.get(0));
            let after = self.reached.get(&tenant).copied().unwrap_or(0);
            parts.push_back(Range { tenant, after, upto: row.get(1) });
        }
        while let Some(next) = take_batch(&mut parts) {
            let projections = [self.projection];
            let target = Target { projections: &projections, checkpoint: None, durable: true };
            let entries = read::ranges(worker, &next, BATCH).await?;
            fold(worker, &target, &entries, &mut self.parked, self.now).await?;
            self.events += next.iter().map(|part| part.upto - part.after).sum::<i64>();
            self.reached.extend(next.iter().map(|part| (part.tenant, part.upto)));
        }
        Ok(self.events - before)
    }
}

/// Parts of the logs that hold a batch of events together, a long part being cut.
fn take_batch(parts: &mut VecDeque<Range>) -> Option<Vec<Range>> {
    let mut batch = Vec::new();
    let mut room = BATCH;
    while room > 0 {
        let Some(part) = parts.pop_front() else { break };
        let upto = part.upto.min(part.after + room);
        room -= upto - part.after;
        batch.push(Range { upto, ..part });
        if upto < part.upto {
            parts.push_front(Range { after: upto, ..part });
        }
    }
    batch.retain(|part| part.after < part.upto);
    (!batch.is_empty()).then_some(batch)
}

/// The owner's transaction, for what is written through [`Db`] elsewhere.
struct Plain<'a>(tokio_postgres::Transaction<'a>);

impl Db for Plain<'_> {
    async fn query(&self, sql: &'static str, params: &Sql<'_>) -> Result<Vec<Row>, DbError> {
        self.0.query(sql, params).await
    }

    async fn execute(&self, sql: &'static str, params: &Sql<'_>) -> Result<u64, DbError> {
        self.0.execute(sql, params).await
    }
}
