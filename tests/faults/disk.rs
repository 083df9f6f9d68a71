//! A disk that takes its time: every sync of Postgres lasts up to half a second, never the same.

use std::time::{Duration, Instant};

use super::{Chance, Talk, number, shim::Shim};
use crate::support::{
    client,
    cluster::{Balancer, Cluster},
    scratch,
};

/// Within what a request is answered, with a plea for patience at the worst; and what a busy test may add.
const PROMISED: Duration = Duration::from_secs(20 + 1);
/// Within what requests are answered again once the disk is quick.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How many of them.
const REQUESTS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_delays_and_loses_nothing() {
    if !Shim::WORKS {
        eprintln!("**** NOT TESTED: a slow disk, because this is no Linux ****");
        return;
    }
    let (disk, dir) = (Shim::new("disk"), scratch("disk-postgres"));
    let postgres = disk.postgres(&dir).await;
    let cluster = Cluster::start(postgres.connection(), 2, None).await;
    let balancer = Balancer::over(&cluster).await;
    let talk = Talk::begin(balancer.anybody(), true).await;
    let db = client(&cluster.config).await;
    let timed = async || {
        let begun = Instant::now();
        talk.journal.progress(REQUESTS).await;
        begun.elapsed()
    };
    timed().await;
    let quick = timed().await;

    let lasts = Duration::from_secs(number("OC_FAULT_SECONDS").unwrap_or(30) / 6);
    let (mut chance, begun, mut syncs) = (Chance::new(), Instant::now(), 0);
    let (acknowledged, led) = (talk.journal.acknowledged(), cluster.led().await);
    while begun.elapsed() < lasts {
        let delay = Duration::from_millis(50 + chance.below(451));
        disk.slow_down(delay);
        let committed = Instant::now();
        db.batch_execute("select pg_logical_emit_message(true, 'test', '')").await.unwrap();
        assert!(committed.elapsed() >= delay.min(Duration::from_millis(50)), "the disk is slow");
        syncs += 1;
    }
    let meanwhile = talk.journal.acknowledged() - acknowledged;
    let (slow, still_led) = (begun.elapsed(), cluster.led().await);
    disk.slow_down(Duration::ZERO);
    let again = timed().await;

    let (slowest, refused) = (talk.journal.slowest(), talk.journal.refused());
    eprintln!(
        "{REQUESTS} requests took {quick:?}, then {meanwhile} took {slow:?} on a slow disk, then {REQUESTS} took \
         {again:?}; the slowest took {slowest:?}, {refused} were refused, leadership {led:?} became {still_led:?}"
    );
    eprintln!("a slow disk, {syncs} delays: {}", talk.judge(&cluster).await);
    assert!(meanwhile > 0, "nobody was served");
    assert!(slowest < PROMISED, "{slowest:?}");
    assert!(again < AT_ONCE, "{again:?}");
    drop(cluster);
    postgres.stop().await.unwrap();
}
