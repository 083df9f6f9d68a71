//! Building read models anew beside the old ones, and switching when they have caught up, while the server goes on.

use std::{
    collections::{HashMap, VecDeque},
    iter,
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use openchat_domain::{BusinessId, Position};
use openchat_projections::{Db, Projection};
use tokio_postgres::{Client, Config, error::SqlState};

use super::{
    apply::{BatchError, Entry, Known, READER, Target, fold},
    read::{self, Range},
};
use crate::store::{PoolSizes, Pools, StoreError, WorkerDb, connect};

/// Two rebuilds at once would build into the same tables.
const LOCK: i64 = 0x0072_6562_7569_6c64;
/// How many events one batch holds: the more, the fewer times a row is written that many of them change.
const BATCH: i64 = 20_000;
/// How few events are folded while everybody else waits.
const LITTLE: i64 = 1_000;
/// How many batches are read ahead of the one that is folded.
const AHEAD: usize = 2;

/// How often a switch that somebody is in the way of is put off, and for how long.
const PAUSES: u32 = 60;
const PAUSE: Duration = Duration::from_millis(400);

const NOTE_VERSION: &str = "
    insert into read_models as it (name, version, built) values ($1, $2, 1)
    on conflict (name) do update set version = excluded.version, built = it.built + 1";
const TARGETS: &str = "select tenant_id, position from checkpoints where reader = $1";
/// What `like` leaves out: a table's settings, and its primary key without the other indexes.
const LIKE: &str = "
    select coalesce('with (' || array_to_string(t.reloptions, ', ') || ')', ''),
           format('constraint %I ', k.conname) || pg_get_constraintdef(k.oid)
    from pg_class t join pg_constraint k on k.conrelid = t.oid and k.contype = 'p'
    where t.relnamespace = 'public'::regnamespace and t.relname = $1::text";
const INDEXES: &str = "
    select replace(pg_get_indexdef(i.indexrelid), ' ON public.', ' ON rebuild.')
    from pg_class t join pg_index i on i.indrelid = t.oid and not i.indisprimary
    where t.relnamespace = 'public'::regnamespace and t.relname = $1::text";

/// Why read models were not rebuilt; the old ones are as they were.
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
    /// Whoever read the log or folded it panicked.
    #[error("a part of the rebuild panicked")]
    Panicked(#[from] tokio::task::JoinError),
    /// An event could not be folded, and not be set aside either.
    #[error("the log could not be folded")]
    Fold(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl RebuildError {
    /// Whether somebody else is using a table that was to be switched.
    fn is_in_the_way(&self) -> bool {
        matches!(self, Self::Db(e) if e.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }
}

impl From<BatchError> for RebuildError {
    fn from(error: BatchError) -> Self {
        Self::Fold(Box::new(error))
    }
}

/// What a rebuild has done for one of its read models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Which one.
    pub projection: Projection,
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
    if !changed.is_empty() {
        rebuild(config, &changed, now).await?;
    }
    Ok(changed)
}

/// Folds the whole log, which is read once, into fresh tables of these read models, then puts them all in the place of the
/// old ones.
///
/// # Errors
/// [`RebuildError`]; the old tables are as they were.
pub async fn rebuild(
    config: &Config,
    projections: &[Projection],
    now: DateTime<Utc>,
) -> Result<Vec<Rebuilt>, RebuildError> {
    let (mut owner, driver) = connect(config).await?;
    owner.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
    create_beside(&owner, projections).await?;

    let mut build = Build::begin(config, projections, now).await?;
    build.catch_up().await?;
    create_indexes(&owner, projections).await?;
    let mut pauses = PAUSES;
    loop {
        // Catch up without holding anybody up, until little is left; then the rest under the switch's lock.
        while build.catch_up().await? > LITTLE {}
        match switch(&mut owner, &mut build).await {
            Ok(()) => break,
            Err(e) if e.is_in_the_way() && pauses > 0 => pauses -= 1,
            Err(e) => return Err(e),
        }
        tokio::time::sleep(PAUSE).await;
    }
    drop(owner);
    let _ = driver.await;
    Ok(build.done().collect())
}

/// Folds what is left while no checkpoint can move, and puts the fresh tables in the place of the old ones.
async fn switch(owner: &mut Client, build: &mut Build) -> Result<(), RebuildError> {
    let tx = owner.transaction().await?;
    tx.batch_execute("lock table checkpoints in share row exclusive mode").await?;
    build.catch_up().await?;
    // Whoever reads one of the tables may want another one next, so that each would wait for the other: it is the rebuild that
    // gives way, before Postgres looks for such a circle and makes anybody give way.
    let all: Vec<_> = build
        .lanes
        .iter()
        .flat_map(|lane| lane.projection.tables())
        .map(|it| format!("public.{it}"))
        .collect();
    tx.batch_execute(&format!(
        "set local lock_timeout = '100ms'; lock table {} in access exclusive mode",
        all.join(", ")
    ))
    .await?;
    for lane in &build.lanes {
        for table in lane.projection.tables() {
            tx.batch_execute(&format!(
                "drop table public.{table}; alter table rebuild.{table} set schema public;
                 select oc_protect('{table}')"
            ))
            .await?;
        }
        let name = lane.projection.name();
        tx.execute("delete from parked_streams where reader = $1", &[&name]).await?;
        tx.execute(NOTE_VERSION, &[&name, &lane.projection.version()]).await?;
    }
    for lane in &build.lanes {
        let park = lane.known.parked().write();
        tx.execute(park.sql(), &park.params()).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn tables(projections: &[Projection]) -> impl Iterator<Item = &'static str> {
    projections.iter().flat_map(|it| it.tables()).copied()
}

/// Empty tables like the live ones, in a schema of their own, with no more indexes than the folds need.
async fn create_beside(owner: &Client, projections: &[Projection]) -> Result<(), tokio_postgres::Error> {
    owner
        .batch_execute(
            "create schema if not exists rebuild; grant usage on schema rebuild to openchat_worker",
        )
        .await?;
    for table in tables(projections) {
        let like = owner.query_one(LIKE, &[&table]).await?;
        let (options, key): (&str, &str) = (like.get(0), like.get(1));
        owner
            .batch_execute(&format!(
                "drop table if exists rebuild.{table};
                 create table rebuild.{table} (like public.{table} including all excluding indexes, {key}) {options};
                 grant select, insert, update, delete on rebuild.{table} to openchat_worker"
            ))
            .await?;
    }
    for columns in projections.iter().filter_map(|it| it.finds_by()) {
        owner.batch_execute(&format!("create index finds_by on rebuild.{columns}")).await?;
    }
    Ok(())
}

/// The indexes that the live tables have beside their primary keys, by the same names: made of many rows at once they cost
/// less than kept up with each.
async fn create_indexes(owner: &Client, projections: &[Projection]) -> Result<(), tokio_postgres::Error> {
    for table in tables(projections) {
        for row in owner.query(INDEXES, &[&table]).await? {
            owner.batch_execute(row.get(0)).await?;
        }
    }
    owner.batch_execute("drop index if exists rebuild.finds_by").await
}

/// A rebuild under way.
struct Build {
    pools: Pools,
    lanes: Vec<Lane>,
    reached: HashMap<BusinessId, Position>,
    events: i64,
    now: DateTime<Utc>,
}

/// One of its read models, folded on a connection of its own: they know nothing of each other.
struct Lane {
    projection: Projection,
    worker: WorkerDb,
    known: Known,
}

impl Build {
    async fn begin(
        config: &Config,
        projections: &[Projection],
        now: DateTime<Utc>,
    ) -> Result<Self, RebuildError> {
        let pools = Pools::new(config, PoolSizes { requests: 1, workers: projections.len() + AHEAD });
        let mut lanes = Vec::new();
        for &projection in projections {
            let worker = pools.worker().await.map_err(StoreError::from)?;
            worker.batch("set search_path = rebuild, public").await?;
            lanes.push(Lane { projection, worker, known: Known::default() });
        }
        Ok(Self { pools, lanes, reached: HashMap::new(), events: 0, now })
    }

    /// Folds every tenant's log up to where the live read models are now; returns how many events that were.
    async fn catch_up(&mut self) -> Result<i64, RebuildError> {
        let before = self.events;
        let mut parts = VecDeque::new();
        for row in self.pools.worker().await.map_err(StoreError::from)?.query(TARGETS, &[&READER]).await? {
            let tenant = BusinessId::from_uuid(row.get(0));
            let after = self.reached.get(&tenant).copied().unwrap_or(0);
            parts.push_back(Range { tenant, after, upto: row.get(1) });
        }
        let pools = self.pools.clone();
        let batches = iter::from_fn(move || take_batch(&mut parts));
        let mut read =
            stream::iter(batches.map(|next| tokio::spawn(read(pools.clone(), next)))).buffered(AHEAD);
        while let Some(done) = read.try_next().await? {
            let (next, entries) = done?;
            let entries = Arc::new(entries);
            let lanes =
                self.lanes.drain(..).map(|lane| tokio::spawn(lane.fold(Arc::clone(&entries), self.now)));
            // All of them, so that none works on when another has failed.
            for lane in join_all(lanes).await {
                self.lanes.push(lane??);
            }
            self.events += next.iter().map(|part| part.upto - part.after).sum::<i64>();
            self.reached.extend(next.iter().map(|part| (part.tenant, part.upto)));
        }
        Ok(self.events - before)
    }

    fn done(&self) -> impl Iterator<Item = Rebuilt> {
        let rebuilt = |lane: &Lane| Rebuilt {
            projection: lane.projection,
            events: self.events,
            parked: lane.known.parked().len(),
        };
        self.lanes.iter().map(rebuilt)
    }
}

impl Lane {
    async fn fold(mut self, entries: Arc<Vec<Entry>>, now: DateTime<Utc>) -> Result<Self, BatchError> {
        let target = Target { projections: &[self.projection], checkpoint: None };
        fold(&self.worker, &target, &entries, &mut self.known, now).await?;
        Ok(self)
    }
}

async fn read(pools: Pools, next: Vec<Range>) -> Result<(Vec<Range>, Vec<Entry>), StoreError> {
    let entries = read::ranges(&pools.worker().await?, &next, BATCH).await?;
    Ok((next, entries))
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
