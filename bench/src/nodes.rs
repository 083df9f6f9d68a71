//! What a second node costs: messages over HTTP to one node, and to two in turn on the same database.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use openchat::app;
use tokio::sync::Mutex;

use crate::{
    BenchError,
    client::Backend,
    measure::{Contender, interleaved},
    report::Scenario,
    scenarios::{MANY, Pace, WORDS, WORKERS, settle},
    stage::{Served, Stage, options},
};

/// As many conversations as workers: each message finds that another node has just changed its conversation.
const HOT: usize = WORKERS;

/// Which node a conversation's messages go to.
#[derive(Debug, Clone, Copy)]
enum Node {
    /// One and then the other.
    Changing,
    /// Always the same: what is left is what two nodes cost that never meet.
    Keeping,
}
use Node::{Changing, Keeping};

/// Everybody's messages: in few conversations, in many, and in many that each keep to one node. Both nodes are in this process, without NATS.
pub(crate) async fn nodes(stage: &Stage, pace: Pace) -> Result<Vec<Scenario>, BenchError> {
    let config = stage.database("nodes").await?;
    let served = Served::start(config.clone()).await?;
    let mut conversations = Vec::new();
    for customer in 0..MANY {
        conversations.push(served.business.conversation(customer).await?);
    }
    let conversations = Arc::new(conversations);
    let second = app::start(options(config.clone())).await?;
    let (one, two) = ([served.running.address; 2], [served.running.address, second.address]);
    let mut scenarios = Vec::new();
    for (name, how_many, by) in [
        ("two nodes, few conversations", HOT, Changing),
        ("two nodes, many conversations", MANY, Changing),
        ("two nodes, each with conversations of its own", MANY, Keeping),
    ] {
        let contender =
            |name, nodes| posting(name, nodes, &conversations, (how_many, by), &served.business.key);
        let contenders = [contender("one node", one), contender("two nodes in turn", two)];
        settle(&config, &contenders).await?;
        let series = interleaved(&contenders, &[WORKERS], pace.rounds, pace.seconds).await?;
        scenarios.push(Scenario { name, unit: "messages acknowledged", series });
    }
    second.stop().await;
    served.stop().await;
    Ok(scenarios)
}

/// A worker has its share of the conversations, and a connection to each node.
fn posting(
    name: &'static str,
    nodes: [SocketAddr; 2],
    conversations: &Arc<Vec<String>>,
    (how_many, by): (usize, Node),
    key: &str,
) -> Contender {
    let backends: Vec<_> =
        (0..WORKERS).map(|_| Mutex::new(nodes.map(|address| Backend::new(address, key)))).collect();
    let turns: Vec<AtomicUsize> = (0..WORKERS).map(|_| AtomicUsize::new(0)).collect();
    let shared = Arc::new((backends, turns, Arc::clone(conversations)));
    let share = how_many / WORKERS;
    Contender::new(name, move |worker| {
        let shared = Arc::clone(&shared);
        async move {
            let (backends, turns, conversations) = &*shared;
            let turn = turns[worker].fetch_add(1, Ordering::Relaxed);
            // The share is gone through in order.
            let node = match by {
                Changing => (turn / share + turn % share) % 2,
                Keeping => turn % share % 2,
            };
            let conversation = &conversations[worker * share + turn % share];
            backends[worker].lock().await[node].say(conversation, WORDS).await.map(drop)
        }
    })
}
