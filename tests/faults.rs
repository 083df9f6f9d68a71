//! Random faults while people talk: whatever dies, hangs or goes away, nothing that was acknowledged is lost or doubled.
//!
//! `OC_FAULT_SECONDS` makes it go on for longer, `OC_FAULT_SEED` makes it do the same again.

mod machine;
mod postgres;
mod replica;

use std::{
    fs,
    time::{Duration, Instant},
};

use openchat::postgres::{PostgresOptions, PrivatePostgres};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    crash::{load::Journal, world::World},
    nodes::{check_capacity, same_as_rebuilt},
    support::{
        self,
        cluster::{Balancer, Cluster},
        eventually,
        nats::Nats,
        options, scratch,
    },
};

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
}

/// Chance that comes again under the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn fault(&mut self) -> Fault {
        let node = usize::try_from(self.below(NODES as u64)).unwrap();
        let pause = Duration::from_millis(200 + self.below(4300));
        match self.below(8) {
            0..3 => Fault::KillNode(node),
            3..5 => Fault::HangNode(node, pause),
            5 => Fault::RestartPostgres,
            _ => Fault::LoseNats(pause),
        }
    }
}

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().expect("a number"))
}

fn postmaster(dir: &std::path::Path) -> Option<Pid> {
    let file = fs::read_to_string(dir.join("postgres/cluster/postmaster.pid")).ok()?;
    Pid::from_raw(file.lines().next()?.parse().ok()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_faults_lose_and_double_nothing() {
    let seed = number("OC_FAULT_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 20 | 1);
    let lasts = Duration::from_secs(number("OC_FAULT_SECONDS").unwrap_or(30));
    eprintln!("faults for {lasts:?} by OC_FAULT_SEED={seed}");
    let dir = scratch("faults-postgres");
    let postgres = PrivatePostgres::start(&dir, PostgresOptions { fsync: true, ..options() }).await.unwrap();
    let mut nats = Nats::start().await;
    let mut cluster = Cluster::start(postgres.connection(), NODES, Some(&nats.url())).await;
    let balancer = Balancer::over(&cluster).await;
    let world = World::new(balancer.anybody()).await;
    let journal = Journal::new(false);
    let (talking, listeners) = (journal.begin(world.talkers()), world.listen());

    let (mut chance, begun, mut faults) = (Chance(seed), Instant::now(), 0);
    while begun.elapsed() < lasts {
        journal.progress(5 + usize::try_from(chance.below(40)).unwrap()).await;
        let fault = chance.fault();
        eprintln!("{:?}: {fault:?}", begun.elapsed());
        match fault {
            Fault::KillNode(node) => {
                cluster.nodes[node].kill().await;
                journal.progress(5).await;
                cluster.nodes[node].start().await;
            }
            Fault::HangNode(node, pause) => {
                cluster.nodes[node].process().pause();
                tokio::time::sleep(pause).await;
                cluster.nodes[node].process().resume();
            }
            Fault::RestartPostgres => {
                let before = postmaster(&dir).expect("it runs");
                // What `pg_ctl stop -m immediate` does: no farewell, and recovery at the next start.
                kill_process(before, Signal::QUIT).unwrap();
                eventually("another Postgres runs", async || postmaster(&dir).is_some_and(|it| it != before))
                    .await;
            }
            Fault::LoseNats(pause) => {
                nats.stop().await;
                tokio::time::sleep(pause).await;
                nats.start_again().await;
            }
        }
        faults += 1;
    }
    journal.progress(30).await;
    journal.end();
    talking.join_all().await;

    let found = world.judge(&support::client(&cluster.config).await, &journal, listeners).await;
    same_as_rebuilt(&cluster).await;
    let assigned = check_capacity(&cluster.config, world.tenant, CAPACITY).await;
    let memory: Vec<u64> = cluster.nodes.iter().map(|it| it.process().memory()).collect();
    assert!(memory.iter().all(|it| *it < MEMORY), "{memory:?} KiB");
    eprintln!(
        "{faults} faults by OC_FAULT_SEED={seed}: {found}; {assigned} assignments; {memory:?} KiB of memory"
    );
    for node in &mut cluster.nodes {
        node.kill().await;
    }
    postgres.stop().await.unwrap();
}
