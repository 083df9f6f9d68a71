//! Folding a batch of the log into read models, all or nothing, and setting aside what can't be folded.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::future::{try_join, try_join_all};
use openchat_domain::{BusinessId, Position, Recorded};
use openchat_projections::{ApplyError, Db, DbError, Projection};
use uuid::Uuid;

use crate::store::{Fence, StoreError, WorkerDb, WorkerTx, chain};

/// How often a stream's event may fail before the stream is parked, and the pauses before each new try.
const TRIES: [Duration; 3] =
    [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(400)];

/// Makes the checkpoints of new tenants, then moves all of the batch's, each only from where it is believed to be, and
/// only while this node leads.
const BEGIN_CHECKPOINTS: &str = "
    insert into checkpoints (reader, tenant_id, position)
    select $1, t, 0 from unnest($2::uuid[]) t on conflict do nothing";
const MOVE_CHECKPOINTS: &str = "
    update checkpoints c set position = m.upto
    from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as m (tenant_id, since, upto)
    where c.reader = $1 and c.tenant_id = m.tenant_id and c.position = m.since
      and exists (select from leases where name = 'leader' and generation = $5)";
const PARK: &str = "
    insert into parked_streams (reader, tenant_id, aggregate_id, position, error, parked_at)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
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
    /// Whether the entries are known to be durable, so that what is folded from them needn't be before it is told.
    pub(crate) durable: bool,
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

impl Parked {
    /// What was parked before.
    pub(crate) async fn load(db: &impl Db) -> Result<Self, DbError> {
        let rows = db.query(PARKED, &[]).await?;
        let known = |name: &str| Projection::ALL.iter().copied().find(|p| p.name() == name);
        let stream = |row: &tokio_postgres::Row| {
            let key = (known(row.get(0))?, BusinessId::from_uuid(row.get(1)), row.get(2));
            Some((key, Mishap { position: row.get(3), error: row.get(4), at: row.get(5) }))
        };
        Ok(Self { streams: rows.iter().filter_map(stream).collect() })
    }

