//! The projector's loop: find the tenants that have moved, fold what is new, tell the followers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use openchat_domain::{BusinessId, Position, Recorded};
use openchat_projections::{Db, Projection};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    ProjectorStatus, Views,
    apply::{BatchError, Entry, Known, READER, Target, fold},
    read::{self, Range},
};
use crate::{
    clock::Clock,
    nodes::{Bus, LogNews, News, Node},
    store::{Fence, Pools, StoreError, WorkerDb, chain},
};

/// How many events one batch holds at the most.
const BATCH: usize = 5_000;
/// How many events of one tenant wait in memory; beyond that they are read from the log.
const TAIL: usize = 10_000;
/// How long a round that follows on another waits for more to fold at once, in times of what the last one took, and how long
/// both take at the most: a batch costs about as much as an event, so the busier the machine the more it holds, but a large
/// one gains nothing by being larger.
const GATHER: (u32, Duration) = (8, Duration::from_millis(25));
/// How often the heads are compared with the checkpoints, to find what no announcement told of.
const POLL: Duration = Duration::from_millis(500);
/// The same while other nodes are at work and can't tell of it.
const SHORT_POLL: Duration = Duration::from_millis(100);

/// News that the read models have committed one tenant's log up to a position.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Whose.
    pub tenant: BusinessId,
    /// Up to where.
    pub position: Position,
    /// The latest events up to there, in order. What lies before them and wasn't told earlier is in the log:
    /// after a failure, or when another node was faster, only the position is told.
    pub events: Vec<Arc<Recorded>>,
}

/// Events of one tenant that are in memory and wait to be folded. Those of several nodes come in any order.
type Tail = BTreeMap<Position, Arc<Recorded>>;

/// Where committed events go: the live feed, routing.
pub type Follower = mpsc::UnboundedSender<Committed>;

/// What tells the projector that there is something new.
pub struct Sources {
    /// What this node has appended.
    pub announced: mpsc::UnboundedReceiver<Vec<Arc<Recorded>>>,
    /// What other nodes say.
    pub heard: mpsc::UnboundedReceiver<LogNews>,
}

/// Keeps the read models up with the log, or, while another node does, knows how far they have come.
pub struct Projector {
    pub(super) pools: Pools,
    clock: Clock,
    pub(super) views: Views,
    pub(super) status: ProjectorStatus,
    followers: Vec<Follower>,
    pub(super) node: Node,
    pub(super) bus: Bus,
    /// Up to where the followers have been told.
    pub(super) told: HashMap<BusinessId, Position>,
    checkpoints: HashMap<BusinessId, Position>,
    tails: HashMap<BusinessId, Tail>,
    behind: BTreeSet<BusinessId>,
    in_doubt: Vec<BusinessId>,
    known: Known,
}

const BEHIND: &str = "
    select h.tenant_id, coalesce(c.position, 0) from log_heads h
    left join checkpoints c on c.reader = $1 and c.tenant_id = h.tenant_id
    where h.position > coalesce(c.position, 0) limit 10000";
pub(super) const CHECKPOINTS: &str =
    "select tenant_id, position from checkpoints where reader = $1 and tenant_id = any($2)";

impl Sources {
    /// Waits while more keeps coming; when it is quiet nobody waits.
    async fn gather(&self, took: Duration) {
        let (times, period) = GATHER;
        let (mut left, mut waiting) = (period.saturating_sub(took).min(took * times), 0);
        while !left.is_zero() && self.waiting() > waiting {
            waiting = self.waiting();
            let a_while = took.min(left);
            tokio::time::sleep(a_while).await;
            left -= a_while;
        }
    }

    fn waiting(&self) -> usize {
        self.announced.len() + self.heard.len()
    }
}

impl Projector {
    /// A projector that tells `followers` of what it has committed.
    #[must_use]
    pub fn new(
        pools: Pools,
        clock: Clock,
        views: Views,
        status: ProjectorStatus,
        followers: Vec<Follower>,
        (node, bus): (Node, Bus),
    ) -> Self {
        Self {
            pools,
            clock,
            views,
            status,
            followers,
            node,
            bus,
            told: HashMap::new(),
            checkpoints: HashMap::new(),
            tails: HashMap::new(),
            behind: BTreeSet::new(),
            in_doubt: Vec::new(),
            known: Known::default(),
        }
    }

