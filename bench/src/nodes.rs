//! What a second node costs: messages over HTTP to one node, and to two in turn on the same database.

use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use openchat::app::{self, Options};
use tokio::sync::Mutex;

use crate::{
    BenchError,
    client::Backend,
    fanout::server,
    measure::{Contender, interleaved},
    report::Scenario,
    scenarios::{MANY, Pace, WORDS, WORKERS, settle},
    stage::{Served, Stage, options},
};

/// As many conversations as workers: each message finds that another node has just changed its conversation.
const HOT: usize = WORKERS;
/// So many workers that either of two nodes has full batches.
const CROWD: usize = 4 * WORKERS;

/// Which node a conversation's messages go to.
#[derive(Debug, Clone, Copy)]
enum Node {
    /// One and then the other.
    Changing,
    /// Always the same: what is left is what two nodes cost that never meet.
    Keeping,
}
use Node::{Changing, Keeping};

/// A business on a server, whose customers have said something.
struct Setting {
    served: Served,
    conversations: Vec<String>,
}

/// Everybody's messages: in few conversations, in many, and in many that each keep to one node. All nodes are in this
/// process; the one is alone on its database, the two hear of each other through a nats-server if there is one.
pub(crate) async fn nodes(stage: &Stage, pace: Pace) -> Result<Vec<Scenario>, BenchError> {
    let bus = server::bus(stage.dir()).await?;
    if bus.is_none() {
        writeln!(std::io::stdout(), "the nodes are without a nats-server: `make nats` builds it")?;
    }
    let alone = options(stage.database("one_node").await?);
    let beside = Options {
        nats: bus.as_ref().map(|(url, _)| url.clone()),
        ..options(stage.database("two_nodes").await?)
    };
    let one = Setting::start(&alone).await?;
    let two = Setting::start(&beside).await?;
    let second = app::start(beside.clone()).await?;
    // It has them at hand from now on, as the others have them that began them.
    let mut backend = Backend::new(second.address, &two.served.business.key);
    for conversation in &two.conversations {
        backend.say(conversation, WORDS).await?;
    }
    let mut scenarios = Vec::new();
    for (name, how_many, by, workers) in [
        ("two nodes, few conversations", HOT, Changing, WORKERS),
        ("two nodes, many conversations", MANY, Changing, WORKERS),
        ("two nodes, many conversations, a crowd", MANY, Changing, CROWD),
        ("two nodes, each with conversations of its own", MANY, Keeping, WORKERS),
        ("two nodes, each with conversations of its own, a crowd", MANY, Keeping, CROWD),
    ] {
        let contenders = [
            posting("one node", &one, one.address(), (how_many, by, workers)),
            posting("two nodes in turn", &two, second.address, (how_many, by, workers)),
        ];
        for database in [&alone.database, &beside.database] {
            settle(database, &contenders).await?;
        }
        let series = interleaved(&contenders, &[workers], pace.rounds, pace.seconds).await?;
        scenarios.push(Scenario { name, unit: "messages acknowledged", series });
    }
    second.stop().await;
    for setting in [one, two] {
        if let Ok(setting) = Arc::try_unwrap(setting) {
            setting.served.stop().await;
        }
    }
    Ok(scenarios)
}

impl Setting {
    async fn start(options: &Options) -> Result<Arc<Self>, BenchError> {
        let served = Served::of(options.clone()).await?;
        let mut conversations = Vec::new();
        for customer in 0..MANY {
            conversations.push(served.business.conversation(customer).await?);
        }
        Ok(Arc::new(Self { served, conversations }))
    }

    fn address(&self) -> SocketAddr {
        self.served.running.address
    }
}

/// A worker has its share of the conversations, and a connection to each of two nodes, which may be the same.
fn posting(
    name: &'static str,
    setting: &Arc<Setting>,
    second: SocketAddr,
    (how_many, by, workers): (usize, Node, usize),
) -> Contender {
    let backend = |address| Backend::new(address, &setting.served.business.key);
    let backends: Vec<_> =
        (0..workers).map(|_| Mutex::new([setting.address(), second].map(backend))).collect();
    let turns: Vec<AtomicUsize> = (0..workers).map(|_| AtomicUsize::new(0)).collect();
    let shared = Arc::new((backends, turns, Arc::clone(setting)));
    let share = how_many / workers;
    Contender::new(name, move |worker| {
        let shared = Arc::clone(&shared);
        async move {
            let (backends, turns, setting) = &*shared;
            let turn = turns[worker].fetch_add(1, Ordering::Relaxed);
            // The share is gone through in order.
            let node = match by {
                Changing => (turn / share + turn % share) % 2,
                Keeping => turn % share % 2,
            };
            let conversation = &setting.conversations[worker * share + turn % share];
            backends[worker].lock().await[node].say(conversation, WORDS).await.map(drop)
        }
    })
}
