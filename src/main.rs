//! The `openchat` binary: reads the settings, starts what a subcommand asks for, and says plainly what went wrong.

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;
use openchat::{
    app::{self, Options, StartError},
    clock::Clock,
    config::{Cli, Command, DatabaseConfig, ServeConfig},
    http,
    postgres::{PostgresError, PostgresOptions, PrivatePostgres},
    projector::{self, RebuildError},
    store::{PoolSizes, chain},
    telemetry,
};
use tokio_postgres::Config;

/// Why the binary ends with a failure.
#[derive(Debug, thiserror::Error)]
enum MainError {
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    #[error("DATABASE_URL is not a Postgres address")]
    Url(#[source] tokio_postgres::Error),
    #[error("OpenChat did not start")]
    Start(#[from] StartError),
    #[error("the server ended")]
    Ended(#[source] std::io::Error),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error("standard output can't be written")]
    Output(#[source] std::io::Error),
    #[error("no JSON")]
    Json(#[from] serde_json::Error),
    #[error("signals can't be heard")]
    Signal(#[source] std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(config) => serve(config).await,
        Command::Rebuild { name, database } => rebuild(name.as_deref(), &database).await,
        Command::Openapi => print(&http::openapi()),
        Command::SocketSchema => print(&http::socket_schema()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            // The one thing that is for whoever started the process, however it logs.
            let _ = writeln!(std::io::stderr(), "openchat: {}", chain(&e));
            ExitCode::FAILURE
        }
    }
}

/// A database: the one named, or a private one.
enum Database {
    Named(Box<Config>),
    Private(PrivatePostgres),
}

impl Database {
    async fn open(config: &DatabaseConfig) -> Result<Self, MainError> {
        match &config.database_url {
            Some(url) => Ok(Self::Named(Box::new(url.parse().map_err(MainError::Url)?))),
            None => {
                let options = postgres_options(config);
                Ok(Self::Private(PrivatePostgres::start(&config.oc_data_dir, options).await?))
            }
        }
    }

    fn config(&self) -> Config {
        match self {
            Self::Named(config) => config.as_ref().clone(),
            Self::Private(postgres) => postgres.connection(),
        }
    }

    async fn close(self) -> Result<(), MainError> {
        if let Self::Private(postgres) = self {
            postgres.stop().await?;
        }
        Ok(())
    }
}

async fn serve(config: ServeConfig) -> Result<(), MainError> {
    telemetry::init(config.oc_log, &config.rust_log);
    let fresh = config.database.is_fresh();
    let mut stop = Signals::new().map_err(MainError::Signal)?;
    let database = Database::open(&config.database).await?;
    let options = Options {
        database: database.config(),
        pool_sizes: PoolSizes::default(),
        listen: config.oc_http_addr,
        public_url: config.oc_public_url,
        limits: config.limits,
        clock: Clock::default(),
    };
    let started = app::start(options).await;
    let result = match started {
        Ok(mut running) => {
            tracing::info!(address = %running.address, url = %running.app.public_url, "OpenChat serves");
            announce(&running.app.public_url, fresh)?;
            let ended = tokio::select! {
                () = stop.wait() => Ok(()),
                ended = running.ended() => ended.map_err(MainError::Ended),
            };
            running.stop().await;
            ended
        }
        Err(e) => Err(e.into()),
    };
    database.close().await?;
    result
}

/// Says on standard output where it is and, the first time, what to do there.
fn announce(url: &str, fresh: bool) -> Result<(), MainError> {
    let mut out = std::io::stdout().lock();
    let mut say = |line: &str| writeln!(out, "{line}").map_err(MainError::Output);
    say(&format!("OpenChat serves on {url}"))?;
    if fresh {
        say("Nothing is set up yet. First:")?;
        say(&format!(
            "  1. sign up       POST {url}/api/auth/sign-up       {{\"name\",\"email\",\"password\"}}"
        ))?;
        say(&format!(
            "  2. set up        POST {url}/api/business/setup     {{\"businessName\",\"domain\"}}"
        ))?;
        say(&format!("  3. make a key    POST {url}/api/business/keys      {{\"name\",\"permissions\"}}"))?;
        say(&format!("Every route can be tried out at {url}/docs"))?;
    }
    Ok(())
}

async fn rebuild(name: Option<&str>, database: &DatabaseConfig) -> Result<(), MainError> {
    let named = projector::named(name)?;
    match Database::open(database).await {
        // The server goes on; it holds the directory, and its Postgres runs.
        Err(MainError::Postgres(PostgresError::AlreadyServed { .. })) => {
            let config =
                PrivatePostgres::held_by_another(&database.oc_data_dir, postgres_options(database)).await?;
            rebuild_all(&named, &config).await
        }
        opened => {
            let opened = opened?;
            let result = rebuild_all(&named, &opened.config()).await;
            opened.close().await?;
            result
        }
    }
}

fn postgres_options(config: &DatabaseConfig) -> PostgresOptions {
    PostgresOptions {
        bin: config.oc_postgres_bin.clone(),
        path: config.path.clone(),
        ..PostgresOptions::default()
    }
}

async fn rebuild_all(named: &[openchat_projections::Projection], config: &Config) -> Result<(), MainError> {
    let clock = Clock::default();
    for &projection in named {
        let rebuilt = projector::rebuild(config, projection, clock.now()).await?;
        let parked =
            if rebuilt.parked > 0 { format!(", {} streams parked", rebuilt.parked) } else { String::new() };
        writeln!(std::io::stdout(), "{}: {} events{parked}", projection.name(), rebuilt.events)
            .map_err(MainError::Output)?;
    }
    Ok(())
}

fn print(document: &impl serde::Serialize) -> Result<(), MainError> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(std::io::stdout(), "{text}").map_err(MainError::Output)
}

/// The signals that ask the server to stop.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
