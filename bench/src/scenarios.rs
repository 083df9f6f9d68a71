//! The scenarios: what is done, and what it is held against.

use std::{
    io::Write as _,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use openchat::store::Context;
use openchat_domain::{
    BusinessId, ConversationId, CustomerId, MessageId, MessageText, Metadata, Name,
    conversation::{Channel, Conversation, ConversationCommand, CustomerRef, MessageBody, NewMessage},
};
use tokio::sync::Mutex;
use tokio_postgres::Config;
use uuid::Uuid;

use crate::{
    BenchError,
    client::Answer,
    measure::{Contender, Sample, interleaved, percentile},
    peers::pgbench,
    report::Scenario,
    stage::{Served, Stage, connect, store},
};

/// How often, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
}

pub(crate) const WORDS: &str =
    "My order has not arrived yet, and the tracking page has said the same for three days.";
const MOST: usize = 128;
/// As many as post messages at once.
pub(crate) const WORKERS: usize = 32;
/// So many conversations that each has its messages seconds apart, as people's have.
pub(crate) const MANY: usize = 3_200;

/// Commands through the store against a bare prepared INSERT of a row as large, from here and from pgbench, each on as many
/// connections as workers; and what there is to be won by one statement for all of them.
pub(crate) async fn append(stage: &Stage, pace: Pace) -> Result<Scenario, BenchError> {
    let config = stage.database("append").await?;
    let mut contenders = vec![insert(&config).await?, commands(&config).await?];
    contenders.extend(pgbench(stage, "append", &config).await?);
    contenders.push(together(&config).await?);
    settle(&config, &contenders).await?;
    let series = interleaved(&contenders, &[1, 8, 32, MOST], pace.rounds, pace.seconds).await?;
    Ok(Scenario { name: "append", unit: "durable commands", series })
}

/// The whole way of a message over HTTP, against the same INSERT: in a conversation for each worker, and in many.
pub(crate) async fn http(stage: &Stage, pace: Pace) -> Result<Vec<Scenario>, BenchError> {
    let few = posting(stage, pace, ("few", "message", WORKERS)).await?;
    let many = posting(stage, pace, ("many", "message, 3,200 conversations", MANY)).await?;
    Ok(vec![few, many])
}

