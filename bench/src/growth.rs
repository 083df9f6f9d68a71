//! What has to stay flat as data grow: a long conversation, many tenants, a large inbox; and a rebuild of it all.

use std::{
    io::Write as _,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::{Either, select, try_join_all};
use openchat::{
    clock::Clock,
    projector,
    store::{Aggregates, Appender, PoolSizes, Pools},
};
use openchat_domain::{BusinessId, ConversationId};
use openchat_projections::Projection;
use tokio::sync::Mutex;

use crate::{
    BenchError,
    client::{Backend, Caller},
    measure::{Contender, interleaved, percentile},
    report::Scenario,
    scenarios::{Pace, WORDS, execute, fresh, open, say},
    stage::{Served, Stage, connect},
};

/// How long a long conversation is.
const LONG: usize = 100_000;
/// How many tenants are many.
const TENANTS: usize = 10_000;
/// How many pages an agent has to turn to be deep in the inbox.
const PAGES: usize = 300;

/// A message of conversations that have 10, 1,000 and 100,000 already, with their state at hand and without.
pub(crate) async fn long(stage: &Stage, pace: Pace) -> Result<Scenario, BenchError> {
    let config = stage.database("long").await?;
    let pools = Pools::new(&config, PoolSizes::default());
    let (announce, _) = tokio::sync::mpsc::unbounded_channel();
    let appender = Appender::start(pools.clone(), move |events| drop(announce.send(events)));
    let warm = Aggregates::new(pools.clone(), appender.clone(), Clock::default());
    let tenant = BusinessId::from_uuid(fresh());
    // Short ones are many, so that they stay short while they are measured.
    let mut lengths = Vec::new();
    for (name, cold, length, how_many) in [
        ("message 10", "message 10, not at hand", 10, 256),
        ("message 1,000", "message 1,000, not at hand", 1_000, 16),
        ("message 100,000", "message 100,000, not at hand", LONG, 1),
    ] {
        let ids: Vec<ConversationId> = (0..how_many).map(|_| ConversationId::from_uuid(fresh())).collect();
        try_join_all(ids.iter().map(async |id| {
            execute(&warm, tenant, *id, &open()).await?;
            for _ in 1..length {
                execute(&warm, tenant, *id, &say()).await?;
            }
            Ok::<_, BenchError>(())
        }))
        .await?;
        lengths.push((name, cold, Arc::new(ids)));
    }
    connect(&config).await?.batch_execute("vacuum analyze").await?;
    let contender = |name, ids: &Arc<Vec<ConversationId>>, at_hand: bool| {
        let (ids, warm, next) = (Arc::clone(ids), warm.clone(), Arc::new(AtomicUsize::new(0)));
        let (pools, appender) = (pools.clone(), appender.clone());
        Contender::new(name, move |_| {
            let id = ids[next.fetch_add(1, Ordering::Relaxed) % ids.len()];
            let aggregates = if at_hand {
                warm.clone()
            } else {
                Aggregates::new(pools.clone(), appender.clone(), Clock::default())
            };
            async move { execute(&aggregates, tenant, id, &say()).await }
        })
    };
    let at_hand: Vec<_> = lengths.iter().map(|(name, _, ids)| contender(name, ids, true)).collect();
    let cold: Vec<_> = lengths.iter().map(|(_, name, ids)| contender(name, ids, false)).collect();
    let mut series = interleaved(&at_hand, &[1], pace.rounds, pace.seconds).await?;
    series.extend(interleaved(&cold, &[1], pace.rounds, pace.seconds).await?);
    Ok(Scenario { name: "long", unit: "messages of a conversation", series })
}

/// Commands of one tenant against commands of ten thousand in turn.
pub(crate) async fn tenants(stage: &Stage, pace: Pace) -> Result<Scenario, BenchError> {
    let config = stage.database("tenants").await?;
    let aggregates = crate::stage::store(&config);
    let mut contenders = Vec::new();
    for (name, how_many) in [("1 tenant", 1), ("10,000 tenants", TENANTS)] {
        let tenants: Vec<BusinessId> = (0..how_many).map(|_| BusinessId::from_uuid(fresh())).collect();
        let places: Vec<(BusinessId, ConversationId)> =
            (0..TENANTS).map(|n| (tenants[n % tenants.len()], ConversationId::from_uuid(fresh()))).collect();
        let opening = open();
        for some in places.chunks(128) {
            try_join_all(some.iter().map(|(tenant, id)| execute(&aggregates, *tenant, *id, &opening)))
                .await?;
        }
        let (places, aggregates) = (Arc::new(places), aggregates.clone());
        let next = Arc::new(AtomicUsize::new(0));
        contenders.push(Contender::new(name, move |_| {
            let (tenant, id) = places[next.fetch_add(1, Ordering::Relaxed) % places.len()];
            let aggregates = aggregates.clone();
            async move { execute(&aggregates, tenant, id, &say()).await }
        }));
    }
    connect(&config).await?.batch_execute("vacuum analyze").await?;
    let series = interleaved(&contenders, &[1, 8, 32], pace.rounds, pace.seconds).await?;
    Ok(Scenario { name: "tenants", unit: "durable commands", series })
}

/// The first page, a deep page and a search of inboxes of three sizes, against the server's own look at its database.
pub(crate) async fn inbox(stage: &Stage, pace: Pace) -> Result<Scenario, BenchError> {
    let mut all = Vec::new();
    let mut inboxes = Vec::new();
    for (size, names) in [
        (10_000, ["page 1 of 10,000", "page 300 of 10,000", "search in 10,000"]),
        (100_000, ["page 1 of 100,000", "page 300 of 100,000", "search in 100,000"]),
        (1_000_000, ["page 1 of 1,000,000", "page 300 of 1,000,000", "search in 1,000,000"]),
    ] {
        let config = stage.database(&format!("inbox_{size}")).await?;
        let served = Served::start(config.clone()).await?;
        served.business.conversation(0).await?;
        let db = connect(&config).await?;
        db.batch_execute(&multiply(size)).await?;
        db.batch_execute("vacuum analyze").await?;
        let header = format!("cookie: {}", served.business.session);
        let mut caller = Caller::connect(served.running.address).await?;
        let page = "/api/admin/support/inbox?view=all&limit=25";
        let mut deep = page.to_owned();
        for _ in 1..PAGES {
            let answer = caller.ask("GET", &deep, &header, "").await?;
            let cursor = answer.json()?["nextCursor"].as_str().map(str::to_owned);
            deep = format!("{page}&cursor={}", cursor.ok_or(BenchError::SocketGone)?);
        }
        // One in a hundred has the word.
        let search = "/api/admin/support/inbox?view=all&limit=25&q=needle7".to_owned();
        inboxes.push((served, header, names.into_iter().zip([page.to_owned(), deep, search])));
    }
    for (served, header, pages) in &mut inboxes {
        // Only now: a connection on which nothing is asked for is closed.
        let caller = Arc::new(Mutex::new(Caller::connect(served.running.address).await?));
        if all.is_empty() {
            all.push(getting("a look at the database", "/readyz".to_owned(), header, &caller));
        }
        all.extend(pages.map(|(name, path)| getting(name, path, header, &caller)));
    }
    let series = interleaved(&all, &[1], pace.rounds, pace.seconds).await?;
    for (served, ..) in inboxes {
        served.stop().await;
    }
    Ok(Scenario { name: "inbox", unit: "pages of 25", series })
}

fn getting(name: &'static str, path: String, header: &str, caller: &Arc<Mutex<Caller>>) -> Contender {
    let it = Arc::new((path, header.to_owned(), Arc::clone(caller)));
    Contender::new(name, move |_| {
        let it = Arc::clone(&it);
        async move {
            let (path, header, caller) = &*it;
            caller.lock().await.ask("GET", path, header, "").await.map(drop)
        }
    })
}

/// Makes many of the one conversation that is there, each with a word of its hundred.
fn multiply(size: usize) -> String {
    format!(
        "insert into inbox
         select i.tenant_id, id, n, i.customer_id, 'open', null, n, null,
                i.search || array_to_tsvector(array[right(replace(i.tenant_id::text, '-', ''), 8) || 'needle' || n % 100]),
                (i.data::jsonb || jsonb_build_object('id', 'cnv_' || replace(id::text, '-', ''), 'activity', n, 'position', n))::json
         from inbox i, lateral (select n, md5('c' || n)::uuid as id from generate_series(1000, 999 + {size}) n) copies"
    )
}

/// How fast all read models are built anew while a server serves, and how late it is meanwhile.
pub(crate) async fn rebuild(stage: &Stage) -> Result<(), BenchError> {
    let config = stage.database("rebuild").await?;
    let served = Served::start(config.clone()).await?;
    let mut conversations = Vec::new();
    for customer in 0..32 {
        conversations.push(served.business.conversation(customer).await?);
    }
    try_join_all(conversations.iter().map(async |id| {
        let mut backend = served.backend();
        for _ in 0..LONG / 32 {
            backend.say(id, WORDS).await?;
        }
        Ok::<_, BenchError>(())
    }))
    .await?;
    let rebuilding = async {
        let begun = Instant::now();
        let done = projector::rebuild(&config, Projection::ALL, Clock::default().now()).await;
        let events = done.map_err(|e| BenchError::Refused(openchat::store::chain(&e)))?[0].events;
        Ok::<_, BenchError>((events, begun.elapsed()))
    };
    let mut rebuilding = pin!(rebuilding);
    let mut backend = served.backend();
    let mut late = Vec::new();
    let (events, took) = loop {
        let begun = Instant::now();
        let message = seen(&served, &mut backend, &conversations[0]);
        match select(rebuilding.as_mut(), pin!(message)).await {
            Either::Left((done, _)) => break done?,
            Either::Right((message, _)) => message?,
        }
        late.push(begun.elapsed());
    };
    served.stop().await;
    late.sort();
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let rate = events as f64 / took.as_secs_f64();
    writeln!(
        std::io::stdout(),
        "\nrebuild of {} read models from {events} events: {rate:.0} events/s; of {} messages meanwhile one was in the read \
         models after {:.1} ms, 99 % after {:.1} ms, all after {:.1} ms",
        Projection::ALL.len(),
        late.len(),
        percentile(&late, 50),
        percentile(&late, 99),
        percentile(&late, 100),
    )?;
    Ok(())
}

/// A message, until the read models have it.
async fn seen(served: &Served, backend: &mut Backend, conversation: &str) -> Result<(), BenchError> {
    let position = backend.say(conversation, WORDS).await?.position();
    let position = position.ok_or_else(|| BenchError::Refused("no position".to_owned()))?;
    let (views, tenant) = (&served.running.app.views, served.business.tenant);
    let waited = views.wait(tenant, position, Duration::from_secs(10)).await;
    waited.map_err(|_| BenchError::Refused("the read models never had it".to_owned()))
}
