//! Commands through stock postgres-es for a while: `bench-postgres-es CONNECTION CONCURRENCY SECONDS STREAMS`, where the
//! streams are `fresh`, `long` (1,000 events each) or `snapshots` (the same, with one every 100 events).
//!
//! Prints one line of JSON.

mod conversation;

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use postgres_es::{PostgresCqrs, postgres_cqrs, postgres_snapshot_cqrs};
use sqlx::{Pool, Postgres, postgres::PgPoolOptions};
use tokio::task::JoinSet;

use conversation::{Conversation, Post};

type Failure = Box<dyn Error + Send + Sync>;

/// postgres-es' own tables, and its long streams: many, so that they stay as long as they are said to be.
const TABLES: &str = include_str!("tables.sql");
const LONG_STREAMS: &str = include_str!("long_streams.sql");
const HOW_MANY: usize = 256;
/// How long everybody works before the measured time begins.
const WARM_UP: Duration = Duration::from_secs(1);
const WORDS: &str = "My order has not arrived yet, and the tracking page has said the same for three days.";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("CONNECTION CONCURRENCY SECONDS fresh|long|snapshots");
    let (connection, concurrency, seconds) = (next()?, next()?.parse::<u32>()?, next()?.parse::<f64>()?);
    let streams = next()?;
    let pool = PgPoolOptions::new()
        .min_connections(concurrency)
        .max_connections(concurrency)
        .test_before_acquire(false)
        .connect(&connection)
        .await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    if streams != "fresh" {
        sqlx::raw_sql(LONG_STREAMS).execute(&pool).await?;
    }
    let cqrs = Arc::new(framework(pool, streams == "snapshots"));
    let fresh = streams == "fresh";
    work(&cqrs, concurrency as usize, fresh, WARM_UP).await?;
    let begun = Instant::now();
    let mut took = work(&cqrs, concurrency as usize, fresh, Duration::from_secs_f64(seconds)).await?;
    let elapsed = begun.elapsed().as_secs_f64();
    took.sort_unstable();
    let percentile =
        |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
    let line = serde_json::json!({
        "commands": took.len(), "seconds": elapsed, "p50": percentile(50), "p99": percentile(99),
    });
    println!("{line}");
    Ok(())
}

fn framework(pool: Pool<Postgres>, snapshots: bool) -> PostgresCqrs<Conversation> {
    if snapshots { postgres_snapshot_cqrs(pool, vec![], 100, ()) } else { postgres_cqrs(pool, vec![], ()) }
}

/// Has so many workers send commands; answers how long each took, in microseconds.
async fn work(
    cqrs: &Arc<PostgresCqrs<Conversation>>,
    concurrency: usize,
    fresh: bool,
    duration: Duration,
) -> Result<Vec<u64>, Failure> {
    let until = Instant::now() + duration;
    let mut workers = JoinSet::new();
    for worker in 0..concurrency {
        let cqrs = Arc::clone(cqrs);
        workers.spawn(async move {
            let mut took = Vec::new();
            // Nobody else's streams, so that nothing is in conflict.
            let mut own = (worker..HOW_MANY).step_by(concurrency).cycle();
            while Instant::now() < until {
                let begun = Instant::now();
                let id = match own.next() {
                    Some(n) if !fresh => format!("long-{n}"),
                    _ => uuid::Uuid::now_v7().to_string(),
                };
                cqrs.execute(&id, Post(WORDS.to_owned())).await?;
                took.push(u64::try_from(begun.elapsed().as_micros())?);
            }
            Ok::<_, Failure>(took)
        });
    }
    let mut all = Vec::new();
    while let Some(took) = workers.join_next().await {
        all.extend(took??);
    }
    Ok(all)
}