    /// Writes down what is parked and isn't written down yet.
    pub(crate) async fn save(&self, db: &impl Db) -> Result<(), DbError> {
        for ((projection, tenant, stream), mishap) in &self.streams {
            let Mishap { position, error, at } = mishap;
            db.execute(PARK, &[&projection.name(), &tenant.uuid(), stream, position, error, at]).await?;
        }
        Ok(())
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
    db: &mut WorkerDb,
    target: &Target<'_>,
    entries: &[Entry],
    parked: &mut Parked,
    now: DateTime<Utc>,
) -> Result<(), BatchError> {
    let mut rest = vec![entries];
    while let Some(part) = rest.pop() {
        match commit(db, target, part, parked, false).await {
            Ok(()) => {}
            Err(BatchError::Apply(e)) if is_poison(&e) => {
                if part.len() > 1 {
                    let (first, second) = part.split_at(part.len() / 2);
                    rest.push(second);
                    rest.push(first);
                } else if let [entry] = part {
                    isolate(db, target, entry, parked, now).await?;
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
            // Data exceptions, violated constraints, what a fold's own SQL got wrong, and whatever was on its way behind
            // one of these.
            ["21", "22", "23", "42", "25P02"].iter().any(|class| code.code().starts_with(class))
        }),
    }
}

/// Finds the read models that can't follow one event, parks its stream for them, and goes past it.
async fn isolate(
    db: &mut WorkerDb,
    target: &Target<'_>,
    entry: &Entry,
    parked: &mut Parked,
    now: DateTime<Utc>,
) -> Result<(), BatchError> {
    for &projection in target.projections {
        if let Some(error) = stubborn_failure(db, projection, entry, parked).await? {
            tracing::error!(
                read_model = projection.name(), tenant = %entry.tenant(), position = entry.position(),
                stream = entry.aggregate_id(), error,
                "a read model can't follow this stream; the stream is parked until the read model is rebuilt"
            );
            let mishap = Mishap { position: entry.position(), error, at: now };
            parked.streams.entry((projection, entry.tenant(), entry.aggregate_id())).or_insert(mishap);
        }
    }
    commit(db, target, std::slice::from_ref(entry), parked, true).await
}

/// The error with which a read model refuses the event every time.
async fn stubborn_failure(
    db: &mut WorkerDb,
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
        let tx = db.begin().await?;
        match projection.apply(&tx, &[event.as_ref()]).await {
            Ok(()) => return Ok(None),
            Err(e) if is_poison(&e) => last = Some(chain(&e)),
            Err(e) => return Err(e.into()),
        }
        drop(tx);
        tokio::time::sleep(pause).await;
    }
    Ok(last)
}

/// Folds in all entries or none. `isolated` says that what can't be read is parked already.
async fn commit(
    db: &mut WorkerDb,
    target: &Target<'_>,
    entries: &[Entry],
    parked: &mut Parked,
    isolated: bool,
) -> Result<(), BatchError> {
    if !isolated && entries.iter().any(|e| matches!(e, Entry::Unreadable { .. })) {
        return Err(ApplyError::Unreadable { what: "event" }.into());
    }
    let tx = db.begin().await?;
    let unsynced = async {
        if target.durable {
            // A crash loses the read models' rows and their checkpoint together; they are folded again.
            tx.batch("set local synchronous_commit = off").await?;
        }
        Ok::<_, BatchError>(())
    };
    let moved = async {
        match target.checkpoint {
            Some(fence) => move_checkpoints(&tx, fence, entries).await,
            None => Ok(()),
        }
    };
    let begin = try_join(unsynced, moved);
    if target.checkpoint.is_some() && parked.len() > 0 {
        begin.await?;
        // A rebuild may have unparked a stream a moment ago; from here on it can't.
        if isolated {
            parked.save(&tx).await?;
        }
        *parked = Parked::load(&tx).await?;
        apply(&tx, target, entries, parked).await?;
    } else {
        // All on its way at once, the checkpoints first, because a rebuild's switch locks them before tables too.
        try_join(begin, async { Ok(apply(&tx, target, entries, parked).await?) }).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn apply(
    tx: &WorkerTx<'_>,
    target: &Target<'_>,
    entries: &[Entry],
    parked: &Parked,
) -> Result<(), ApplyError> {
    let folds = target.projections.iter().map(|&projection| {
        let followed = |e: &'_ Entry| matches!(e, Entry::Event(event) if parked.follows(projection, event));
        let events: Vec<&Recorded> =
            entries.iter().filter(|e| followed(e)).filter_map(Entry::event).collect();
        async move { if events.is_empty() { Ok(()) } else { projection.apply(tx, &events).await } }
    });
    try_join_all(folds).await.map(drop)
}

async fn move_checkpoints(
    tx: &WorkerTx<'_>,
    Fence(generation): Fence,
    entries: &[Entry],
) -> Result<(), BatchError> {
    let mut moves: BTreeMap<Uuid, (Position, Position)> = BTreeMap::new();
    for entry in entries {
        let position = entry.position();
        moves.entry(entry.tenant().uuid()).or_insert((position - 1, position)).1 = position;
    }
    let fresh: Vec<Uuid> = moves.iter().filter(|(_, (since, _))| *since == 0).map(|(t, _)| *t).collect();
    if !fresh.is_empty() {
        tx.execute(BEGIN_CHECKPOINTS, &[&READER, &fresh]).await?;
    }
    let tenants: Vec<Uuid> = moves.keys().copied().collect();
    let (since, upto): (Vec<Position>, Vec<Position>) = moves.values().copied().unzip();
    let moved = tx.execute(MOVE_CHECKPOINTS, &[&READER, &tenants, &since, &upto, &generation]).await?;
    if usize::try_from(moved) == Ok(tenants.len()) { Ok(()) } else { Err(BatchError::Fenced) }
}
