//! Folding a batch of the log into read models, all or nothing, and setting aside what can't be folded.
//!
//! Rows are read before the transaction that writes them, and most needn't be read at all, because they are still at hand:
//! what the projector believes is what it has written itself. The transaction is refused when anybody else has moved a
//! checkpoint, leads, or has built a read model anew meanwhile.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use openchat_domain::{BusinessId, Position, Recorded};
use openchat_projections::{ApplyError, AtHand, Db, DbError, Projection, Write};
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::store::{Fate, Fence, StoreError, WorkerDb, chain};

/// How often a stream's event may fail before the stream is parked, and the pauses before each new try.
const TRIES: [Duration; 3] =
    [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(400)];

/// Makes the checkpoints of new tenants, then moves all of the batch's, each only from where it is believed to be, only
/// while this node leads, and only while the read models are the tables that they were.
const BEGIN_CHECKPOINTS: &str = "
    insert into checkpoints (reader, tenant_id, position)
    select $1, t, 0 from unnest($2::uuid[]) t on conflict do nothing";
const MOVE_CHECKPOINTS: &str = "
    with moved as (
        update checkpoints c set position = m.upto
        from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as m (tenant_id, since, upto)
        where c.reader = $1 and c.tenant_id = m.tenant_id and c.position = m.since
          and exists (select from leases where name = 'leader' and generation = $5)
        returning 1
    )
    select case
        when (select count(*) from moved) <> cardinality($2) then oc_refuse('OC001')
        when (select sum(built) from read_models) <> $6::bigint then oc_refuse('OC002')
    end";
/// The same for one tenant, which costs Postgres a quarter of it.
const MOVE_CHECKPOINT: &str = "
    with moved as (
        update checkpoints set position = $4
        where reader = $1 and tenant_id = $2 and position = $3
          and exists (select from leases where name = 'leader' and generation = $5)
        returning 1
    )
    select case
        when not exists (select from moved) then oc_refuse('OC001')
        when (select sum(built) from read_models) <> $6::bigint then oc_refuse('OC002')
    end";
const FENCED: &str = "OC001";
const REBUILT: &str = "OC002";
const BUILT: &str = "select coalesce(sum(built), 0)::bigint from read_models";
const PARK: &str = "
    insert into parked_streams (reader, tenant_id, aggregate_id, position, error, parked_at)
    select * from unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[])
    on conflict do nothing";
const PARKED: &str = "select reader, tenant_id, aggregate_id, position, error, parked_at from parked_streams";

/// One place in the log.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// An event.
    Event(Arc<Recorded>),
    /// A row that can't be read as an event.
    Unreadable {
        /// Whose log.
        tenant: BusinessId,
        /// The place.
        position: Position,
        /// The stream that it is in.
        aggregate_id: String,
        /// Why it can't be read.
        error: String,
    },
}

/// The reader whose checkpoint moves with the read models.
pub(crate) const READER: &str = "views";

/// Why a batch was not folded in; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    /// Somebody else has moved a checkpoint since, or leads.
    #[error("another projector has been here")]
    Fenced,
    /// A read model is another table than it was.
    #[error("a read model has been built anew")]
    Rebuilt,
    /// A read model refused.
    #[error("a read model could not follow")]
    Apply(#[from] ApplyError),
    /// The database failed around it.
    #[error("the batch could not be committed")]
    Db(#[from] DbError),
    /// No connection.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a projector knows of the read models, and need not ask, while nobody else writes them.
#[derive(Debug, Default)]
pub(crate) struct Known {
    at_hand: AtHand,
    parked: Parked,
    /// How often read models had been built anew.
    built: i64,
}

/// The streams that a read model doesn't follow any more.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    streams: HashMap<(Projection, BusinessId, String), Mishap>,
}

/// Where and why a read model could not follow.
#[derive(Debug, Clone)]
struct Mishap {
    position: Position,
    error: String,
    at: DateTime<Utc>,
}

/// What to fold into, and how commits are marked.
pub(crate) struct Target<'a> {
    /// The read models.
    pub(crate) projections: &'a [Projection],
    /// Under which leadership the checkpoint moves too; a rebuild keeps its own count.
    pub(crate) checkpoint: Option<Fence>,
}

impl Entry {
    /// Whose log.
    pub(crate) fn tenant(&self) -> BusinessId {
        match self {
            Self::Event(e) => e.tenant,
            Self::Unreadable { tenant, .. } => *tenant,
        }
    }

