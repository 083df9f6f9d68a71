//! Random faults while people talk: whatever dies, hangs, is slow or goes away, nothing that was acknowledged is lost or
//! doubled.
//!
//! `OC_FAULT_SECONDS` makes it go on for longer, `OC_FAULT_SEED` makes it do the same again.

mod clocks;
mod disk;
mod machine;
mod replica;
mod shim;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;

use crate::{
    crash::{
        load::Journal,
        world::{Listeners, World},
    },
    nodes::{check_capacity, same_as_rebuilt},
    support::{
        self,
        cluster::{Balancer, Cluster},
        eventually,
        nats::Nats,
        scratch,
        server::Client,
    },
};
use shim::Shim;

/// How many nodes there are.
const NODES: usize = 2;
/// How many open conversations the two agents of the world have room for.
const CAPACITY: usize = 5;
/// What a node may need at the most, in KiB.
const MEMORY: u64 = 512 * 1024;

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    KillNode(usize),
    HangNode(usize, Duration),
    RestartPostgres,
    LoseNats(Duration),
    SlowDisk {
        sync: Duration,
        lasts: Duration,
    },
    /// The clock of a node, or behind them that of Postgres, is so many hours off from then on.
    SetClock(usize, i64),
}

/// Chance that comes again under the same seed.
struct Chance(u64);

impl Chance {
    /// By `OC_FAULT_SEED`, if it is set.
    fn new() -> Self {
        let seed = number("OC_FAULT_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 20 | 1);
        eprintln!("by OC_FAULT_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap()
    }

    fn fault(&mut self) -> Fault {
        let node = self.index(NODES);
        let pause = Duration::from_millis(200 + self.below(4300));
        match self.below(12) {
            0..3 => Fault::KillNode(node),
            3..5 => Fault::HangNode(node, pause),
            5 => Fault::RestartPostgres,
            6..8 => Fault::LoseNats(pause),
            8..10 => Fault::SlowDisk { sync: Duration::from_millis(50 + self.below(450)), lasts: pause / 2 },
            _ => Fault::SetClock(self.index(NODES + 1), [-2, 0, 2][self.index(3)]),
        }
    }
}

/// People who talk, and what they have been told.
struct Talk {
    world: World,
    journal: Journal,
    talking: JoinSet<()>,
    listeners: Listeners,
}

impl Talk {
    async fn begin(anybody: Client, servers_live: bool) -> Self {
        let (world, journal) = (World::new(anybody).await, Journal::new(servers_live));
        let (talking, listeners) = (journal.begin(world.talkers()), world.listen());
        Self { world, journal, talking, listeners }
    }

    /// Lets them finish. Everything that must be true then; says what there was to judge.
    async fn judge(self, cluster: &Cluster) -> String {
        let Self { world, journal, talking, listeners } = self;
        journal.progress(30).await;
        journal.end();
        talking.join_all().await;
        let found = world.judge(&support::client(&cluster.config).await, &journal, listeners).await;
        same_as_rebuilt(cluster).await;
        let assigned = check_capacity(&cluster.config, world.tenant, CAPACITY).await;
        let memory: Vec<u64> = cluster.nodes.iter().map(|it| it.process().memory()).collect();
        assert!(memory.iter().all(|it| *it < MEMORY), "{memory:?} KiB");
        format!("{found}; {assigned} assignments; {memory:?} KiB of memory")
    }
}

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().expect("a number"))
}

fn postmaster(dir: &Path) -> Option<Pid> {
    let file = fs::read_to_string(dir.join("postgres/cluster/postmaster.pid")).ok()?;
    Pid::from_raw(file.lines().next()?.parse().ok()?)
}

/// What can go wrong.
struct Machines {
    cluster: Cluster,
    nats: Nats,
    /// Where Postgres lies.
    dir: PathBuf,
    /// Each node's, then Postgres's.
    shims: Vec<Shim>,
}

impl Machines {
    async fn suffer(&mut self, fault: Fault, journal: &Journal) {
        match fault {
            Fault::KillNode(node) => {
                self.cluster.nodes[node].kill().await;
                journal.progress(5).await;
                self.cluster.nodes[node].start().await;
            }
            Fault::HangNode(node, pause) => {
                self.cluster.nodes[node].process().pause();
                tokio::time::sleep(pause).await;
                self.cluster.nodes[node].process().resume();
            }
            Fault::RestartPostgres => {
                let before = postmaster(&self.dir).expect("it runs");
                // What `pg_ctl stop -m immediate` does: no farewell, and recovery at the next start.
                kill_process(before, Signal::QUIT).unwrap();
                let another = async || postmaster(&self.dir).is_some_and(|it| it != before);
                eventually("another Postgres runs", another).await;
            }
            Fault::LoseNats(pause) => {
                self.nats.stop().await;
                tokio::time::sleep(pause).await;
                self.nats.start_again().await;
            }
            Fault::SlowDisk { sync, lasts } => {
                self.shims[NODES].slow_down(sync);
                tokio::time::sleep(lasts).await;
                self.shims[NODES].slow_down(Duration::ZERO);
            }
            Fault::SetClock(which, hours) => self.shims[which].set_clock(TimeDelta::hours(hours)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_faults_lose_and_double_nothing() {
    let lasts = Duration::from_secs(number("OC_FAULT_SECONDS").unwrap_or(30));
    let (mut chance, dir) = (Chance::new(), scratch("faults-postgres"));
    let shims: Vec<_> = (0..=NODES).map(|n| Shim::new(&format!("shim-{n}"))).collect();
    let postgres = shims[NODES].postgres(&dir).await;
    let nats = Nats::start().await;
    let cluster = shim::cluster(postgres.connection(), &shims[..NODES], Some(&nats.url())).await;
    let balancer = Balancer::over(&cluster).await;
    let talk = Talk::begin(balancer.anybody(), false).await;

    let (begun, mut faults, mut machines) = (Instant::now(), 0, Machines { cluster, nats, dir, shims });
    while begun.elapsed() < lasts {
        talk.journal.progress(5 + chance.index(40)).await;
        let fault = chance.fault();
        eprintln!("{:?}: {fault:?}", begun.elapsed());
        machines.suffer(fault, &talk.journal).await;
        faults += 1;
    }
    let mut cluster = machines.cluster;
    eprintln!("{faults} faults in {lasts:?}: {}", talk.judge(&cluster).await);
    for node in &mut cluster.nodes {
        node.kill().await;
    }
    postgres.stop().await.unwrap();
}
