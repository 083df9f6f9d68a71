//! A primary that dies and a streaming replica that takes its place, both named in `DATABASE_URL`.

use std::{fs, time::Instant};

use tokio_postgres::config::TargetSessionAttrs;

use crate::{
    crash::{load::Journal, world::World},
    nodes::same_as_rebuilt,
    support::{
        self, client,
        cluster::{Balancer, Cluster},
        eventually,
        postgres::Postgres,
        scratch,
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over_from_a_primary_that_dies() {
    let (old, new) = (scratch("primary"), scratch("standby"));
    let primary = Postgres::init(&old).await;
    // What is acknowledged is on both.
    primary.start("-c synchronous_standby_names=standby -c synchronous_commit=on").await;
    let standby = Postgres::at(&new).await;
    standby.copy(&primary);
    standby.start("-c hot_standby=on").await;
    let db = client(&primary.config("postgres")).await;
    eventually("the replica follows", async || {
        let sql = "select count(*) from pg_stat_replication where sync_state = 'sync'";
        db.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
    db.batch_execute("create database openchat").await.unwrap();

    let mut both = primary.config("openchat");
    both.host_path(&new).port(5432).target_session_attrs(TargetSessionAttrs::ReadWrite);
    let cluster = Cluster::start(both, 2, None).await;
    let balancer = Balancer::over(&cluster).await;
    let world = World::new(balancer.anybody()).await;
    let journal = Journal::new(false);
    let (talking, listeners) = (journal.begin(world.talkers()), world.listen());
    journal.progress(60).await;

    primary.kill();
    let died = Instant::now();
    primary.gone().await;
    standby.promote();
    journal.progress(60).await;
    eprintln!("60 requests were acknowledged {:?} after the primary had died", died.elapsed());
    journal.end();
    talking.join_all().await;
    let found = world.judge(&support::client(&cluster.config).await, &journal, listeners).await;
    same_as_rebuilt(&cluster).await;
    eprintln!("failover to a replica: {found}");
    drop((cluster, primary, standby));
    for dir in [old, new] {
        fs::remove_dir_all(dir).unwrap();
    }
}
