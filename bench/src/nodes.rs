//! What a second node costs: messages over HTTP to one node, and to two in turn on the same database; and what a second
//! writer costs where nothing but Postgres is between.

use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use openchat::app::{self, Options};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config};
use uuid::Uuid;

use crate::{
    BenchError,
    client::Backend,
    fanout::server,
    measure::{Contender, Sample, interleaved},
    report::Scenario,
    scenarios::{MANY, Pace, WORDS, WORKERS, fresh, settle},
    stage::{Business, Served, Stage, connect, options},
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
    /// Always the same: what is left is what two nodes cost that meet at the head of their business's log only.
    Keeping,
    /// Always the same, with a business of its own: they never meet.
    Apart,
}
use Node::{Apart, Changing, Keeping};

/// A business on a server, whose customers have said something, and another beside it with half as many.
struct Setting {
    served: Served,
    conversations: Vec<String>,
    neighbour: Business,
    neighbours: Vec<String>,
}

/// Everybody's messages: in few conversations, in many, in many that each keep to one node, and in those of two businesses
/// that do. All nodes are in this process; the one is alone on its database, the two hear of each other through a
/// nats-server if there is one.
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
    for (business, conversations) in
        [(&two.served.business, &two.conversations), (&two.neighbour, &two.neighbours)]
    {
        let mut backend = Backend::new(second.address, &business.key);
        for conversation in conversations {
            backend.say(conversation, WORDS).await?;
        }
    }
    let mut scenarios = Vec::new();
    for (name, how_many, by, workers) in [
        ("two nodes, few conversations", HOT, Changing, WORKERS),
        ("two nodes, many conversations", MANY, Changing, WORKERS),
        ("two nodes, many conversations, a crowd", MANY, Changing, CROWD),
        ("two nodes, each with conversations of its own", MANY, Keeping, WORKERS),
        ("two nodes, each with conversations of its own, a crowd", MANY, Keeping, CROWD),
        ("two nodes, each with a business of its own", MANY, Apart, WORKERS),
        ("two nodes, each with a business of its own, a crowd", MANY, Apart, CROWD),
    ] {
        let contenders = [
            posting("one node", &one, one.address(), (how_many, by, workers)),
            posting("two nodes", &two, second.address, (how_many, by, workers)),
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
    let bare = stage.empty_database("writers").await?;
    let series = interleaved(&writers(&bare).await?, &[WORKERS, CROWD], pace.rounds, pace.seconds).await?;
    scenarios.push(Scenario { name: "two writers behind one head", unit: "durable rows", series });
    Ok(scenarios)
}

/// All rows in one statement behind another, or half as many in each of two that are sent at once and wait for each other
/// as two nodes' batches of one business do: at the head that gives out the positions, until the other is durable.
async fn writers(config: &Config) -> Result<[Contender; 2], BenchError> {
    connect(config)
        .await?
        .batch_execute(
            "create table heads (id int primary key, position bigint not null);
             insert into heads values (1, 0);
             create table events (id uuid primary key, position bigint not null, payload text not null)",
        )
        .await?;
    Ok([writing("one writer", config, 1).await?, writing("two writers, half each", config, 2).await?])
}

async fn writing(name: &'static str, config: &Config, writers: usize) -> Result<Contender, BenchError> {
    let clients = Arc::new(try_join_all((0..writers).map(|_| connect(config))).await?);
    Ok(Contender::of_rounds(name, move |rows, duration| {
        let clients = Arc::clone(&clients);
        async move {
            let begun = Instant::now();
            let writing = clients.iter().map(|it| write(it, rows / writers, duration));
            let took = try_join_all(writing).await?.concat();
            Ok(Sample::of(took, 1, begun.elapsed()))
        }
    }))
}

async fn write(client: &Client, rows: usize, duration: Duration) -> Result<Vec<Duration>, BenchError> {
    let statement = client
        .prepare(
            "with head as (update heads set position = position + cardinality($1::uuid[]) where id = 1 returning position)
             insert into events select it.id, head.position - it.n + 1, $2
             from head, unnest($1::uuid[]) with ordinality it (id, n)",
        )
        .await?;
    let (payload, begun, mut took) = (WORDS.repeat(4), Instant::now(), Vec::new());
    while begun.elapsed() < duration {
        let ids: Vec<Uuid> = (0..rows).map(|_| fresh()).collect();
        let asked = Instant::now();
        client.execute(&statement, &[&ids, &payload]).await?;
        took.extend(std::iter::repeat_n(asked.elapsed(), rows));
    }
    Ok(took)
}

impl Setting {
    async fn start(options: &Options) -> Result<Arc<Self>, BenchError> {
        let served = Served::of(options.clone()).await?;
        let mut conversations = Vec::new();
        for customer in 0..MANY {
            conversations.push(served.business.conversation(customer).await?);
        }
        let neighbour = Business::sign_up(served.business.url.clone()).await?;
        let mut neighbours = Vec::new();
        for customer in 0..MANY / 2 {
            neighbours.push(neighbour.conversation(customer).await?);
        }
        Ok(Arc::new(Self { served, conversations, neighbour, neighbours }))
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
    let key = &setting.served.business.key;
    let other = if matches!(by, Apart) { &setting.neighbour.key } else { key };
    let backends: Vec<_> = (0..workers)
        .map(|_| Mutex::new([Backend::new(setting.address(), key), Backend::new(second, other)]))
        .collect();
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
                Keeping | Apart => turn % share % 2,
            };
            let at = worker * share + turn % share;
            let conversation = match by {
                Apart if node == 1 => &setting.neighbours[at / 2],
                _ => &setting.conversations[at],
            };
            backends[worker].lock().await[node].say(conversation, WORDS).await.map(drop)
        }
    })
}
