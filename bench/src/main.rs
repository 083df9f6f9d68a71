//! `make bench`: measures OpenChat against the database under it, in interleaved rounds on one machine.
//!
//! Every figure that counts is a ratio within one run: machines are noisy, and differ.

mod client;
mod fanout;
mod growth;
mod measure;
mod nodes;
mod peers;
mod report;
mod scenarios;
mod stage;
mod start;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use openchat::{
    app::{self, StartError},
    postgres::PostgresError,
    store::MigrateError,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use report::Scenario;
use scenarios::Pace;
use stage::Stage;

/// Measures OpenChat against the database under it.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    helper: Option<Helper>,
    /// What to measure; everything when left out.
    scenarios: Vec<Which>,
    /// How many rounds each contender has at each concurrency.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a round is, in seconds.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// How many sockets `fanout` opens.
    #[arg(long, value_delimiter = ',', default_value = "1,200,1000,5000")]
    sockets: Vec<usize>,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "build/bench.json")]
    json: PathBuf,
    /// Where the picture goes.
    #[arg(long, default_value = "build/bench.svg")]
    svg: PathBuf,
}

/// What this program does as its own helper.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Helper {
    /// Serves on a database and says where, as the server that `fanout` has in a process of its own.
    #[command(hide = true)]
    Serve { database: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Commands through the store.
    Append,
    /// The same beside pgbench, postgres-es, Emmett and eventsourcing: whichever of them `make bench-peers` has installed.
    Peers,
    /// A message over HTTP.
    Message,
    /// A command's delta on one and on 200 sockets, beside a nats-server's.
    Feed,
    /// A message on up to 5,000 sockets, beside a nats-server's websocket if `make nats` has built one.
    Fanout,
    /// A message of a long conversation.
    Long,
    /// Many tenants.
    Tenants,
    /// A second node on the same database.
    Nodes,
    /// A large inbox.
    Inbox,
    /// Read models built anew.
    Rebuild,
    /// The binary's start.
    Start,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("a statement failed")]
    Db(#[from] tokio_postgres::Error),
    #[error("a request failed")]
    Http(#[from] reqwest::Error),
    #[error("a socket was closed")]
    SocketGone,
    #[error("refused: {0}")]
    Refused(String),
    #[error("a worker panicked")]
    Panicked(#[from] tokio::task::JoinError),
    #[error("a file can't be written")]
    File(#[from] std::io::Error),
    #[error("no JSON")]
    Json(#[from] serde_json::Error),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = app::runtime().map_err(BenchError::from).and_then(|runtime| {
        runtime.block_on(async {
            match &cli.helper {
                Some(Helper::Serve { database }) => fanout::serve(database).await,
                None => run(&cli).await,
            }
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            let _ = writeln!(std::io::stderr(), "bench: {}", openchat::store::chain(&e));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> Result<(), BenchError> {
    let pace = Pace { rounds: cli.rounds.max(1), seconds: cli.seconds };
    // Every socket is a file, here and in a server that is started from here.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).map_err(std::io::Error::from)?;
    let stage = Stage::set().await?;
    let mut done: Vec<Scenario> = Vec::new();
    for &which in Which::value_variants() {
        if !cli.scenarios.is_empty() && !cli.scenarios.contains(&which) {
            continue;
        }
        let measured: Vec<Scenario> = match which {
            Which::Append => vec![scenarios::append(&stage, pace).await?],
            Which::Peers => vec![peers::peers(&stage, pace).await?],
            Which::Message => scenarios::http(&stage, pace).await?,
            Which::Feed => vec![fanout::feed(&stage, pace).await?],
            Which::Fanout => fanout::fanout(&stage, pace, &cli.sockets).await?,
            Which::Long => vec![growth::long(&stage, pace).await?],
            Which::Tenants => vec![growth::tenants(&stage, pace).await?],
            Which::Nodes => nodes::nodes(&stage, pace).await?,
            Which::Inbox => vec![growth::inbox(&stage, pace).await?],
            Which::Rebuild => {
                growth::rebuild(&stage).await?;
                vec![]
            }
            Which::Start => vec![start::start(&stage, pace).await?],
        };
        for scenario in measured {
            write!(std::io::stdout(), "{}", scenario.table())?;
            done.push(scenario);
        }
    }
    for path in [&cli.json, &cli.svg] {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
    }
    std::fs::write(&cli.json, serde_json::to_string_pretty(&done)?)?;
    std::fs::write(&cli.svg, report::picture(&done))?;
    writeln!(std::io::stdout(), "\nwritten: {} and {}", cli.json.display(), cli.svg.display())?;
    stage.strike().await
}
