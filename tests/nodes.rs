//! Several nodes over one database: whoever asks whichever of them sees one OpenChat, whatever becomes of its leader and of
//! NATS.

mod copy;
mod fencing;
mod people;
mod poison;
mod ratio;

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use openchat_domain::{BusinessId, DomainEvent, conversation::ConversationEvent};
use serde_json::{Value, json};

use crate::{
    crash::{load::Journal, world::World},
    projector::dump,
    routing::{begin, events_of},
    support::{
        self,
        cluster::{Balancer, Cluster},
        database, eventually,
        nats::Nats,
        server::{Business, Client},
        socket::Socket,
    },
};

/// How long the followers may be without a leader.
const FAILOVER: Duration = Duration::from_secs(5);

/// A business with a conversation, asked through either of two nodes.
struct Setting {
    cluster: Cluster,
    business: Business,
    /// A backend at each node.
    backends: [Client; 2],
    conversation: String,
}

impl Setting {
    async fn new(nats: Option<&Nats>) -> Self {
        let url = nats.map(Nats::url);
        let cluster = Cluster::start(database().await, 2, url.as_deref()).await;
        let business = cluster.at(0).set_up("Acme").await;
        let key = business.key(json!(["support:read", "support:write"])).await;
        let backends = [0, 1].map(|node| cluster.at(node).with("x-api-key", &key));
        let conversation = begin(&backends[0], 1).await;
        Self { cluster, business, backends, conversation }
    }

    /// The owner at a node.
    fn owner(&self, node: usize) -> Client {
        self.cluster.at(node).with("cookie", &self.business.owner.header("cookie"))
    }

    /// The owner's socket at a node, greeted.
    async fn socket(&self, node: usize) -> Socket {
        let mut socket = self.owner(node).inbox_socket(None).await;
        socket.next("hello").await;
        socket
    }

    /// Says something through a node; answers how long it took until a socket heard it.
    async fn say(&self, node: usize, text: &str, socket: &mut Socket) -> Duration {
        let begun = Instant::now();
        self.post(node, text).await;
        while socket.next("message.posted").await["data"]["message"]["text"] != text {}
        begun.elapsed()
    }

    async fn post(&self, node: usize, text: &str) {
        let path = format!("/api/public/support/conversations/{}/messages", self.conversation);
        let body = json!({"message": {"type": "text", "text": text}});
        self.backends[node].post(&path, body).await.is(201);
    }
}

