//! How long the real binary with its private Postgres takes until `/readyz` says yes: from nothing, on a data directory that
//! has been used, and on one whose log holds a million events.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use openchat::postgres::{PostgresOptions, PrivatePostgres};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::BufReader,
    process::{Child, Command},
};

use crate::{
    BenchError,
    client::Caller,
    fanout::server::ready,
    measure::{Sample, Series},
    report::Scenario,
    scenarios::Pace,
    stage::{Business, Stage, connect},
};

const READY: &str = "OpenChat serves on http://";
/// How long to wait before asking again whether a server is ready.
const SOON: Duration = Duration::from_millis(1);
/// How long to go on asking.
const PATIENCE: Duration = Duration::from_secs(30);
/// Makes a long log of a conversation's first message; the read models have seen all of it.
const MULTIPLY: &str = "
    insert into events
    select e.tenant_id, h.position + n, e.aggregate_type, e.aggregate_id || n, e.sequence, e.event_type, e.event_version,
           e.payload, e.metadata, e.recorded_at, md5('command' || n)::uuid, e.command_index, e.salt, e.digest
    from log_heads h, generate_series(1, 1000000) n,
         lateral (select * from events where event_type = 'MessagePosted' and tenant_id = h.tenant_id limit 1) e;
    update log_heads h set position = (select max(position) from events where tenant_id = h.tenant_id);
    update checkpoints c set position = h.position from log_heads h where h.tenant_id = c.tenant_id";

/// Starts and stops in rounds, each of the three in turn.
pub(crate) async fn start(stage: &Stage, pace: Pace) -> Result<Scenario, BenchError> {
    let binary = std::env::current_exe()?.with_file_name("openchat");
    if !binary.is_file() {
        return Err(BenchError::Refused("there is no openchat beside this program: make bench".to_owned()));
    }
    let (used, full) = (Place::new(stage, &binary, "used"), Place::new(stage, &binary, "full"));
    used.start().await?.1.stop().await?;
    full.fill().await?;
    let mut series = ["from nothing", "used before", "1,000,000 events"].map(|it| Series::new(it, 1));
    for round in 0..pace.rounds {
        let new = Place::new(stage, &binary, &format!("new{round}"));
        for (place, series) in [&new, &used, &full].into_iter().zip(&mut series) {
            let (took, running) = place.start().await?;
            running.stop().await?;
            let took = took.as_secs_f64();
            series.rounds.push(Sample { per_second: 1.0 / took, p50: took * 1_000.0, p99: took * 1_000.0 });
        }
    }
    Ok(Scenario { name: "start", unit: "starts until ready", series: series.into() })
}

/// A data directory, and the binary that serves on it.
struct Place<'a> {
    binary: &'a Path,
    dir: PathBuf,
}

/// A server. Dropped, it is killed.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl<'a> Place<'a> {
    fn new(stage: &Stage, binary: &'a Path, name: &str) -> Self {
        Self { binary, dir: stage.dir().join(name) }
    }

    /// Starts the binary, and how long it took until it was ready.
    async fn start(&self) -> Result<(Duration, Server), BenchError> {
        let begun = Instant::now();
        let mut command = Command::new(self.binary);
        command.arg("serve").env_remove("DATABASE_URL").env("OC_DATA_DIR", &self.dir).env("OC_CALLS", "off");
        command.env("OC_HTTP_ADDR", "127.0.0.1:0").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let said = process.stdout.take().ok_or(BenchError::SocketGone)?;
        let server = Server { process, address: ready(BufReader::new(said), READY).await? };
        let mut caller = Caller::connect(server.address).await?;
        while let Err(e) = caller.ask("GET", "/readyz", "accept: */*", "").await {
            if begun.elapsed() > PATIENCE {
                return Err(e);
            }
            tokio::time::sleep(SOON).await;
        }
        Ok((begun.elapsed(), server))
    }

    /// Lets a business have a conversation, and makes a million events of it.
    async fn fill(&self) -> Result<(), BenchError> {
        let (_, server) = self.start().await?;
        let business = Business::sign_up(format!("http://{}", server.address)).await?;
        business.conversation(0).await?;
        server.stop().await?;
        let options = PostgresOptions {
            path: std::env::var_os("PATH"),
            stop_with_process: true,
            ..PostgresOptions::default()
        };
        let postgres = PrivatePostgres::start(&self.dir, options).await?;
        let db = connect(&postgres.connection()).await?;
        db.batch_execute(MULTIPLY).await?;
        db.batch_execute("vacuum analyze").await?;
        Ok(postgres.stop().await?)
    }
}

impl Server {
    async fn stop(mut self) -> Result<(), BenchError> {
        let pid = self.process.id().and_then(|it| Pid::from_raw(it.try_into().ok()?));
        kill_process(pid.ok_or(BenchError::SocketGone)?, Signal::TERM).map_err(std::io::Error::from)?;
        self.process.wait().await?;
        Ok(())
    }
}
