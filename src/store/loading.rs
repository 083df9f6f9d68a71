//! An aggregate's state out of the database: from its snapshot and what came after, and how a snapshot is saved.

use std::{sync::Arc, time::Instant};

use openchat_domain::{BusinessId, DomainEvent, Position, Recorded};
use openchat_projections::Db;

use super::{
    StoreError,
    aggregates::{Aggregate, Aggregates},
};

/// A snapshot is saved whenever an aggregate's sequence passes a multiple of this.
const SNAPSHOT_EVERY: i64 = 100;
/// For how many commands an aggregate that another node has changed is looked at before it decides.
const SHARED: u8 = 16;
/// How many events one read of a stream brings.
const CHUNK: i64 = 5_000;

const LOAD_SNAPSHOT: &str = "
    select sequence, position, state::text from snapshots
    where tenant_id = $1 and aggregate_id = $2 and snapshot_version = $3";
const LOAD_EVENTS: &str = "
    select sequence, position, event_type, event_version::int, payload::text from events
    where tenant_id = $1 and aggregate_id = $2 and sequence > $3 order by sequence limit $4";
const LATEST: &str =
    "select coalesce(max(sequence), 0) from events where tenant_id = $1 and aggregate_id = $2";
const SAVE_SNAPSHOT: &str = "
    insert into snapshots as s (tenant_id, aggregate_id, sequence, position, snapshot_version, state)
    values ($1, $2, $3, $4, $5, $6::text::json)
    on conflict (tenant_id, aggregate_id) do update
    set sequence = excluded.sequence, position = excluded.position,
        snapshot_version = excluded.snapshot_version, state = excluded.state
    where s.sequence < excluded.sequence or s.snapshot_version <> excluded.snapshot_version";

/// A state, and how much of its stream it has folded.
#[derive(Debug, Clone)]
pub(super) struct Loaded<A> {
    pub(super) state: A,
    pub(super) sequence: i64,
    pub(super) position: Position,
    /// When the log last agreed that this is all of the stream.
    pub(super) confirmed: Instant,
    /// How many more commands look first whether another node has been here: a conflict is dearer than a look.
    pub(super) shared: u8,
}

impl<A: Aggregate> Loaded<A> {
    /// Goes on by the next event that was recorded.
    pub(super) fn record(&mut self, recorded: &Recorded) {
        self.go_on(recorded.event.clone(), recorded.sequence, recorded.position);
    }

    fn go_on(&mut self, event: DomainEvent, sequence: i64, position: Position) {
        if let Some(event) = A::own(event) {
            self.state.evolve(&event);
        }
        self.sequence = sequence;
        self.position = position;
    }
}

impl Aggregates {
    pub(super) async fn latest<A: Aggregate>(
        &self,
        tenant: BusinessId,
        id: A::Id,
    ) -> Result<i64, StoreError> {
        let db = self.pools.tenant(tenant).await?;
        let row = db.query_opt(LATEST, &[&tenant.uuid(), &A::stream(id).aggregate_id()]).await?;
        Ok(row.map_or(0, |row| row.get(0)))
    }

    pub(super) async fn load<A: Aggregate>(
        &self,
        tenant: BusinessId,
        id: A::Id,
    ) -> Result<Box<Loaded<A>>, StoreError> {
        let confirmed = Instant::now();
        let db = self.pools.tenant(tenant).await?;
        let (tenant_id, aggregate_id) = (tenant.uuid(), A::stream(id).aggregate_id());
        let snapshot =
            db.query_opt(LOAD_SNAPSHOT, &[&tenant_id, &aggregate_id, &A::SNAPSHOT_VERSION]).await?;
        let saved = snapshot.and_then(|row| {
            // An unreadable snapshot is no loss: the events are there.
            let state = serde_json::from_str(row.get(2)).ok()?;
            Some(Loaded { state, sequence: row.get(0), position: row.get(1), confirmed, shared: 0 })
        });
        let begun = || Loaded { state: A::default(), sequence: 0, position: 0, confirmed, shared: 0 };
        drop(db);
        let known = Box::new(saved.unwrap_or_else(begun));
        let mut loaded = self.catch_up::<A>(tenant, id, known).await?;
        loaded.shared = 0;
        Ok(loaded)
    }

    /// The state with what has happened since.
    pub(super) async fn catch_up<A: Aggregate>(
        &self,
        tenant: BusinessId,
        id: A::Id,
        mut loaded: Box<Loaded<A>>,
    ) -> Result<Box<Loaded<A>>, StoreError> {
        loaded.confirmed = Instant::now();
        loaded.shared = loaded.shared.saturating_sub(1);
        let db = self.pools.tenant(tenant).await?;
        let (tenant_id, aggregate_id) = (tenant.uuid(), A::stream(id).aggregate_id());
        loop {
            let rows = db.query(LOAD_EVENTS, &[&tenant_id, &aggregate_id, &loaded.sequence, &CHUNK]).await?;
            for row in &rows {
                let event =
                    openchat_domain::decode(A::TYPE, &aggregate_id, row.get(2), row.get(3), row.get(4))?;
                loaded.go_on(event, row.get(0), row.get(1));
                loaded.shared = SHARED;
            }
            if i64::try_from(rows.len()).unwrap_or(CHUNK) < CHUNK {
                return Ok(loaded);
            }
        }
    }

    /// Saves in the background what has become of the aggregate; to miss one only makes a later load longer.
    pub(super) fn save_snapshot_when_due<A: Aggregate>(
        &self,
        tenant: BusinessId,
        id: A::Id,
        loaded: &Loaded<A>,
        new: usize,
    ) {
        let before = loaded.sequence - i64::try_from(new).unwrap_or(0);
        if before / SNAPSHOT_EVERY == loaded.sequence / SNAPSHOT_EVERY {
            return;
        }
        let (Ok(permit), Ok(state)) =
            (Arc::clone(&self.snapshots).try_acquire_owned(), serde_json::to_string(&loaded.state))
        else {
            return;
        };
        let (pools, sequence, position) = (self.pools.clone(), loaded.sequence, loaded.position);
        tokio::spawn(async move {
            let saved = async {
                let db = pools.tenant(tenant).await?;
                let id = A::stream(id).aggregate_id();
                let version = A::SNAPSHOT_VERSION;
                db.execute(SAVE_SNAPSHOT, &[&tenant.uuid(), &id, &sequence, &position, &version, &state])
                    .await?;
                Ok::<_, StoreError>(())
            };
            if let Err(e) = saved.await {
                tracing::warn!(error = %super::chain(&e), "a snapshot was not saved");
            }
            drop(permit);
        });
    }
}