/// Both nodes carry out commands on one conversation at once, and both their sockets hear all of it in one order.
async fn both_hear_both(nats: Option<&Nats>) -> Duration {
    const EACH: usize = 40;
    let setting = Setting::new(nats).await;
    let mut sockets = [setting.socket(0).await, setting.socket(1).await];
    let saying = join_all((0..2 * EACH).map(|n| {
        let setting = &setting;
        async move { setting.post(n % 2, &n.to_string()).await }
    }));
    let [a, b] = &mut sockets;
    let (heard_a, heard_b, _) = tokio::join!(a.hear(2 * EACH), b.hear(2 * EACH), saying);
    assert_eq!(heard_a, heard_b);
    assert_eq!(heard_a.iter().collect::<HashSet<_>>().len(), 2 * EACH);
    // Whoever has written through one node reads it through the other at once.
    let path = format!("/api/admin/support/conversations/{}/messages?limit=1", setting.conversation);
    for n in 0..6 {
        let body = json!({"message": {"type": "text", "text": format!("read {n}")}});
        let sent = format!("/api/public/support/conversations/{}/messages", setting.conversation);
        let posted = setting.backends[n % 2].post(&sent, body).await.is(201);
        let reader = setting.owner((n + 1) % 2).with("x-oc-position", &posted.position().to_string());
        assert_eq!(reader.get(&path).await.is(200).text("/data/0/text"), format!("read {n}"));
    }
    let follower = setting.cluster.follower().await;
    let [a, b] = &mut sockets;
    let mut took = Vec::new();
    for n in 0..20 {
        took.push(
            setting.say(follower, &format!("timed {n}"), if follower == 0 { &mut *a } else { &mut *b }).await,
        );
    }
    took.sort();
    took[took.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_on_each_node_hear_what_either_carries_out_in_one_order() {
    let by_nats = both_hear_both(Some(&Nats::start().await)).await;
    let by_looking = both_hear_both(None).await;
    eprintln!("command to socket on the follower: {by_nats:?} with NATS, {by_looking:?} without");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_hangs_is_replaced_and_follows_when_it_wakes() {
    let nats = Nats::start().await;
    let setting = Setting::new(Some(&nats)).await;
    let first = setting.cluster.led().await;
    let other = 1 - first.1;
    let mut sockets = [setting.socket(first.1).await, setting.socket(other).await];
    setting.say(first.1, "before", &mut sockets[1]).await;

    setting.cluster.nodes[first.1].process().pause();
    let hung = Instant::now();
    let heard = setting.say(other, "while it hangs", &mut sockets[1]).await;
    let (generation, node, took) = setting.cluster.failover(hung, first).await;
    eprintln!("a hung leader was replaced after {took:?}; a socket heard the next message after {heard:?}");
    assert_eq!((generation, node), (first.0 + 1, other));
    assert!(heard < FAILOVER && took < FAILOVER, "{heard:?}, {took:?}");

    setting.cluster.nodes[first.1].process().resume();
    setting.say(first.1, "after", &mut sockets[1]).await;
    assert_eq!(sockets[0].hear(3).await, ["before", "while it hangs", "after"]);
    assert_eq!(setting.cluster.led().await, (generation, other), "it doesn't get it back");
    assert!(setting.cluster.nodes[first.1].installation.has_logged("this node leads no more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_killed_is_replaced_at_once_and_follows_when_it_is_back() {
    let mut setting = Setting::new(None).await;
    let first = setting.cluster.led().await;
    let other = 1 - first.1;
    let mut socket = setting.socket(other).await;
    setting.cluster.nodes[first.1].kill().await;
    let killed = Instant::now();
    let heard = setting.say(other, "while it is gone", &mut socket).await;
    let (generation, node, took) = setting.cluster.failover(killed, first).await;
    eprintln!("a killed leader was replaced after {took:?}; a socket heard the next message after {heard:?}");
    assert_eq!((generation, node), (first.0 + 1, other));
    assert!(heard < FAILOVER && took < FAILOVER, "{heard:?}, {took:?}");

    setting.cluster.nodes[first.1].start().await;
    let mut back = setting.socket(first.1).await;
    setting.say(first.1, "back", &mut back).await;
    assert_eq!(socket.hear(1).await, ["back"]);
    assert_eq!(setting.cluster.led().await, (generation, other));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_for_a_while_nothing_is_lost_or_told_twice() {
    let mut nats = Nats::start().await;
    let setting = Setting::new(Some(&nats)).await;
    let mut sockets = [setting.socket(0).await, setting.socket(1).await];
    let mut said = Vec::new();
    for round in 0..6 {
        match round % 3 {
            1 => nats.stop().await,
            2 => nats.start_again().await,
            _ => {}
        }
        for n in 0..10 {
            said.push(format!("{round} {n}"));
            setting.post(n % 2, said.last().unwrap()).await;
        }
    }
    for socket in &mut sockets {
        assert_eq!(socket.hear(said.len()).await, said);
    }
    // Once it is back it carries the news again: far sooner than anybody looks.
    let follower = setting.cluster.follower().await;
    eventually("NATS is used again", async || {
        setting.cluster.nodes[follower].installation.has_logged("NATS is gone")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balancer_without_stickiness_shows_one_openchat_while_leaders_come_and_go() {
    let nats = Nats::start().await;
    let mut cluster = Cluster::start(database().await, 2, Some(&nats.url())).await;
    let balancer = Balancer::over(&cluster).await;
    let world = World::new(balancer.anybody()).await;
    let journal = Journal::new(false);
    let (talking, listeners) = (journal.begin(world.talkers()), world.listen());
    for round in 0..3 {
        journal.progress(40).await;
        let (_, leader) = cluster.led().await;
        if round == 1 {
            cluster.nodes[leader].process().pause();
            tokio::time::sleep(Duration::from_millis(3500)).await;
            cluster.nodes[leader].process().resume();
        } else {
            cluster.nodes[leader].kill().await;
            journal.progress(20).await;
            cluster.nodes[leader].start().await;
        }
    }
    journal.progress(40).await;
    journal.end();
    talking.join_all().await;
    let found = world.judge(&support::client(&cluster.config).await, &journal, listeners).await;
    eprintln!("two nodes behind a balancer: {found}");
    same_as_rebuilt(&cluster).await;
}

/// What the read models show is what a rebuild makes of the log.
pub(crate) async fn same_as_rebuilt(cluster: &Cluster) {
    let live = dump(&cluster.config).await;
    let (all, now) = (openchat_projections::Projection::ALL, openchat::clock::Clock::default().now());
    openchat::projector::rebuild(&cluster.config, all, now).await.unwrap();
    assert_eq!(dump(&cluster.config).await, live);
}

/// No agent ever has more than it has room for, by the log.
pub(crate) async fn check_capacity(
    config: &tokio_postgres::Config,
    tenant: BusinessId,
    capacity: usize,
) -> usize {
    let mut holder: HashMap<String, String> = HashMap::new();
    let mut load: HashMap<String, HashSet<String>> = HashMap::new();
    let mut assigned = 0;
    for recorded in events_of(config, tenant).await {
        let DomainEvent::Conversation(id, event) = &recorded.event else { continue };
        let id = id.to_string();
        match event {
            ConversationEvent::Assigned { assignee, .. } => {
                assert_eq!(holder.insert(id.clone(), assignee.id.to_string()), None, "{id} was given twice");
                let theirs = load.entry(assignee.id.to_string()).or_default();
                theirs.insert(id);
                assigned += 1;
                assert!(theirs.len() <= capacity, "{} has {}", assignee.name, theirs.len());
            }
            ConversationEvent::Resolved { .. } | ConversationEvent::Unassigned { .. } => {
                if let Some(agent) = holder.remove(&id) {
                    load.entry(agent).or_default().remove(&id);
                }
            }
            _ => {}
        }
    }
    assigned
}

#[tokio::test(flavor = "multi_thread")]
async fn no_agent_gets_more_than_it_has_room_for_whichever_node_routes() {
    const CAPACITY: usize = 3;
    const CONVERSATIONS: usize = 60;
    let mut setting = Setting::new(None).await;
    let mut agents = Vec::new();
    for n in 0..3 {
        let agent = setting.business.team_mate(&setting.cluster.at(n % 2), &format!("Agent {n}")).await;
        let id = agent.get("/api/auth/me").await.is(200).text("/agent/id");
        let path = format!("/api/business/agents/{id}");
        setting.business.owner.patch(&path, json!({"capacity": CAPACITY})).await.is(200);
        let online = json!({"availability": "online"});
        agent.put("/api/admin/support/me/availability", online).await.is(200);
        agents.push(agent.header("cookie"));
    }
    for n in 0..CONVERSATIONS {
        begin(&setting.backends[n % 2], n + 2).await;
    }
    let mut resolved = HashSet::new();
    let mut kills = 0;
    while resolved.len() < CONVERSATIONS {
        if resolved.len() >= 15 * (kills + 1) && kills < 2 {
            let (_, leader) = setting.cluster.led().await;
            setting.cluster.nodes[leader].kill().await;
            setting.cluster.nodes[leader].start().await;
            kills += 1;
        }
        for (n, cookie) in agents.iter().enumerate() {
            let agent = setting.cluster.at((n + resolved.len()) % 2).with("cookie", cookie);
            let mine = agent.get("/api/admin/support/inbox?view=mine").await.is(200);
            let ids: Vec<Value> =
                mine.body["data"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
            for id in ids {
                let id = id.as_str().unwrap().to_owned();
                let path = format!("/api/admin/support/conversations/{id}/resolve");
                if agent.post(&path, json!({})).await.status.is_success() {
                    resolved.insert(id);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let assigned = check_capacity(&setting.cluster.config, setting.business.id, CAPACITY).await;
    eprintln!("{assigned} assignments over two nodes and {kills} failovers, never more than {CAPACITY} each");
}