    /// The place.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Event(e) => e.position,
            Self::Unreadable { position, .. } => *position,
        }
    }

    fn event(&self) -> Option<&Recorded> {
        match self {
            Self::Event(e) => Some(e),
            Self::Unreadable { .. } => None,
        }
    }

    fn aggregate_id(&self) -> String {
        match self {
            Self::Event(e) => e.event.stream().aggregate_id(),
            Self::Unreadable { aggregate_id, .. } => aggregate_id.clone(),
        }
    }
}

impl Known {
    /// What the database knows now.
    pub(crate) async fn load(db: &impl Db) -> Result<Self, DbError> {
        // In this order: what was parked before a rebuild is refused with it.
        let built = db.query_opt(BUILT, &[]).await?.map_or(0, |row| row.get(0));
        Ok(Self { at_hand: AtHand::default(), parked: Parked::load(db).await?, built })
    }

    /// The streams that are set aside.
    pub(crate) const fn parked(&self) -> &Parked {
        &self.parked
    }
}

impl Parked {
    /// What was parked before.
    async fn load(db: &impl Db) -> Result<Self, DbError> {
        let rows = db.query(PARKED, &[]).await?;
        let known = |name: &str| Projection::ALL.iter().copied().find(|p| p.name() == name);
        let stream = |row: &tokio_postgres::Row| {
            let key = (known(row.get(0))?, BusinessId::from_uuid(row.get(1)), row.get(2));
            Some((key, Mishap { position: row.get(3), error: row.get(4), at: row.get(5) }))
        };
        Ok(Self { streams: rows.iter().filter_map(stream).collect() })
    }

    /// Writes down what isn't written down yet.
    pub(crate) fn write(&self) -> Write {
        Write::new(PARK)
            .with(self.column(|(projection, ..), _| projection.name()))
            .with(self.column(|(_, tenant, _), _| tenant.uuid()))
            .with(self.column(|(.., stream), _| stream.clone()))
            .with(self.column(|_, mishap| mishap.position))
            .with(self.column(|_, mishap| mishap.error.clone()))
            .with(self.column(|_, mishap| mishap.at))
    }

    fn column<T>(&self, of: impl Fn(&(Projection, BusinessId, String), &Mishap) -> T) -> Vec<T> {
        self.streams.iter().map(|(stream, mishap)| of(stream, mishap)).collect()
    }

    /// How many streams are parked.
    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }

    fn follows(&self, projection: Projection, event: &Recorded) -> bool {
        self.streams.is_empty()
            || !self.streams.contains_key(&(projection, event.tenant, event.event.stream().aggregate_id()))
    }
}

