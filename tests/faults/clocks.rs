//! Wall clocks that jump by hours: a node's, for which Postgres and the other nodes are suddenly off, and Postgres's own.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use openchat::clock::Clock;
use openchat_domain::BusinessId;
use reqwest::Method;
use serde_json::json;

use super::{
    NODES, Talk,
    shim::{self, Shim},
};
use crate::{
    routing::begin,
    support::{
        client,
        cluster::{Balancer, Cluster},
        database, eventually,
        gate::Gate,
        scratch,
        server::{Business, Server},
        socket::Frame,
    },
};

/// Within what everybody must know better.
const SOON: Duration = Duration::from_secs(10);
/// Where the clocks go, by jumps of two hours.
const OFF: [i64; 4] = [2, 0, -2, 0];

/// Whether this is a machine on which clocks can jump.
fn clocks_jump() -> bool {
    if !Shim::WORKS {
        eprintln!("**** NOT TESTED: clocks that jump, because this is no Linux ****");
    }
    Shim::WORKS
}

fn shims<const N: usize>() -> [Shim; N] {
    std::array::from_fn(|n| Shim::new(&format!("clock-{n}")))
}

/// A business on two nodes whose clocks can be set.
async fn two_nodes() -> ([Shim; NODES], Cluster, Business) {
    let shims = shims();
    let cluster = shim::cluster(database().await, &shims, None).await;
    let business = cluster.at(0).set_up("Acme").await;
    (shims, cluster, business)
}