async fn posting(
    stage: &Stage,
    pace: Pace,
    (database, name, how_many): (&str, &'static str, usize),
) -> Result<Scenario, BenchError> {
    let config = stage.database(database).await?;
    let served = Arc::new(Served::start(config.clone()).await?);
    let mut conversations = Vec::new();
    for customer in 0..how_many {
        conversations.push(served.business.conversation(customer).await?);
    }
    let backends: Vec<_> = (0..WORKERS).map(|_| Mutex::new(served.backend())).collect();
    let lag = Lag::default();
    let posting = {
        let (lag, share, turn) = (lag.clone(), how_many / WORKERS, AtomicUsize::new(0));
        let shared = Arc::new((backends, conversations, Arc::clone(&served)));
        Contender::new("message over HTTP", move |worker| {
            let (shared, lag) = (Arc::clone(&shared), lag.clone());
            let conversation = worker * share + turn.fetch_add(1, Ordering::Relaxed) % share;
            async move {
                let (backends, conversations, served) = &*shared;
                let mut backend = backends[worker].lock().await;
                lag.watch(served, &backend.say(&conversations[conversation], WORDS).await?);
                Ok(())
            }
        })
    };
    let contenders = [insert(&config).await?, posting];
    settle(&config, &contenders).await?;
    let series = interleaved(&contenders, &[1, 8, 32], pace.rounds, pace.seconds).await?;
    drop(contenders);
    lag.tell()?;
    if let Ok(served) = Arc::try_unwrap(served) {
        served.stop().await;
    }
    Ok(Scenario { name, unit: "messages acknowledged", series })
}

/// Lets everybody work a little and has the tables analysed, as autovacuum does within its first minute: the plans that
/// are made for empty tables are nobody's everyday.
pub(crate) async fn settle(config: &Config, contenders: &[Contender]) -> Result<(), BenchError> {
    interleaved(contenders, &[1], 1, 0.5).await?;
    Ok(connect(config).await?.batch_execute("analyze").await?)
}

/// How long after its acknowledgement a message is in the read models, looked at for one in ten.
#[derive(Clone, Default)]
struct Lag(Arc<(AtomicUsize, std::sync::Mutex<Vec<Duration>>)>);

impl Lag {
    fn watch(&self, served: &Served, answer: &Answer<'_>) {
        let Some(position) =
            answer.position().filter(|_| self.0.0.fetch_add(1, Ordering::Relaxed).is_multiple_of(10))
        else {
            return;
        };
        let (it, views, tenant) = (self.clone(), served.running.app.views.clone(), served.business.tenant);
        tokio::spawn(async move {
            let acknowledged = Instant::now();
            let seen = views.wait(tenant, position, Duration::from_secs(10)).await;
            let took = if seen.is_ok() { acknowledged.elapsed() } else { Duration::MAX };
            it.0.1.lock().unwrap_or_else(PoisonError::into_inner).push(took);
        });
    }

    fn tell(&self) -> std::io::Result<()> {
        let mut took = self.0.1.lock().unwrap_or_else(PoisonError::into_inner);
        took.sort();
        let (p50, p99) = (percentile(&took, 50), percentile(&took, 99));
        writeln!(
            std::io::stdout(),
            "\nread models behind the acknowledgement: p50 {p50:.1} ms, p99 {p99:.1} ms"
        )
    }
}

/// A prepared INSERT of a row as large as a message's event, on a connection for each worker.
pub(crate) async fn insert(config: &Config) -> Result<Contender, BenchError> {
    let sql = "insert into bench_rows (id, payload) values ($1, $2)";
    let first = connect(config).await?;
    first
        .batch_execute("create table if not exists bench_rows (id uuid primary key, payload text not null)")
        .await?;
    let connections = try_join_all((0..MOST).map(|_| async {
        let client = connect(config).await?;
        let statement = client.prepare(sql).await?;
        Ok::<_, BenchError>((client, statement))
    }))
    .await?;
    let connections = Arc::new(connections);
    let payload = Arc::new(WORDS.repeat(4));
    Ok(Contender::new("bare INSERT", move |worker| {
        let (connections, payload) = (Arc::clone(&connections), Arc::clone(&payload));
        async move {
            let (client, statement) = &connections[worker];
            client.execute(statement, &[&fresh(), payload.as_ref()]).await?;
            Ok(())
        }
    }))
}

/// As many of the same rows in one INSERT, on one connection that does nothing else: as much as any gathering of those who
/// wait can reach, if it cost nothing and nobody had to be answered.
async fn together(config: &Config) -> Result<Contender, BenchError> {
    let client = connect(config).await?;
    let sql = "insert into bench_rows (id, payload) select * from unnest($1::uuid[], $2::text[])";
    let shared = Arc::new((client.prepare(sql).await?, client));
    Ok(Contender::of_rounds("rows in one INSERT", move |rows, duration| {
        let shared = Arc::clone(&shared);
        async move {
            let (statement, client) = &*shared;
            let (payloads, begun) = (vec![WORDS.repeat(4); rows], Instant::now());
            let mut took = Vec::new();
            while begun.elapsed() < duration {
                let ids: Vec<Uuid> = (0..rows).map(|_| fresh()).collect();
                let asked = Instant::now();
                client.execute(statement, &[&ids, &payloads]).await?;
                took.extend(std::iter::repeat_n(asked.elapsed(), rows));
            }
            Ok(Sample::of(took, 1, begun.elapsed()))
        }
    }))
}

pub(crate) async fn commands(config: &Config) -> Result<Contender, BenchError> {
    let aggregates = store(config);
    let tenant = BusinessId::from_uuid(fresh());
    let conversations: Arc<Vec<ConversationId>> =
        Arc::new((0..MOST).map(|_| ConversationId::from_uuid(fresh())).collect());
    for id in conversations.iter() {
        execute(&aggregates, tenant, *id, &open()).await?;
    }
    Ok(Contender::new("store", move |worker| {
        let (aggregates, conversations) = (aggregates.clone(), Arc::clone(&conversations));
        async move { execute(&aggregates, tenant, conversations[worker], &say()).await }
    }))
}

/// Begins a conversation of Jane's.
pub(crate) fn open() -> ConversationCommand {
    ConversationCommand::Open { customer: jane(), channel: Channel::Api, subject: None, message: None }
}

/// Says something for her.
pub(crate) fn say() -> ConversationCommand {
    let text = MessageText::new(WORDS).unwrap_or_else(|_| unreachable!("it is a text"));
    ConversationCommand::PostMessage {
        author: (&jane()).into(),
        message: NewMessage {
            id: MessageId::from_uuid(fresh()),
            body: MessageBody::Text { text },
            client_message_id: None,
        },
    }
}

fn jane() -> CustomerRef {
    CustomerRef {
        id: CustomerId::from_uuid(uuid::uuid!("0190f5fe-0000-7000-8000-000000000001")),
        external_user_id: None,
        name: Name::new("Jane").ok(),
        email: None,
        phone: None,
        metadata: Metadata::default(),
    }
}

pub(crate) async fn execute(
    aggregates: &openchat::store::Aggregates,
    tenant: BusinessId,
    id: ConversationId,
    command: &ConversationCommand,
) -> Result<(), BenchError> {
    let context = Context::system(tenant, "bench");
    let done = aggregates.execute::<Conversation>(&context, id, command).await;
    done.map(drop).map_err(|e| BenchError::Refused(e.to_string()))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark makes its own ids")]
pub(crate) fn fresh() -> Uuid {
    Uuid::now_v7()
}
