//! The load balancer of `deploy/` in a real nginx, in front of two nodes that come and go.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    crash::{load::Journal, world::World},
    files::png,
    routing::begin,
    support::{
        self,
        cluster::Cluster,
        database, eventually,
        gate::Gate,
        installation::Installation,
        nats::Nats,
        nginx::Nginx,
        server::{Business, Client},
        socket::Frame,
    },
};

const MIB: usize = 1024 * 1024;
/// How a node counts this request.
const HEALTHZ: &str = "openchat_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} ";

/// Two nodes and a NATS behind the balancer, and a business with a conversation.
struct Setting {
    // Before what it stands in front of: it goes first.
    nginx: Nginx,
    cluster: Cluster,
    _nats: Nats,
    business: Business,
    backend: Client,
    messages: String,
}

impl Setting {
    async fn new() -> Self {
        let nats = Nats::start().await;
        // Both keep their attachments in one directory, as in compose.yaml.
        let first = Installation::new("node-0");
        let shared = first.dir().display().to_string();
        let nodes = vec![first, Installation::new("node-1").with("OC_DATA_DIR", &shared)];
        let cluster = Cluster::of(database().await, nodes, Some(&nats.url())).await;
        let nginx = Nginx::over(&cluster).await;
        let business = nginx.anybody().set_up("Acme").await;
        let backend = business.own_backend(&nginx.anybody()).await;
        let messages = format!("/api/public/support/conversations/{}/messages", begin(&backend, 1).await);
        Self { nginx, cluster, _nats: nats, business, backend, messages }
    }