async fn recorded(cluster: &Cluster, tenant: BusinessId, sql: &str) -> i64 {
    let db = client(&cluster.config).await;
    db.query_one(&format!("select {sql} from events where tenant_id = $1"), &[&tenant.uuid()])
        .await
        .unwrap()
        .get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_jump_under_load_lose_and_double_nothing() {
    if !clocks_jump() {
        return;
    }
    let (shims, dir) = (shims::<3>(), scratch("clocks-postgres"));
    let postgres = shims[NODES].postgres(&dir).await;
    let cluster = shim::cluster(postgres.connection(), &shims[..NODES], None).await;
    let balancer = Balancer::over(&cluster).await;
    let talk = Talk::begin(balancer.anybody(), true).await;
    let other = cluster.at(0).set_up("Other").await;
    let backend = cluster.at(0).with("x-api-key", &other.key(json!(["support:write"])).await);
    for (n, hours) in [1, 3].into_iter().enumerate() {
        let path = format!("/api/admin/support/conversations/{}", begin(&backend, n).await);
        other.owner.post(&format!("{path}/assign"), json!({"agentId": other.owner_agent})).await.is(200);
        let until = Clock::default().now() + TimeDelta::hours(hours);
        other.owner.post(&format!("{path}/snooze"), json!({"until": until})).await.is(200);
    }
    let woken = async || {
        let woken = "count(*) filter (where event_type = 'ConversationReopened')";
        recorded(&cluster, other.id, woken).await
    };

    let first = cluster.led().await;
    shims[first.1].set_clock(TimeDelta::hours(2));
    eventually("the one is woken by the leader's clock", async || woken().await > 0).await;
    for node in [first.1, 1 - first.1] {
        for hours in OFF {
            shims[node].set_clock(TimeDelta::hours(hours));
            talk.journal.progress(40).await;
        }
    }
    assert_eq!(cluster.led().await, first, "a node's wall clock is not what it leads by");
    let spread = "(extract(epoch from max(recorded_at) - min(recorded_at)) / 3600)::int8";
    assert!(recorded(&cluster, talk.world.tenant, spread).await >= 3, "the clocks have jumped");
    for hours in OFF {
        shims[NODES].set_clock(TimeDelta::hours(hours));
        let jumped = Instant::now();
        talk.journal.progress(40).await;
        let led = cluster.led().await;
        eprintln!("Postgres {hours} h off: led by {led:?}, 40 more requests after {:?}", jumped.elapsed());
    }
    let (slowest, refused) = (talk.journal.slowest(), talk.journal.refused());
    eprintln!("clocks that jump: the slowest request took {slowest:?}, {refused} were refused");
    eprintln!("clocks that jump: {}", talk.judge(&cluster).await);
    assert_eq!(woken().await, 1, "the other one sleeps");
    drop(cluster);
    postgres.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_was_set_back_believes_nothing_for_longer() {
    if !clocks_jump() {
        return;
    }
    let (shims, cluster, business) = two_nodes().await;
    let made = json!({"name": "Backend", "permissions": ["support:read", "support:write"],
                      "originMode": "hotspot", "allowedOrigins": []});
    let made = business.owner.post("/api/business/keys", made).await.is(201);
    let backend = cluster.at(1).with("x-api-key", &made.text("/key"));
    let owner = cluster.at(1).with("cookie", &business.owner.header("cookie"));
    let conversation = begin(&backend, 1).await;
    let read = format!("/api/public/support/conversations/{conversation}/messages");
    // Both are known to this node at the moment at which its clock is set back.
    backend.get(&read).await.is(200);
    owner.get("/api/auth/me").await.is(200);
    shims[1].set_clock(TimeDelta::hours(-2));

    let key = made.text("/integrationKey/id");
    business.owner.delete(&format!("/api/business/keys/{key}")).await.is(200);
    let revoked = Instant::now();
    eventually("the key opens nothing", async || backend.get(&read).await.status == 401).await;
    let sign_out = business.owner.post("/api/auth/sign-out", json!({})).await;
    assert!(sign_out.status.is_success());
    eventually("the session is over", async || owner.get("/api/auth/me").await.status == 401).await;
    assert!(revoked.elapsed() < SOON, "{:?}", revoked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_begun_in_the_future_is_carried_out() {
    if !clocks_jump() {
        return;
    }
    let (shims, mut cluster, business) = two_nodes().await;
    let key = business.key(json!(["support:read", "support:write"])).await;
    let [first, second] =
        [0, 1].map(|node| cluster.at(node).with("x-api-key", &key).with("idempotency-key", "the same"));
    let path = "/api/public/support/conversations";
    let body = json!({"customer": {"externalUserId": "jane"}, "message": {"type": "text", "text": "Once"}});
    shims[0].set_clock(TimeDelta::hours(2));
    let gate = Gate::close(client(&cluster.config).await, "ConversationOpened").await;
    let sent = body.clone();
    let cut_off = tokio::spawn(async move { first.try_send(Method::POST, path, Some(sent)).await });
    gate.reached().await;
    cluster.nodes[0].kill().await;
    gate.turn_away().await;
    gate.open().await;
    assert!(cut_off.await.unwrap().is_err());

    eventually("it is carried out", async || {
        let answer = second.post(path, body.clone()).await;
        answer.status == 201 || {
            answer.refused_with(409, "idempotency_key_in_use");
            false
        }
    })
    .await;
    let opened = "count(*) filter (where event_type = 'ConversationOpened')";
    assert_eq!(recorded(&cluster, business.id, opened).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_types_when_the_clock_is_set_back_is_seen_to_stop() {
    if !clocks_jump() {
        return;
    }
    let (shims, cluster, business) = two_nodes().await;
    let owner = cluster.at(1).with("cookie", &business.owner.header("cookie"));
    let backend = cluster.at(1).with("x-api-key", &business.key(json!(["support:write"])).await);
    let conversation = begin(&backend, 1).await;
    let mut watching = owner.inbox_socket(None).await;
    watching.next("hello").await;
    let mut typing = owner.inbox_socket(None).await;
    typing.send(json!({"type": "typing", "conversationId": conversation, "typing": true})).await;
    assert_eq!(watching.next("typing").await["typing"], true);
    shims[1].set_clock(TimeDelta::hours(-2));
    assert_eq!(watching.next("typing").await["typing"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_hangs_while_postgres_is_set_back_is_replaced_and_its_agents_are_missed() {
    if !clocks_jump() {
        return;
    }
    let (shim, dir) = (Shim::new("back"), scratch("back-postgres"));
    let postgres = shim.postgres(&dir).await;
    let cluster = Cluster::start(postgres.connection(), NODES, None).await;
    let first = cluster.led().await;
    let business = cluster.at(1 - first.1).set_up("Acme").await;
    let settings = json!({"preferences": {"offlineGraceSeconds": 5}});
    business.owner.post("/api/business/admin/settings", settings).await.is(200);
    let mut watching = business.owner.inbox_socket(None).await;
    watching.next("hello").await;
    let jane = business.team_mate(&cluster.at(first.1), "Jane").await;
    let mut janes = jane.inbox_socket(None).await;
    janes.next("hello").await;
    jane.put("/api/admin/support/me/availability", json!({"availability": "online"})).await.is(200);
    assert_eq!(watching.next("agent.availability").await["data"]["availability"], "online");

    cluster.nodes[first.1].process().pause();
    shim.set_clock(TimeDelta::hours(-2));
    let (hung, deadline) = (Instant::now(), Duration::from_secs(20));
    let (generation, node, took) = cluster.failover(hung, first).await;
    assert_eq!((generation, node), (first.0 + 1, 1 - first.1));
    let missed = async {
        while !matches!(watching.frame_ever().await, Frame::Json(it) if it["data"]["availability"] == "offline")
        {
        }
    };
    tokio::time::timeout(deadline, missed).await.expect("she is missed");
    eprintln!("replaced after {took:?}, its agent offline after {:?}", hung.elapsed());
    cluster.nodes[first.1].process().resume();
    drop(cluster);
    postgres.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_history_is_told_after_the_clock_was_set_back() {
    let clock = Clock::at(Clock::default().now());
    let server = Server::on(database().await, clock.clone()).await;
    let business = server.business("Acme").await;
    let conversation = begin(&business.backend(&server).await, 1).await;
    clock.advance(TimeDelta::hours(-2));
    let path = "/api/business/audit";
    business.owner.get(&format!("{path}/conversations/{conversation}")).await.is(200);
    let exported = business.owner.get(&format!("{path}/export")).await.is(200).body.to_string();
    assert!(exported.contains("ConversationOpened"), "{exported}");
    server.stop().await;
}
