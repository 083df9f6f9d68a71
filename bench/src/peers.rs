//! The store's append beside other event stores on the same Postgres: each peer is a program of its own in `bench/peers`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use tokio::process::Command;
use tokio_postgres::Config;

use crate::{
    BenchError,
    measure::{Contender, Sample, interleaved, percentile},
    report::Scenario,
    scenarios::{Pace, WORDS, commands, insert},
    stage::{Stage, connect},
};

/// Where `make bench-peers` puts them.
const BUILT: &str = "build/peers";

/// A program that takes a connection string, a concurrency and seconds, and prints one line of JSON.
struct Peer {
    name: &'static str,
    /// Its own database.
    database: &'static str,
    /// What it is run with, within [`BUILT`]; the last is what has to be there.
    command: &'static [&'static str],
    /// What it is told beside the rest.
    more: &'static [&'static str],
}

const POSTGRES_ES: &[&str] = &["postgres-es/release/bench-postgres-es"];
static PEERS: [Peer; 5] = [
    Peer { name: "postgres-es", database: "es_fresh", command: POSTGRES_ES, more: &["fresh"] },
    Peer { name: "postgres-es, 1,000 events", database: "es_long", command: POSTGRES_ES, more: &["long"] },
    Peer {
        name: "postgres-es, snapshots",
        database: "es_snapshots",
        command: POSTGRES_ES,
        more: &["snapshots"],
    },
    Peer { name: "Emmett", database: "emmett", command: &["node", "emmett/main.js"], more: &[] },
    Peer {
        name: "eventsourcing",
        database: "eventsourcing",
        command: &["eventsourcing/bin/python", "eventsourcing/main.py"],
        more: &[],
    },
];

/// What a peer prints; times are in microseconds.
#[derive(Debug, Deserialize)]
struct Printed {
    commands: u32,
    seconds: f64,
    p50: Option<f64>,
    p99: Option<f64>,
}

/// One durable event: a bare INSERT from here and from pgbench, the store, and whichever peers are installed.
pub(crate) async fn peers(stage: &Stage, pace: Pace) -> Result<Scenario, BenchError> {
    let config = stage.database("peers").await?;
    let mut contenders = vec![insert(&config).await?, commands(&config).await?];
    contenders.extend(pgbench(stage, "peers", &config).await?);
    let mut databases = vec![config];
    let mut out = std::io::stdout();
    for peer in &PEERS {
        let needed = peer.command.last().map(|it| Path::new(BUILT).join(it));
        if needed.is_some_and(|it| it.is_file()) {
            databases.push(stage.empty_database(peer.database).await?);
            contenders.push(peer.contender(stage.url(peer.database)));
        } else {
            writeln!(out, "{} is left out: `make bench-peers` installs it", peer.name)?;
        }
    }
    interleaved(&contenders, &[1], 1, 0.5).await?;
    for config in &databases {
        connect(config).await?.batch_execute("analyze").await?;
    }
    let series = interleaved(&contenders, &[1, 8, 32], pace.rounds, pace.seconds).await?;
    Ok(Scenario { name: "peers", unit: "durable commands", series })
}

impl Peer {
    fn contender(&'static self, connection: String) -> Contender {
        let it = Arc::new((self, connection));
        Contender::of_rounds(self.name, move |concurrency, duration| {
            let it = Arc::clone(&it);
            async move {
                let (Peer { command, more, .. }, connection) = &*it;
                let built = |name: &str| {
                    let path = Path::new(BUILT).join(name);
                    if path.exists() { path } else { PathBuf::from(name) }
                };
                let mut process = Command::new(built(command[0]));
                process.args(command[1..].iter().map(|it| built(it))).arg(connection);
                process.arg(concurrency.to_string()).arg(duration.as_secs_f64().to_string()).args(*more);
                let it: Printed = serde_json::from_str(&printed(process).await?)?;
                let milliseconds = |it: Option<f64>| it.map_or(f64::NAN, |it| it / 1_000.0);
                Ok(Sample {
                    per_second: f64::from(it.commands) / it.seconds,
                    p50: milliseconds(it.p50),
                    p99: milliseconds(it.p99),
                })
            }
        })
    }
}

/// The same INSERT by Postgres' own load generator, which measures in whole seconds; a sequence makes its ids, which costs
/// less than chance.
pub(crate) async fn pgbench(
    stage: &Stage,
    database: &str,
    config: &Config,
) -> Result<Option<Contender>, BenchError> {
    let program = stage.program("pgbench");
    if !program.is_file() {
        writeln!(std::io::stdout(), "pgbench is left out: it isn't among the programs of this Postgres")?;
        return Ok(None);
    }
    let table = "create table pgbench_rows (id bigint generated always as identity primary key, payload text not null)";
    connect(config).await?.batch_execute(table).await?;
    let it = Arc::new((program, stage.url(database), stage.dir().join("pgbench")));
    Ok(Some(Contender::of_rounds("pgbench", move |concurrency, duration| {
        let it = Arc::clone(&it);
        async move {
            let (program, connection, log) = &*it;
            std::fs::create_dir_all(log)?;
            let script = log.join("script.sql");
            std::fs::write(&script, "insert into pgbench_rows (payload) values (:payload);")?;
            let mut process = Command::new(program);
            process.args(["--no-vacuum", "--protocol=prepared"]);
            // Of few, because what it writes down costs it time.
            process.args(["--log", "--sampling-rate=0.05", "--log-prefix"]).arg(log.join("took"));
            process.arg("--file").arg(script).arg(format!("--define=payload={}", WORDS.repeat(4)));
            process.arg(format!("--client={concurrency}")).arg(format!("--jobs={}", concurrency.min(2)));
            // Connecting so many takes some of it, which it does not count.
            process.arg(format!("--time={}", duration.as_secs_f64().ceil() + 1.0)).arg(connection);
            let said = printed(process).await?;
            let rate =
                said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
            let took = logged(log)?;
            std::fs::remove_dir_all(log)?;
            let per_second = rate.ok_or(BenchError::Refused(said))?;
            Ok(Sample { per_second, p50: percentile(&took, 50), p99: percentile(&took, 99) })
        }
    })))
}

/// How long each transaction took, in order: the third word of each line that pgbench has logged.
fn logged(folder: &Path) -> Result<Vec<Duration>, BenchError> {
    let mut took = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let text = std::fs::read_to_string(entry?.path())?;
        let times = text.lines().filter_map(|line| line.split(' ').nth(2)?.parse().ok());
        took.extend(times.map(Duration::from_micros));
    }
    took.sort();
    Ok(took)
}

/// What a program prints.
async fn printed(mut process: Command) -> Result<String, BenchError> {
    let done = process.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let text = String::from_utf8_lossy(if done.status.success() { &done.stdout } else { &done.stderr });
    if done.status.success() { Ok(text.into_owned()) } else { Err(BenchError::Refused(text.into_owned())) }
}