    /// Posts a message until it is acknowledged; answers how often no node answered.
    async fn say(&self, text: &str) -> usize {
        let backend = self.backend.with("idempotency-key", text);
        let mut unanswered = 0;
        loop {
            let body = json!({"message": {"type": "text", "text": text}});
            let answer = backend.post(&self.messages, body).await;
            match answer.status.as_u16() {
                201 => return unanswered,
                409 => drop(answer.refused_with(409, "idempotency_key_in_use")),
                _ => {
                    assert!(answer.refused_with(503, "unavailable").headers.contains_key("retry-after"));
                    unanswered += 1;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a node counts.
    async fn counted(&self, node: usize, what: &str) -> usize {
        let answer = self.cluster.at(node).get("/metrics").await.is(200);
        let mut lines = answer.body.as_str().unwrap().lines();
        lines.find_map(|line| line.strip_prefix(what)).map_or(0, |count| count.trim().parse().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_over_both_nodes_hear_all_in_one_order_and_miss_nothing_when_one_is_killed() {
    const EACH: usize = 40;
    let mut setting = Setting::new().await;
    let mut sockets = Vec::new();
    for _ in 0..4 {
        let mut socket = setting.business.owner.inbox_socket(None).await;
        socket.next("hello").await;
        sockets.push(socket);
    }
    for node in 0..2 {
        eventually("both nodes have sockets", async || setting.counted(node, "openchat_sockets ").await == 2)
            .await;
    }

    let texts: Vec<_> = (0..EACH).map(|n| format!("before {n}")).collect();
    let (said, heard) = tokio::join!(
        join_all(texts.iter().map(|text| setting.say(text))),
        join_all(sockets.iter_mut().map(|socket| socket.hear(EACH)))
    );
    assert_eq!(said.iter().sum::<usize>(), 0);
    assert!(heard.iter().all(|it| it == &heard[0]));
    assert_eq!(HashSet::<&String>::from_iter(&heard[0]), texts.iter().collect());

    // One of them is killed while messages go to both.
    let victim = setting.cluster.led().await.1;
    let process = setting.cluster.nodes[victim].process.take().unwrap();
    let texts: Vec<_> = (0..2 * EACH).map(|n| format!("after {n}")).collect();
    let (saying, ()) = tokio::join!(join_all(texts.iter().map(|text| setting.say(text))), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        process.kill().await;
    });
    eprintln!("{} of {} posts went to a node that was killed", saying.iter().sum::<usize>(), texts.len());
    let mut orders = HashSet::new();
    let mut back = 0;
    for socket in sockets {
        let (mut socket, mut order) = (socket, Vec::new());
        while order.len() < texts.len() {
            match socket.frame().await {
                Frame::Json(frame) if frame["type"] == "message.posted" => {
                    order.push(frame["data"]["message"]["text"].as_str().unwrap().to_owned());
                }
                Frame::Json(_) => {}
                Frame::Closed(_) => {
                    socket = setting.business.owner.inbox_socket(Some(socket.position)).await;
                    socket.next("resumed").await;
                    back += 1;
                }
            }
        }
        orders.insert(order);
    }
    assert_eq!((orders.len(), back), (1, 2), "one order, and two sockets came back");
    let heard = orders.into_iter().next().unwrap();
    assert_eq!(heard.iter().collect::<HashSet<_>>(), texts.iter().collect(), "each once");
    // While it is gone nobody notices.
    for n in 0..EACH {
        assert_eq!(setting.say(&format!("without it {n}")).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_a_node_has_taken_is_sent_again_by_nobody_but_its_client() {
    let mut setting = Setting::new().await;
    setting.cluster.nodes[1].kill().await;
    let gate = Gate::close(support::client(&setting.cluster.config).await, "MessagePosted").await;
    let (client, path) = (setting.backend.with("idempotency-key", "once"), setting.messages.clone());
    let body = json!({"message": {"type": "text", "text": "once"}});
    let (posting, sent) = (client.clone(), body.clone());
    let posting = tokio::spawn(async move { posting.post(&path, sent).await });
    gate.reached().await;
    setting.cluster.nodes[1].start().await;
    eventually("the balancer finds the other node", async || {
        setting.nginx.anybody().get("/healthz").await.is(200);
        setting.counted(1, HEALTHZ).await > 0
    })
    .await;
    setting.cluster.nodes[0].kill().await;
    let refused = posting.await.unwrap().refused_with(503, "unavailable");
    assert_eq!(
        refused.text("/detail"),
        "OpenChat can't be reached right now; try again.",
        "by the balancer itself"
    );
    gate.open().await;

    assert_eq!(setting.say("once").await, 0);
    let db = support::client(&setting.cluster.config).await;
    let sql =
        "select count(*) from events where event_type = 'MessagePosted' and payload::text like '%once%'";
    assert_eq!(db.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_answer_is_told_as_a_problem_that_passes() {
    let mut setting = Setting::new().await;
    for node in &mut setting.cluster.nodes {
        node.kill().await;
    }
    let anybody = setting.nginx.anybody();
    for _ in 0..4 {
        for answer in [
            anybody.get("/api/auth/me").await,
            setting.backend.post(&setting.messages, json!({})).await,
            anybody.with("x-request-id", "mine-1").get("/readyz").await,
        ] {
            let problem = answer.refused_with(503, "unavailable");
            assert_eq!(problem.headers["retry-after"], "1");
            assert_eq!(problem.headers["cache-control"], "no-store");
            assert_eq!(
                (&problem.body["status"], &problem.body["type"]),
                (&json!(503), &json!("about:blank"))
            );
        }
    }
    let given = anybody.with("x-request-id", "mine-1").get("/readyz").await;
    assert_eq!(given.headers["x-request-id"], "mine-1");
    let odd = anybody.with("x-request-id", "\"}").get("/readyz").await.refused_with(503, "unavailable");
    assert_ne!(odd.headers["x-request-id"], "\"}");

    // It is over as soon as one node is back.
    setting.cluster.nodes[1].start().await;
    let begun = Instant::now();
    eventually("a node answers", async || anybody.get("/readyz").await.status.is_success()).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_replaced_one_by_one_without_a_failed_request_when_they_are_marked_as_down_first() {
    let nats = Nats::start().await;
    let mut cluster = Cluster::start(database().await, 2, Some(&nats.url())).await;
    let nginx = Nginx::over(&cluster).await;
    let world = World::new(Client::without_memory(format!("http://{}", nginx.address()))).await;
    let journal = Journal::new(true);
    let (talking, listeners) = (journal.begin(world.one_of_each()), world.listen());
    for (node, marked) in [(0, true), (1, true), (0, false), (1, false)] {
        journal.progress(40).await;
        if marked {
            nginx.reload_without(Some(node)).await;
        }
        let process = cluster.nodes[node].process.take().unwrap();
        process.terminate();
        assert!(process.ended().await.success());
        journal.progress(20).await;
        cluster.nodes[node].start().await;
        if marked {
            nginx.reload_without(None).await;
            assert_eq!(journal.refused(), 0);
        }
    }
    journal.progress(40).await;
    journal.end();
    talking.join_all().await;
    // A request that is sent to a node in the moment in which it stops is to be sent again, and no other.
    let refused = journal.refused();
    assert!(refused < 20, "{refused}");
    let found = world.judge(&support::client(&cluster.config).await, &journal, listeners).await;
    eprintln!("two nodes replaced behind nginx: {found}; {refused} refused where they were not marked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_comes_to_a_node_as_its_client_sent_it() {
    let setting = Setting::new().await;

    // A page's own requests are its own although the balancer's port is not the nodes'.
    let page = setting.business.owner.with("origin", &format!("http://{}", setting.nginx.address()));
    page.put("/api/admin/support/me/availability", json!({"availability": "online"})).await.is(200);
    page.inbox_socket(None).await.next("hello").await;
    let stranger = setting.business.owner.with("origin", "http://127.0.0.1");
    stranger
        .put("/api/admin/support/me/availability", json!({"availability": "away"}))
        .await
        .refused_with(403, "cross_site");

    // Its id is the client's own, or else the one that the balancer writes down.
    let anybody = setting.nginx.anybody();
    assert_eq!(
        anybody.with("x-request-id", "mine-1").get("/healthz").await.headers["x-request-id"],
        "mine-1"
    );
    let (one, two) = (anybody.get("/healthz").await, anybody.get("/healthz").await);
    assert_ne!(one.headers["x-request-id"], two.headers["x-request-id"]);

    // A page that is kept compressed arrives as it is kept.
    let compressed = anybody.with("accept-encoding", "gzip").get("/widget.js").await.is(200);
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    assert_eq!(compressed.headers.get_all("content-encoding").iter().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_pass_up_to_the_size_that_the_nodes_take_and_no_further() {
    let setting = Setting::new().await;
    let customer = setting.backend.hand_over(&setting.nginx.anybody(), "7").await;
    let path = "/api/webchat/files?name=photo.png";
    let uploads = async |size| customer.upload(path, "image/png", png(size)).await;
    let file = uploads(10 * MIB).await.is(201).text("/file/id");
    let body = json!({"message": {"type": "file", "fileId": file}, "clientMessageId": "m-1"});
    customer.post("/api/webchat/messages", body).await.is(201);
    // From one node and from the other.
    for _ in 0..2 {
        let (_, bytes) = customer.download(&format!("/api/webchat/files/{file}")).await;
        assert!(bytes == png(10 * MIB));
    }

    // What a node refuses and what the balancer refuses reads the same.
    let (small, large) = (uploads(10 * MIB + 1).await, uploads(12 * MIB).await);
    let [small, large] = [small, large].map(|it| it.refused_with(413, "file_too_large"));
    let without_id = |mut it: Value| it.as_object_mut().unwrap().remove("requestId").map(|_| it);
    assert_eq!(without_id(small.body), without_id(large.body));
    let words = json!({"message": {"type": "text", "text": "x".repeat(12 * MIB)}});
    setting.backend.post(&setting.messages, words).await.refused_with(413, "body_too_large");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_may_be_as_many_sockets_as_the_balancer_promises() {
    let nats = Nats::start().await;
    let cluster = Cluster::start(database().await, 2, Some(&nats.url())).await;
    let nginx = Nginx::over(&cluster).await;
    nginx.anybody().get("/readyz").await.is(200);
    eventually("its workers may open more files", async || nginx.files() > 16_384).await;
}
