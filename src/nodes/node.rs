//! This node among those that serve the same database: it says that it is alive, and leads while it holds the lease.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use openchat_projections::Db;
use tokio::sync::{Notify, watch};
use tokio_postgres::types::ToSql;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store::{Fence, Others, Pools, StoreError, WorkerDb, chain};

/// How often a node says that it is alive, and tries for the lease.
const BEAT: Duration = Duration::from_millis(750);
/// How long a node counts as alive, and leads, after it has said so.
pub(crate) const TERM: Duration = Duration::from_secs(3);

/// Says that this node is alive, renews its lease or takes one that nobody holds any more, and answers whether the node
/// was thought dead, which generation it leads, and which other nodes are alive. A lease that lasts for longer than two
/// terms is from before the clock was set back, and over.
const SAY_ALIVE: &str = "
    with alive as (
        insert into nodes (node_id, until) values ($1, clock_timestamp() + make_interval(secs => $2))
        on conflict (node_id) do update set until = excluded.until
        returning xmax = 0 as fresh
    ), led as (
        update leases l set
            generation = l.generation + case when l.holder = $1 then 0 else 1 end, holder = $1,
            session = pg_backend_pid(), until = clock_timestamp() + make_interval(secs => $2)
        where l.name = 'leader' and (l.holder = $1
            or l.until not between clock_timestamp() and clock_timestamp() + 2 * make_interval(secs => $2)
            or not exists (select from pg_stat_activity where pid = l.session))
        returning generation
    )
    select (select fresh from alive), (select generation from led),
           array(select node_id from nodes where node_id <> $1 and until > clock_timestamp())";
const RESIGN: &str = "
    with gone as (update nodes set until = clock_timestamp() where node_id = $1)
    update leases set until = clock_timestamp() where name = 'leader' and holder = $1";

/// This node; clones share it.
#[derive(Clone)]
pub struct Node(Arc<State>);

struct State {
    id: Uuid,
    led: watch::Sender<Option<Led>>,
    others: Others,
    revived: Notify,
}

/// A generation, and until when it may be acted under without another beat.
#[derive(Debug, Clone, Copy)]
struct Led {
    fence: Fence,
    until: Instant,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.0.id).finish()
    }
}

impl Node {
    /// A node that doesn't lead yet.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        let (led, _) = watch::channel(None);
        Self(Arc::new(State { id, led, others: Others::default(), revived: Notify::new() }))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// The generation under which it leads now; none when another node may lead.
    #[must_use]
    pub fn fence(&self) -> Option<Fence> {
        let led = *self.0.led.borrow();
        // A node that has hung for longer than its term knows so by itself: this clock goes on meanwhile.
        if led.is_some_and(|led| led.until <= Instant::now()) {
            self.doubt();
            return None;
        }
        led.map(|led| led.fence)
    }

    /// Whether other nodes were alive a moment ago, or may have been.
    #[must_use]
    pub fn has_company(&self) -> bool {
        !self.0.others.absent_within(Duration::MAX)
    }

    /// The other nodes, as those who write the same log.
    #[must_use]
    pub fn others(&self) -> Others {
        self.0.others.clone()
    }

    /// Leads no more until it has asked: what it wrote was refused.
    pub fn doubt(&self) {
        self.lead(None);
    }

    /// Waits until it leads, or does no more.
    pub async fn changed(&self, from: Option<Fence>) {
        let mut led = self.0.led.subscribe();
        // The sender lives in `self`.
        let _ = led.wait_for(|led| led.map(|led| led.fence) != from).await;
    }

    /// Waits until the others have to be told anew what was told them before: they have taken this node for dead.
    pub async fn revived(&self) {
        self.0.revived.notified().await;
    }

    /// Believes itself to lead whatever the database says, as one does that has hung; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn hung(fence: Fence) -> Self {
        let node = Self::new(Uuid::nil());
        node.lead(Some(Led { fence, until: Instant::now() + Duration::from_secs(3600) }));
        node
    }

    /// Says that it is alive until told to stop; then another node may lead at once.
    pub async fn run(self, pools: Pools, stop: CancellationToken) {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut connection = None;
        loop {
            tokio::select! {
                _ = beat.tick() => {}
                () = stop.cancelled() => break,
            }
            if let Err(e) = self.say_alive(&pools, &mut connection).await {
                tracing::warn!(error = chain(&e), "the other nodes could not be told that this one is alive");
                connection.take().into_iter().for_each(WorkerDb::discard);
            }
        }
        self.lead(None);
        if let Some(db) = connection
            && let Err(e) = db.execute(RESIGN, &[&self.0.id]).await
        {
            tracing::warn!(error = chain(&e), "the lease was not given back; it runs out by itself");
        }
    }

    async fn say_alive(&self, pools: &Pools, connection: &mut Option<WorkerDb>) -> Result<(), StoreError> {
        let db = match connection {
            Some(db) => db,
            None => connection.insert(pools.worker().await?),
        };
        let asked_at = Instant::now();
        let until = asked_at + TERM;
        let params: [&(dyn ToSql + Sync); 2] = [&self.0.id, &TERM.as_secs_f64()];
        let asked = tokio::time::timeout(TERM, db.query_opt(SAY_ALIVE, &params));
        let answer = asked.await.map_err(|_| StoreError::Unavailable)??;
        let Some(row) = answer else { return Err(StoreError::Unavailable) };
        self.0.others.note(row.get(2), asked_at);
        self.lead(row.get::<_, Option<i64>>(1).map(|generation| Led { fence: Fence(generation), until }));
        if row.get(0) {
            self.0.revived.notify_one();
        }
        Ok(())
    }

    fn lead(&self, now: Option<Led>) {
        let before = self.0.led.send_replace(now);
        match (before.map(|led| led.fence), now.map(|led| led.fence)) {
            (before, Some(Fence(generation))) if before != Some(Fence(generation)) => {
                tracing::info!(
                    "this node leads under generation {generation}: it keeps the read models up and reacts"
                );
            }
            (Some(_), None) => tracing::info!("this node leads no more"),
            _ => {}
        }
    }
}
