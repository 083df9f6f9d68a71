//! The `openchat` binary: reads the settings, starts what a subcommand asks for, and says plainly what went wrong.

mod cli;

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser as _;
use openchat::{
    app::{self, Options, StartError},
    clock::Clock,
    config::{Cli, Command, DatabaseConfig, ServeConfig},
    demo::{self, DemoError},
    files::FilePlaceError,
    http,
    projector::{self, RebuildError},
    store::{MigrateError, PoolSizes, Pools, chain, latest_migration, migrate},
    telemetry, tls,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio_postgres::Config;

use cli::{
    database::{Database, DatabaseError},
    replay::ReplayError,
    say,
    tail::TailError,
};

/// How long the read models may take for the sample business before it is shown without them.
const STORY: Duration = Duration::from_secs(30);

/// Why the binary ends with a failure.
#[derive(Debug, thiserror::Error)]
enum MainError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Files(#[from] FilePlaceError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error("{0} is not a conversation's id, such as cnv_019aafc33b7c7d80a1b2c3d4e5f60718")]
    NoConversation(String),
    #[error("that is no moment: {0}")]
    Moment(&'static str),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Tail(#[from] TailError),
    #[error("something is wrong; the lines above say what to do")]
    Unwell,
    #[error("the sample business can't be made")]
    Demo(#[from] DemoError),
    #[error("OpenChat did not start")]
    Start(#[from] StartError),
    #[error("the server ended")]
    Ended(#[source] std::io::Error),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error("standard output can't be written")]
    Output(#[from] std::io::Error),
    #[error("no JSON")]
    Json(#[from] serde_json::Error),
    #[error("no threads can be started")]
    Threads(#[source] std::io::Error),
    #[error("signals can't be heard")]
    Signal(#[source] std::io::Error),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    tls::settle();
    let runtime = match cli.command {
        Command::Serve(_) => app::runtime(),
        _ => Runtime::new(),
    };
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(e) => Err(MainError::Threads(e)),
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

async fn run(command: Command) -> Result<(), MainError> {
    match command {
        Command::Serve(config) => serve(config).await,
        Command::Migrate { database } => bring_up_to_date(&database).await,
        Command::Rebuild { name, database } => rebuild(name.as_deref(), &database).await,
        Command::Replay { conversation, as_of, json, database } => {
            replay(&conversation, as_of.as_deref(), json, &database).await
        }
        Command::Tail { key_or_session, server, json } => {
            cli::tail::tail(&server, &key_or_session, json).await.map_err(MainError::from)
        }
        Command::Doctor(config) => match cli::doctor::doctor(&config).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MainError::Unwell),
            Err(e) => Err(e.into()),
        },
        Command::Openapi => print(&http::openapi()),
        Command::SocketSchema => print(&http::socket_schema()),
    }
}

async fn serve(mut config: ServeConfig) -> Result<(), MainError> {
    telemetry::init(config.oc_log, &config.rust_log);
    open_many_files();
    let mut stop = Signals::new().map_err(MainError::Signal)?;
    let throw_away = config.demo.then(ThrowAway::new).transpose()?;
    if let Some(it) = &throw_away {
        it.take_in(&mut config);
    }
    let fresh = config.database.is_fresh();
    let files = config.file_place()?;
    let database = Database::open(&config.database).await?;
    let demo = match &throw_away {
        Some(_) => Some(demo::seed(&database.config(), Clock::default().now()).await?),
        None => None,
    };
    let calls = config.call_options();
    let options = Options {
        database: database.config(),
        pool_sizes: PoolSizes::default(),
        listen: config.oc_http_addr,
        public_url: config.oc_public_url,
        nats: config.oc_nats_url,
        files,
        calls,
        limits: config.limits,
        clock: Clock::default(),
        demo,
    };
    let started = app::start(options).await;
    let result = match started {
        Ok(mut running) => {
            if let Some(demo) = &running.app.demo
                && let Err(e) = running.app.views.wait(demo.tenant, demo.end, STORY).await
            {
                tracing::warn!(error = chain(&e), "the sample business is not all there yet");
            }
            tracing::info!(address = %running.address, url = %running.app.public_url, "OpenChat serves");
            announce(&running.app.public_url, fresh, config.demo)?;
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

/// Every connection is a file: lets there be as many as the system allows, where fewer are the habit.
fn open_many_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "no more than the usual number of connections can be open");
    }
}

/// A data directory that goes away with the process.
struct ThrowAway(PathBuf);

impl ThrowAway {
    fn new() -> std::io::Result<Self> {
        let dir = std::env::temp_dir().join(format!("openchat-demo-{}", std::process::id()));
        std::fs::create_dir(&dir)?;
        Ok(Self(dir))
    }

    /// Lets everything that is kept be kept here, whatever the settings say.
    fn take_in(&self, config: &mut ServeConfig) {
        config.database.database_url = None;
        config.database.oc_data_dir.clone_from(&self.0);
        config.oc_files_url = None;
        config.oc_nats_url = None;
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        // What can't be removed is in the system's folder for what may be removed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Says on standard output where it is and, the first time, what to do there.
fn announce(url: &str, fresh: bool, demo: bool) -> std::io::Result<()> {
    say(&format!("OpenChat serves on {url}"))?;
    if demo {
        say("A sample business is there to be tried out:")?;
        say(&format!("  be a customer    {url}/demo"))?;
        say(&format!("  be the agent     {url}/demo/agent"))?;
        say("It is thrown away when the server stops.")?;
    } else if fresh {
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
    // A server may go on meanwhile: it holds the directory, and its Postgres runs.
    let database = Database::join(database).await?;
    let result = rebuild_all(&named, &database.config()).await;
    database.close().await?;
    result
}

async fn bring_up_to_date(database: &DatabaseConfig) -> Result<(), MainError> {
    let database = Database::open(database).await?;
    let applied = migrate(&database.config()).await;
    database.close().await?;
    say(&format!("{} migrations applied; the schema is at {}", applied?, latest_migration()))?;
    Ok(())
}

async fn replay(
    conversation: &str,
    as_of: Option<&str>,
    json: bool,
    database: &DatabaseConfig,
) -> Result<(), MainError> {
    let id = conversation.parse().map_err(|_| MainError::NoConversation(conversation.to_owned()))?;
    let as_of = as_of.map(str::parse).transpose().map_err(MainError::Moment)?;
    let database = Database::join(database).await?;
    let pools = Pools::new(&database.config(), PoolSizes { requests: 1, workers: 1 });
    let result = cli::replay::replay(&pools, id, as_of, json).await;
    pools.close();
    database.close().await?;
    Ok(result?)
}

async fn rebuild_all(named: &[openchat_projections::Projection], config: &Config) -> Result<(), MainError> {
    for it in projector::rebuild(config, named, Clock::default().now()).await? {
        let parked = if it.parked > 0 { format!(", {} streams parked", it.parked) } else { String::new() };
        say(&format!("{}: {} events{parked}", it.projection.name(), it.events))?;
    }
    Ok(())
}

fn print(document: &impl serde::Serialize) -> Result<(), MainError> {
    Ok(say(&serde_json::to_string_pretty(document)?)?)
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
