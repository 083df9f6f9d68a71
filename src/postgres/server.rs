//! The server of a cluster: adopted or started with our settings, asked whether it answers, stopped.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, NoTls, Socket};

use super::account;
use super::cluster::{Cluster, DATABASE, Endpoint, SOCKET_PORT};
use super::error::PostgresError;

/// How long a start may take; the recovery after a crash, which replays at most `max_wal_size`, counts.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How long a server that has crashed may keep the next one waiting, until the last of its processes has gone.
const CRASH_LIMIT: Duration = Duration::from_secs(10);

/// How long a process that has the id of a server may fail to answer before the id counts as reused by something else.
const SILENCE_LIMIT: Duration = Duration::from_secs(1);

/// How often a server that is not there yet is asked again.
const POLL: Duration = Duration::from_millis(10);

/// How long one connection attempt may hang.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// How many bytes of log a start may find before it sets them aside.
const LOG_MAX: u64 = 10 * 1024 * 1024;

/// The settings of every server. They are given at each start, so a newer OpenChat brings its own.
const SETTINGS: [(&str, &str); 18] = [
    ("cluster_name", "openchat"),
    ("max_connections", "100"),
    ("shared_buffers", "256MB"),
    ("effective_cache_size", "1GB"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
    ("synchronous_commit", "on"),
    ("max_wal_size", "2GB"),
    ("checkpoint_timeout", "15min"),
    // Plans that were made while the tables were empty are bad; until the first analysis they stay.
    ("autovacuum_naptime", "10s"),
    ("unix_socket_permissions", "0700"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] "),
    // What a statement did wrong goes to whoever sent it. Here it would only be noise (a version conflict is an everyday
    // unique violation) and would write customers' data, from statements and key values, into a file.
    ("log_min_messages", "log"),
    ("log_min_error_statement", "panic"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
];

/// An idle connection whose end tells that the server has gone.
pub(super) struct Lifeline {
    _client: Client,
    connection: Box<Connection<Socket, NoTlsStream>>,
}

impl Lifeline {
    /// Returns when the server has closed the connection.
    pub(super) async fn closed(self) {
        // How it ended makes no difference: the server is asked again in any case.
        let _ = self.connection.await;
    }
}

/// What a connection attempt finds.
enum Answer {
    Ready(Lifeline),
    /// A server that is starting or stopping.
    NotNow,
    /// Nobody listens.
    Silence,
}

impl Cluster {
    /// Adopts the server of this cluster or starts one, and returns when it accepts connections to [`DATABASE`].
    pub(super) async fn ensure_running(&self) -> Result<Lifeline, PostgresError> {
        let deadline = Instant::now() + START_LIMIT;
        match self.adopt(deadline).await? {
            Some(lifeline) => Ok(lifeline),
            None => self.launch(deadline).await,
        }
    }

    /// Stops the server, if one runs, and waits for it.
    pub(super) async fn stop(&self) -> Result<(), PostgresError> {
        let output = self.pg_ctl(&["stop", "-m", "fast", "-w", "-t", "60"]).await?;
        if output.status.success() || !self.pid_file().exists() {
            return Ok(());
        }
        Err(PostgresError::Stop { output: last_lines(&output.stderr) })
    }

    /// Tells the server to stop and doesn't wait for it.
    pub(super) fn request_stop(&self) {
        let pg_ctl = self.program("pg_ctl");
        let asked =
            self.command_at(&pg_ctl).args(["stop", "-m", "fast", "-W", "-D"]).arg(self.data()).output();
        if let Err(error) = asked {
            tracing::error!(%error, "cannot run pg_ctl; the private Postgres is left running");
        }
    }

    /// Takes over the server that an earlier process left behind, if it lives. What a dead one left behind is cleared away.
    async fn adopt(&self, deadline: Instant) -> Result<Option<Lifeline>, PostgresError> {
        let begun = Instant::now();
        while self.pid_file().exists() && self.pg_ctl(&["status"]).await?.status.success() {
            match self.knock().await? {
                Answer::Ready(lifeline) => {
                    tracing::info!("adopted the private Postgres that was already running");
                    return Ok(Some(lifeline));
                }
                Answer::NotNow if Instant::now() > deadline => {
                    return Err(self.start_error("the server that was already running does not answer", 0));
                }
                Answer::Silence if begun.elapsed() > SILENCE_LIMIT => {
                    // A server listens before anything else. Should one be alive all the same, its shared memory, which is
                    // in use, still keeps a second one out of this directory.
                    self.forget_server()?;
                    return Ok(None);
                }
                Answer::NotNow | Answer::Silence => sleep(POLL * 5).await,
            }
        }
        Ok(None)
    }

    /// Starts a server and waits until it answers.
    async fn launch(&self, deadline: Instant) -> Result<Lifeline, PostgresError> {
        let begun = Instant::now();
        let crashed = self.pid_file().exists();
        let compression = self.compression().await?;
        loop {
            let log_start = self.rotate_log()?;
            let mut server = self.spawn(compression)?;
            let exited = loop {
                let path = self.data();
                if let Some(status) =
                    server.try_wait().map_err(PostgresError::io("watch the server of", &path))?
                {
                    break status;
                }
                if let Answer::Ready(lifeline) = self.knock().await? {
                    tracing::info!(elapsed = ?begun.elapsed(), "the private Postgres accepts connections");
                    return Ok(lifeline);
                }
                if Instant::now() > deadline {
                    return Err(self.start_error("it does not accept connections", log_start));
                }
                sleep(POLL).await;
            };
            if !crashed || begun.elapsed() > CRASH_LIMIT {
                return Err(self.start_error(&exited.to_string(), log_start));
            }
            // The processes of a killed server end by themselves, a moment after it.
            sleep(POLL * 10).await;
        }
    }

    /// How Postgres compresses each page that it writes to its log for the first time after a checkpoint: by LZ4 if it was
    /// built with that, because its own way takes longer.
    async fn compression(&self) -> Result<&'static str, PostgresError> {
        let wanted = "wal_compression=lz4";
        let postgres = self.program("postgres");
        let mut command = self.command_at(&postgres);
        command.args(["-C", "wal_compression", "-c", wanted, "-D"]).arg(self.data());
        let known = output(command, &postgres).await?.status.success();
        Ok(if known { wanted } else { "wal_compression=on" })
    }

    fn spawn(&self, compression: &str) -> Result<Child, PostgresError> {
        let log = self.log();
        let open = || {
            let file = OpenOptions::new().append(true).create(true).open(&log)?;
            Ok((file.try_clone()?, file))
        };
        let (stdout, stderr) = open().map_err(PostgresError::io("open", &log))?;
        account::give(&log, self.account.as_ref())?;

        let postgres = self.program("postgres");
        let mut command = self.command_at(&postgres);
        command.arg("-D").arg(self.data()).stdout(stdout).stderr(stderr);
        for setting in [compression.into()].into_iter().chain(self.settings()) {
            command.arg("-c").arg(setting);
        }
        Command::from(command).spawn().map_err(PostgresError::io("run", &postgres))
    }

    /// Every `name=value`; of two with the same name the later one counts.
    fn settings(&self) -> Vec<OsString> {
        let mut settings: Vec<OsString> =
            SETTINGS.iter().map(|(name, value)| format!("{name}={value}").into()).collect();
        match self.endpoint {
            Endpoint::Socket => {
                let mut directories = OsString::from("unix_socket_directories=");
                directories.push(quoted(&self.home));
                settings.extend([directories, "listen_addresses=".into()]);
            }
            Endpoint::Loopback(port) => settings.extend([
                "unix_socket_directories=".into(),
                "listen_addresses=127.0.0.1".into(),
                format!("port={port}").into(),
            ]),
        }
        if !self.fsync {
            settings.extend(["fsync=off".into(), "full_page_writes=off".into()]);
        }
        let more = self.settings.iter();
        settings.extend(more.map(|(name, value)| format!("{name}={value}").into()));
        settings
    }

    /// Tries to connect, and creates the database when the server is there and it is not.
    async fn knock(&self) -> Result<Answer, PostgresError> {
        let connect = async {
            match self.connect(DATABASE).await {
                Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {
                    self.create_database().await?;
                    self.connect(DATABASE).await
                }
                outcome => outcome,
            }
        };
        match tokio::time::timeout(CONNECT_LIMIT, connect).await {
            Ok(Ok(lifeline)) => Ok(Answer::Ready(lifeline)),
            Ok(Err(error)) if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW) => Ok(Answer::NotNow),
            Ok(Err(error)) if error.code().is_some() => Err(PostgresError::Refused(error)),
            Ok(Err(_)) => Ok(Answer::Silence),
            // Somebody listens and is too busy to answer.
            Err(_) => Ok(Answer::NotNow),
        }
    }

    async fn connect(&self, database: &str) -> Result<Lifeline, tokio_postgres::Error> {
        let (client, connection) = self.connection(database).connect(NoTls).await?;
        Ok(Lifeline { _client: client, connection: Box::new(connection) })
    }

    async fn create_database(&self) -> Result<(), tokio_postgres::Error> {
        let (client, connection) = self.connection("postgres").connect(NoTls).await?;
        let driver = tokio::spawn(connection);
        let created = client.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await;
        driver.abort();
        created
    }

    async fn pg_ctl(&self, arguments: &[&str]) -> Result<Output, PostgresError> {
        let pg_ctl = self.program("pg_ctl");
        let mut command = self.command_at(&pg_ctl);
        command.args(arguments).arg("-D").arg(self.data());
        output(command, &pg_ctl).await
    }

    fn pid_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// Removes what makes a new server believe that an old one still runs.
    fn forget_server(&self) -> Result<(), PostgresError> {
        let socket_lock = self.home.join(format!(".s.PGSQL.{SOCKET_PORT}.lock"));
        for path in [self.pid_file(), socket_lock] {
            if path.exists() {
                fs::remove_file(&path).map_err(PostgresError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.home.join("log")
    }

    /// Sets a long log aside, and returns where in the log the next server begins.
    fn rotate_log(&self) -> Result<u64, PostgresError> {
        let log = self.log();
        let length = log.metadata().map_or(0, |metadata| metadata.len());
        if length <= LOG_MAX {
            return Ok(length);
        }
        fs::rename(&log, self.home.join("log.old")).map_err(PostgresError::io("rename", &log))?;
        Ok(0)
    }

    fn start_error(&self, reason: &str, log_start: u64) -> PostgresError {
        let mut text = Vec::new();
        let read = File::open(self.log()).and_then(|mut log| {
            log.seek(SeekFrom::Start(log_start))?;
            log.read_to_end(&mut text)
        });
        PostgresError::Start {
            reason: reason.to_owned(),
            log: self.log(),
            tail: read.map_or_else(|error| error.to_string(), |_| last_lines(&text)),
        }
    }
}

/// Runs a program to its end, and kills it when nobody waits any more.
pub(super) async fn output(command: std::process::Command, program: &Path) -> Result<Output, PostgresError> {
    Command::from(command).kill_on_drop(true).output().await.map_err(PostgresError::io("run", program))
}

/// The end of what a program wrote, which is where it says what is wrong.
pub(super) fn last_lines(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<_> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// A directory as Postgres reads it in a list of directories.
fn quoted(path: &Path) -> OsString {
    let mut bytes = vec![b'"'];
    for &byte in path.as_os_str().as_encoded_bytes() {
        bytes.extend(std::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
    }
    bytes.push(b'"');
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}
