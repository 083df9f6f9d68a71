//! A client that doesn't read what it is sent: it is cut, and neither memory nor anybody else pays for it.

use std::time::{Duration, Instant};

use openchat::{
    clock::Clock,
    store::{Append, Appended},
};
use openchat_domain::{
    Actor, BusinessId, CommandId, ConversationId, DomainEvent, EventMetadata, MessageId, MessageText, Stream,
    Via,
    conversation::{Author, ConversationEvent, MessageBody},
};
use serde_json::json;

use super::{Setting, setting};
use crate::{
    routing::begin,
    support::{Store, client, cluster::Cluster, database, eventually, server::Client, socket::Socket},
};

/// How much is said.
const DELTAS: usize = 50_000;
/// How much of it by one command.
const AT_ONCE: usize = 250;
/// How much memory a reader that doesn't read may cost beside what the deltas themselves do, in KiB.
const MEMORY: u64 = 128 * 1024;
/// How long after the read models everybody else must have heard of something.
const DELAY: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_cut_and_slows_nobody_down() {
    let Setting { server, business, backend, jane } = setting().await;
    let mut stalled = jane.inbox_socket(None).await;
    stalled.next("hello").await;
    let mut reading = business.owner.inbox_socket(None).await;
    reading.next("hello").await;
    let conversation = begin(&backend, 1).await;
    let path = format!("/api/public/support/conversations/{conversation}/messages");
    let text = "x".repeat(9_000);
    let posting = async {
        for n in 0..4_000 {
            let body = json!({"message": {"type": "text", "text": format!("{n} {text}")}});
            backend.post(&path, body).await.is(201);
            if server.running.app.hub.sockets() < 2 {
                return n;
            }
        }
        panic!("the stalled socket is still open");
    };
    let watching = async {
        for _ in 0.. {
            reading.next("message.posted").await;
        }
    };
    let posted = tokio::select! {
        posted = posting => posted,
        () = watching => unreachable!(),
    };
    assert!(posted > 100, "cut after {posted} already");
    // What it had got before it was cut, then the code.
    assert_eq!(stalled.closed().await, Some(4008));
    server.stop().await;
}

fn text(n: usize) -> String {
    format!("{n} {}", "x".repeat(200))
}

/// Says something in a conversation, as another process does.
async fn say(store: &Store, tenant: BusinessId, id: ConversationId, expected: i64, said: usize) {
    let clock = Clock::default();
    let command = CommandId::from_uuid(clock.uuid());
    let message = |n| {
        let message_id = MessageId::from_uuid(clock.uuid());
        let body = MessageBody::Text { text: MessageText::new(&text(n)).unwrap() };
        let author = Author::System;
        let posted = ConversationEvent::MessagePosted { message_id, author, body, client_message_id: None };
        DomainEvent::Conversation(id, posted)
    };
    let append = Append {
        tenant,
        stream: Stream::Conversation(id),
        expected,
        command,
        metadata: EventMetadata::new(tenant, Actor::System("test"), Via::Internal, command),
        at: clock.now(),
        condition: None,
        fence: None,
        events: (said..said + AT_ONCE).map(message).collect(),
    };
    let appended = store.appender.append(append).await;
    assert!(matches!(appended, Ok(Appended::Recorded(_))), "{appended:?}");
}

/// Says everything, and waits until the read models have it; answers where the log ends then, and the most memory that
/// the node held.
async fn flood(cluster: &Cluster, tenant: BusinessId, id: ConversationId, expected: i64) -> (i64, u64) {
    let (store, process) = (Store::on(cluster.config.clone()), cluster.nodes[0].process());
    let mut most = 0;
    for n in (0..DELTAS).step_by(AT_ONCE) {
        say(&store, tenant, id, expected + i64::try_from(n).unwrap(), n).await;
        most = most.max(process.memory());
    }
    let db = client(&cluster.config).await;
    let sql =
        "select h.position, h.position = c.position from log_heads h join checkpoints c using (tenant_id)";
    loop {
        let row = db.query_one(sql, &[]).await.unwrap();
        most = most.max(process.memory());
        if row.get(1) {
            return (row.get(0), most);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Hears everything that is said, and when the last of it was; the socket stays open, because open ones are counted.
async fn hear_all(mut socket: Socket) -> (Instant, Socket) {
    for n in 0..DELTAS {
        assert_eq!(socket.next("message.posted").await["data"]["message"]["text"], text(n));
    }
    (Instant::now(), socket)
}

/// How many sockets are open.
async fn sockets(anybody: &Client) -> Option<usize> {
    let metrics = anybody.get("/metrics").await.is(200).body;
    let mut lines = metrics.as_str()?.lines().filter(|line| !line.starts_with('#'));
    lines.find_map(|line| line.strip_prefix("openchat_sockets ")?.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_deltas_that_nobody_reads_cost_little_and_delay_nobody() {
    let cluster = Cluster::start(database().await, 1, None).await;
    let (anybody, process) = (cluster.at(0), cluster.nodes[0].process());
    let business = anybody.set_up("Acme").await;
    let jane = business.team_mate(&anybody, "Jane").await;
    let backend = anybody.with("x-api-key", &business.key(json!(["support:read", "support:write"])).await);
    let conversation: ConversationId = begin(&backend, 1).await.parse().unwrap();
    let customer = backend.hand_over(&anybody, "customer-1").await;
    let db = client(&cluster.config).await;
    let sql = "select max(sequence) from events where aggregate_id = $1";
    let expected: i64 = db.query_one(sql, &[&conversation.to_string()]).await.unwrap().get(0);

    let mut stalled = jane.inbox_socket(None).await;
    stalled.next("hello").await;
    let mut reading = vec![business.owner.inbox_socket(None).await, customer.chat_socket(None).await];
    for socket in &mut reading {
        socket.next("hello").await;
    }
    let hearing: Vec<_> = reading.into_iter().map(|socket| tokio::spawn(hear_all(socket))).collect();
    let (before, begun) = (process.memory(), Instant::now());
    let cutting = async {
        eventually("the stalled one is cut", async || sockets(&anybody).await == Some(2)).await;
        let cut = begun.elapsed();
        // What was on its way when it was cut, then the code.
        (stalled.closed().await, stalled.position, cut)
    };
    let flooding = flood(&cluster, business.id, conversation, expected);
    let ((code, position, cut), (head, most)) = tokio::join!(cutting, flooding);
    let viewed = Instant::now();
    let mut delays = Vec::new();
    for hearing in hearing {
        let (heard, _) = hearing.await.unwrap();
        delays.push(heard.saturating_duration_since(viewed));
    }
    eprintln!(
        "{DELTAS} deltas were seen by the read models after {:?}; the others had them \
         {delays:?} later; the stalled one was cut after {cut:?} at {position} of {head}; memory grew from \
         {before} to {most} KiB",
        viewed - begun
    );
    assert_eq!(code, Some(4008));
    assert!(delays.iter().all(|it| *it < DELAY), "{delays:?}");
    assert!(most - before < MEMORY, "from {before} to {most} KiB");

    let mut back = jane.inbox_socket(Some(position)).await;
    let first = back.json().await;
    if first["type"] == "hello" {
        assert_eq!(first["position"], json!(head));
        let last = format!("{} x", DELTAS - 1);
        assert!(first["snapshot"].to_string().contains(&last), "{first}");
    } else {
        while back.position < head {
            back.json().await;
        }
    }
}