    /// Works until told to stop, then finishes what has been announced, if it is this node that leads.
    pub async fn run(mut self, mut sources: Sources, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.node.fence() {
                Some(fence) => self.lead(fence, &mut sources, &stop).await,
                None => self.follow(&mut sources, &stop).await,
            }
        }
    }

    /// Folds while this node leads.
    async fn lead(&mut self, fence: Fence, sources: &mut Sources, stop: &CancellationToken) {
        let mut connection = None;
        let mut polled = true;
        let mut next_poll = Instant::now() + self.pause();
        let mut told = false;
        self.forget(&mut connection);
        while self.node.fence() == Some(fence) {
            // What an earlier leader has committed and nobody here has heard of.
            told = told || self.look(&mut None).await.is_ok();
            self.take_all(sources);
            if self.node.has_company() && Instant::now() >= next_poll {
                polled = true;
            }
            if self.behind.is_empty() && !polled {
                tokio::select! {
                    Some(events) = sources.announced.recv() => self.take(events),
                    Some(news) = sources.heard.recv() => self.hear(news),
                    () = tokio::time::sleep_until(next_poll) => polled = true,
                    () = stop.cancelled() => return,
                }
                continue;
            }
            let begun = Instant::now();
            match self.round(&mut connection, fence, polled).await {
                Ok(()) => {
                    if polled {
                        next_poll = Instant::now() + self.pause();
                    }
                    polled = false;
                    self.status.set_failing(None);
                    sources.gather(begun.elapsed()).await;
                }
                Err(BatchError::Fenced) => {
                    tracing::info!("another node has been at work; looking anew");
                    self.node.doubt();
                    self.forget(&mut connection);
                }
                Err(BatchError::Rebuilt) => {
                    tracing::info!("a read model has been built anew; looking anew");
                    self.forget(&mut connection);
                }
                Err(e) => {
                    let why = chain(&e);
                    tracing::warn!(
                        error = why,
                        "the read models could not be brought up to date; trying again"
                    );
                    self.status.set_failing(Some(why));
                    self.forget(&mut connection);
                    polled = true;
                    if stop.is_cancelled() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    /// How long to wait before looking for what nobody has told of.
    pub(super) fn pause(&self) -> Duration {
        if self.node.has_company() && !self.bus.is_connected() { SHORT_POLL } else { POLL }
    }

    fn take_all(&mut self, sources: &mut Sources) {
        while let Ok(events) = sources.announced.try_recv() {
            self.take(events);
        }
        while let Ok(news) = sources.heard.try_recv() {
            self.hear(news);
        }
    }

    /// Another node has appended something; what another leader says doesn't count while this one leads.
    fn hear(&mut self, news: LogNews) {
        if let LogNews::Appended { tenant, position, events } = news
            && self.checkpoints.get(&tenant).is_none_or(|known| *known < position)
        {
            self.behind.insert(tenant);
            self.take(events);
        }
    }

    fn take(&mut self, events: Vec<Arc<Recorded>>) {
        let Some(first) = events.first() else { return };
        self.behind.insert(first.tenant);
        let tail = self.tails.entry(first.tenant).or_default();
        tail.extend(events.into_iter().map(|event| (event.position, event)));
        if tail.len() > TAIL {
            tail.clear();
        }
    }

    /// Forgets what it believed, because the database knows, but not whose checkpoints are in doubt.
    fn forget(&mut self, connection: &mut Option<WorkerDb>) {
        if let Some(db) = connection.take() {
            db.discard();
        }
        self.behind.extend(self.in_doubt.drain(..));
        self.checkpoints.clear();
        self.tails.clear();
    }

    async fn round(
        &mut self,
        connection: &mut Option<WorkerDb>,
        fence: Fence,
        poll: bool,
    ) -> Result<(), BatchError> {
        let db = match connection {
            Some(db) => db,
            None => {
                let db = self.pools.worker().await.map_err(StoreError::from)?;
                self.known = Known::load(&db).await?;
                self.status.parked.store(self.known.parked().len(), Ordering::Relaxed);
                connection.insert(db)
            }
        };
        if poll {
            for row in db.query(BEHIND, &[&READER]).await? {
                let tenant = BusinessId::from_uuid(row.get(0));
                self.behind.insert(tenant);
                // The database may be ahead of what is believed here, when another node has been at work.
                let position = row.get(1);
                self.checkpoints.insert(tenant, position);
                self.tell_once(tenant, position);
            }
        }
        self.learn_checkpoints(db).await?;
        self.in_doubt = self.behind.iter().copied().collect();
        let entries = self.gather(db).await?;
        let target = Target { projections: Projection::ALL, checkpoint: Some(fence) };
        fold(db, &target, &entries, &mut self.known, self.clock.now()).await?;
        self.status.parked.store(self.known.parked().len(), Ordering::Relaxed);
        self.publish(entries);
        self.in_doubt.clear();
        Ok(())
    }

    async fn learn_checkpoints(&mut self, db: &WorkerDb) -> Result<(), BatchError> {
        let unknown: Vec<Uuid> =
            self.behind.iter().filter(|t| !self.checkpoints.contains_key(t)).map(|t| t.uuid()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        for tenant in &unknown {
            self.checkpoints.insert(BusinessId::from_uuid(*tenant), 0);
        }
        for row in db.query(CHECKPOINTS, &[&READER, &unknown]).await? {
            let (tenant, position) = (BusinessId::from_uuid(row.get(0)), row.get(1));
            self.checkpoints.insert(tenant, position);
            self.tell_once(tenant, position);
        }
        Ok(())
    }

    /// The next entries of every tenant that is behind, each tenant getting its share: from memory what was announced
    /// here or told by another node, and from the log what lies before it.
    async fn gather(&mut self, db: &WorkerDb) -> Result<Vec<Entry>, BatchError> {
        let share = (BATCH / self.behind.len().max(1)).max(10);
        let mut entries = Vec::new();
        let mut to_read = Vec::new();
        let mut done = Vec::new();
        for &tenant in &self.behind {
            if entries.len() >= BATCH {
                break;
            }
            let checkpoint = self.checkpoints.get(&tenant).copied().unwrap_or(0);
            let tail = self.tails.entry(tenant).or_default();
            *tail = tail.split_off(&(checkpoint + 1));
            match tail.first_key_value() {
                Some((&next, _)) if next == checkpoint + 1 => {
                    entries.extend(take_contiguous(tail, checkpoint, share).into_iter().map(Entry::Event));
                    if tail.is_empty() {
                        done.push(tenant);
                    }
                }
                // Positions are dense and become visible in order: what lies before another is there.
                Some((&next, _)) => to_read.push(Range { tenant, after: checkpoint, upto: next - 1 }),
                None => to_read.push(Range { tenant, after: checkpoint, upto: Position::MAX }),
            }
        }
        if !to_read.is_empty() {
            to_read.truncate((BATCH / share).max(1));
            let read = read::ranges(db, &to_read, i64::try_from(share).unwrap_or(i64::MAX)).await?;
            for Range { tenant, .. } in to_read {
                let found = read.iter().filter(|e| e.tenant() == tenant).count();
                if found < share && self.tails.get(&tenant).is_none_or(BTreeMap::is_empty) {
                    done.push(tenant);
                }
            }
            entries.extend(read);
        }
        for tenant in done {
            self.behind.remove(&tenant);
            self.tails.remove(&tenant);
        }
        Ok(entries)
    }

    /// Lets those who wait and those who follow know what has been committed.
    fn publish(&mut self, entries: Vec<Entry>) {
        let mut committed: BTreeMap<BusinessId, (Position, Vec<Arc<Recorded>>)> = BTreeMap::new();
        for entry in entries {
            let (position, events) = committed.entry(entry.tenant()).or_default();
            *position = entry.position();
            if let Entry::Event(event) = entry {
                events.push(event);
            }
        }
        for (tenant, (position, events)) in committed {
            self.checkpoints.insert(tenant, position);
            self.bus.say(|| News::Log(LogNews::Committed { tenant, position }));
            self.tell(tenant, position, &events);
        }
    }

    /// Tells of a position that the database says the read models have reached, if it hasn't been told.
    pub(super) fn tell_once(&mut self, tenant: BusinessId, position: Position) {
        if self.told.get(&tenant).is_none_or(|told| *told < position) {
            self.tell(tenant, position, &[]);
        }
    }

    fn tell(&mut self, tenant: BusinessId, position: Position, events: &[Arc<Recorded>]) {
        self.told.insert(tenant, position);
        for follower in &self.followers {
            // A follower that is gone has nothing more to hear.
            let _ = follower.send(Committed { tenant, position, events: events.to_vec() });
        }
        self.views.advance(tenant, position);
    }
}

/// Takes up to `most` events that follow on the checkpoint without a hole.
fn take_contiguous(tail: &mut Tail, checkpoint: Position, most: usize) -> Vec<Arc<Recorded>> {
    let run = (checkpoint + 1..).take(most).take_while(|next| tail.contains_key(next)).count();
    (0..run).filter_map(|_| tail.pop_first().map(|(_, event)| event)).collect()
}
