//! What a node writes that believes itself to lead when it doesn't any more.

use std::time::{Duration, Instant};

use openchat::{
    clock::Clock,
    nodes::{Bus, Node},
    projector::{Projector, ProjectorStatus, Sources, Views},
    store::{Context, ExecuteError, Fence},
};
use openchat_domain::conversation::Conversation;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{FAILOVER, Setting, same_as_rebuilt};
use crate::{
    log::{context, conversation, customer, open, post, tenant},
    support::{Store, client, eventually},
};

/// Lets a node lead, then another one, as if the first had hung; answers the first one's generation.
async fn passed_on(store: &Store) -> Fence {
    let mut passed = None;
    for _ in 0..2 {
        let (node, stop) = (Node::new(Clock::default().uuid()), CancellationToken::new());
        let beating = tokio::spawn(node.clone().run(store.pools.clone(), stop.clone()));
        eventually("it leads", async || node.fence().is_some()).await;
        passed.get_or_insert(node.fence().unwrap());
        stop.cancel();
        beating.await.unwrap();
        assert_eq!(node.fence(), None);
    }
    passed.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_has_hung_moves_nothing() {
    let mut store = Store::new().await;
    let stale = passed_on(&store).await;
    let (_, nothing) = mpsc::unbounded_channel();
    let announced = std::mem::replace(&mut store.announced, nothing);
    let (status, stop) = (ProjectorStatus::default(), CancellationToken::new());
    let hung = Node::hung(stale);
    let projector = Projector::new(
        store.pools.clone(),
        Clock::default(),
        Views::default(),
        status,
        vec![],
        (hung.clone(), Bus::default()),
    );
    let (_, heard) = mpsc::unbounded_channel();
    let working = tokio::spawn(projector.run(Sources { announced, heard }, stop.clone()));
    let tenant = tenant();
    let (context, opening) = (context(tenant), open(&customer()));
    store.aggregates.execute::<Conversation>(&context, conversation(), &opening).await.unwrap();
    // It has tried, was refused, and knows it.
    eventually("it leads no more", async || hung.fence().is_none()).await;
    let db = client(&store.config).await;
    for table in ["checkpoints", "inbox", "transcript", "parked_streams"] {
        let rows: i64 = db.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0);
        assert_eq!(rows, 0, "{table}");
    }
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), working).await.expect("it ends").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_that_has_hung_records_nothing() {
    let store = Store::new().await;
    let stale = passed_on(&store).await;
    let (tenant, id) = (tenant(), conversation());
    store.aggregates.execute::<Conversation>(&context(tenant), id, &open(&customer())).await.unwrap();
    let command = post(&customer(), "Late");
    let system = Context::system(tenant, "timers");
    let refused = store.aggregates.execute::<Conversation>(&system.under(stale), id, &command).await;
    assert!(matches!(refused, Err(ExecuteError::Unmet)), "{refused:?}");
    let Fence(generation) = stale;
    let system = system.under(Fence(generation + 1));
    let done = store.aggregates.execute::<Conversation>(&system, id, &command).await.unwrap();
    assert_eq!(done.events.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_leads_at_a_time_and_another_as_soon_as_it_is_gone() {
    let store = Store::new().await;
    let stop = [CancellationToken::new(), CancellationToken::new()];
    let nodes = [Node::new(Clock::default().uuid()), Node::new(Clock::default().uuid())];
    let [a, b] = &nodes;
    let first = tokio::spawn(a.clone().run(store.pools.clone(), stop[0].clone()));
    eventually("the first leads", async || a.fence().is_some()).await;
    let second = tokio::spawn(b.clone().run(store.pools.clone(), stop[1].clone()));
    eventually("they know of each other", async || a.has_company() && b.has_company()).await;
    assert_eq!(b.fence(), None);
    stop[0].cancel();
    first.await.unwrap();
    eventually("the second leads", async || b.fence().is_some()).await;
    eventually("it is alone", async || !b.has_company()).await;
    stop[1].cancel();
    second.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_hangs_in_the_middle_of_a_batch_keeps_nobody_waiting() {
    let setting = Setting::new(None).await;
    let first = setting.cluster.led().await;
    let mut socket = setting.socket(1 - first.1).await;
    let db = client(&setting.cluster.config).await;
    db.batch_execute(
        "create function test_stop() returns trigger language plpgsql as $$
         begin perform pg_advisory_xact_lock_shared(4711); return new; end $$;
         create trigger test_stop before insert on transcript for each row execute function test_stop();
         select pg_advisory_lock(4711)",
    )
    .await
    .unwrap();
    setting.post(first.1, "half folded").await;
    eventually("the leader stands in the middle of its transaction", async || {
        let sql = "select count(*) from pg_locks where locktype = 'advisory' and not granted";
        db.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
    let leader = setting.cluster.nodes[first.1].process();
    leader.pause();
    let hung = Instant::now();
    db.batch_execute("select pg_advisory_unlock_all()").await.unwrap();
    // Its transaction has moved the checkpoint and holds it locked.
    assert_eq!(socket.hear(1).await, ["half folded"]);
    let heard = hung.elapsed();
    eprintln!("what a leader hung in the middle of was told after {heard:?}");
    assert!(heard < FAILOVER, "{heard:?}");
    leader.resume();
    setting.say(first.1, "awake", &mut socket).await;
    db.batch_execute("drop trigger test_stop on transcript").await.unwrap();
    same_as_rebuilt(&setting.cluster).await;
}