/// Folds a batch in; what a read model can't follow is found, tried again, and parked without stopping the rest.
///
/// # Errors
/// [`BatchError::Fenced`] or a failure of the database. Some of the batch may have been committed then;
/// the checkpoints tell.
pub(crate) async fn fold(
    db: &WorkerDb,
    target: &Target<'_>,
    entries: &[Entry],
    known: &mut Known,
    now: DateTime<Utc>,
) -> Result<(), BatchError> {
    let mut rest = vec![entries];
    while let Some(part) = rest.pop() {
        match commit(db, target, part, known, false).await {
            Ok(()) => {}
            Err(BatchError::Apply(e)) if is_poison(&e) => {
                if part.len() > 1 {
                    let (first, second) = part.split_at(part.len() / 2);
                    rest.push(second);
                    rest.push(first);
                } else if let [entry] = part {
                    isolate(db, target, entry, known, now).await?;
                }
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Whether an error comes from the data, so that trying again as a whole is of no use.
fn is_poison(error: &ApplyError) -> bool {
    match error {
        ApplyError::Unreadable { .. } => true,
        ApplyError::Db(e) => e.code().is_some_and(|code| {
            // Data exceptions, violated constraints, and what a fold's own SQL got wrong.
            ["21", "22", "23", "42"].iter().any(|class| code.code().starts_with(class))
        }),
    }
}

/// Finds the read models that can't follow one event, parks its stream for them, and goes past it.
async fn isolate(
    db: &WorkerDb,
    target: &Target<'_>,
    entry: &Entry,
    known: &mut Known,
    now: DateTime<Utc>,
) -> Result<(), BatchError> {
    for &projection in target.projections {
        if let Some(error) = stubborn_failure(db, projection, entry, &known.parked).await? {
            tracing::error!(
                read_model = projection.name(), tenant = %entry.tenant(), position = entry.position(),
                stream = entry.aggregate_id(), error,
                "a read model can't follow this stream; the stream is parked until the read model is rebuilt"
            );
            let mishap = Mishap { position: entry.position(), error, at: now };
            let stream = (projection, entry.tenant(), entry.aggregate_id());
            known.parked.streams.entry(stream).or_insert(mishap);
        }
    }
    commit(db, target, std::slice::from_ref(entry), known, true).await
}

/// The error with which a read model refuses the event every time.
async fn stubborn_failure(
    db: &WorkerDb,
    projection: Projection,
    entry: &Entry,
    parked: &Parked,
) -> Result<Option<String>, BatchError> {
    let event = match entry {
        Entry::Unreadable { error, .. } => return Ok(Some(error.clone())),
        Entry::Event(event) if parked.follows(projection, event) => event,
        Entry::Event(_) => return Ok(None),
    };
    let mut last = None;
    for pause in TRIES {
        let tried = async {
            let writes = projection.writes(db, &AtHand::default(), &[event.as_ref()]).await?;
            Ok::<_, ApplyError>(db.write(&writes, Fate::Undone).await?)
        };
        match tried.await {
            Ok(()) => return Ok(None),
            Err(e) if is_poison(&e) => last = Some(chain(&e)),
            Err(e) => return Err(e.into()),
        }
        tokio::time::sleep(pause).await;
    }
    Ok(last)
}

/// Folds in all entries or none. `isolated` says that what can't be read is parked already.
async fn commit(
    db: &WorkerDb,
    target: &Target<'_>,
    entries: &[Entry],
    known: &mut Known,
    isolated: bool,
) -> Result<(), BatchError> {
    if !isolated && entries.iter().any(|e| matches!(e, Entry::Unreadable { .. })) {
        return Err(ApplyError::Unreadable { what: "event" }.into());
    }
    let mut writes = Vec::new();
    if let Some(fence) = target.checkpoint {
        // First, because a rebuild's switch locks checkpoints before tables, too.
        writes.extend(move_checkpoints(fence, known.built, entries));
        if isolated {
            writes.push(known.parked.write());
        }
    }
    // The events are durable. A crash loses the read models' rows and their checkpoint together; they are folded again.
    let committed = async {
        for folded in folded(db, target, entries, known).await? {
            writes.extend(folded);
        }
        db.write(&writes, Fate::Early).await.map_err(refusal)
    };
    let committed = committed.await;
    if committed.is_err() {
        known.at_hand = AtHand::default();
    }
    committed
}

/// What the entries come to, read model by read model.
async fn folded(
    db: &WorkerDb,
    target: &Target<'_>,
    entries: &[Entry],
    known: &Known,
) -> Result<Vec<Vec<Write>>, ApplyError> {
    let folds = target.projections.iter().map(|&projection| {
        let followed =
            |e: &'_ Entry| matches!(e, Entry::Event(event) if known.parked.follows(projection, event));
        let events: Vec<&Recorded> =
            entries.iter().filter(|e| followed(e)).filter_map(Entry::event).collect();
        async move { projection.writes(db, &known.at_hand, &events).await }
    });
    try_join_all(folds).await
}

fn move_checkpoints(Fence(generation): Fence, built: i64, entries: &[Entry]) -> Vec<Write> {
    let mut moves: BTreeMap<Uuid, (Position, Position)> = BTreeMap::new();
    for entry in entries {
        let position = entry.position();
        moves.entry(entry.tenant().uuid()).or_insert((position - 1, position)).1 = position;
    }
    if let (1, Some((tenant, (since, upto)))) = (moves.len(), moves.first_key_value())
        && *since > 0
    {
        let moved = Write::new(MOVE_CHECKPOINT).with(READER).with(*tenant).with(*since).with(*upto);
        return vec![moved.with(generation).with(built)];
    }
    let fresh: Vec<Uuid> = moves.iter().filter(|(_, (since, _))| *since == 0).map(|(t, _)| *t).collect();
    let tenants: Vec<Uuid> = moves.keys().copied().collect();
    let (since, upto): (Vec<Position>, Vec<Position>) = moves.into_values().unzip();
    let begin = (!fresh.is_empty()).then(|| Write::new(BEGIN_CHECKPOINTS).with(READER).with(fresh));
    let moved = Write::new(MOVE_CHECKPOINTS).with(READER).with(tenants).with(since).with(upto);
    begin.into_iter().chain([moved.with(generation).with(built)]).collect()
}

/// Why a transaction of the projector's was refused.
fn refusal(error: DbError) -> BatchError {
    match error.code().map(SqlState::code) {
        Some(FENCED) => BatchError::Fenced,
        Some(REBUILT) => BatchError::Rebuilt,
        _ => ApplyError::Db(error).into(),
    }
}
