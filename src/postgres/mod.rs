//! The private Postgres: found, initialised, tuned, started, watched and stopped by OpenChat itself, so that one machine needs nothing.
//!
//! Everything lies in `postgres/` under the data directory: `cluster/` (Postgres's own directory), `password`, `log`, `lock`
//! and the socket. Nobody else is let in: the directory is 0700, the password is random, and where the socket's path is too
//! long for the kernel the server listens on a random port of the loopback interface instead.
//!
//! The server outlives a killed OpenChat, and the next start adopts it; a killed server is started again while OpenChat runs.

mod account;
mod binaries;
mod cluster;
mod error;
mod lock;
mod server;
mod watchdog;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use account::Account;
use cluster::Cluster;
pub use error::PostgresError;
use lock::Lock;
use server::Lifeline;
use watchdog::Watchdog;

/// How long the supervisor waits before it tries again to start a server that would not start.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// What may be decided about the private Postgres; the default is what `openchat serve` wants.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The directory that holds `postgres`, `initdb` and `pg_ctl`; nothing else is tried when it is set.
    pub bin: Option<PathBuf>,
    /// The `PATH` whose `postgres` comes before the usual places of the system.
    pub path: Option<OsString>,
    /// Whether what was committed survives a power cut; only tests may do without.
    pub fsync: bool,
    /// Whether the server stops with this process however the process ends. Tests want that; a product wants the next start
    /// to find its server still running.
    pub stop_with_process: bool,
    /// More settings (`-c name=value`), which win over the built-in ones.
    pub settings: Vec<(String, String)>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { bin: None, path: None, fsync: true, stop_with_process: false, settings: Vec::new() }
    }
}

/// A running private Postgres with an empty or earlier database `openchat`, held by this process alone.
///
/// Call [`stop`](Self::stop) at the end. A dropped handle only tells the server to shut down and does not wait.
pub struct PrivatePostgres {
    cluster: Arc<Cluster>,
    supervisor: Option<JoinHandle<()>>,
    watchdog: Option<Watchdog>,
    stopped: bool,
    // Last, so that the directory is released after everything else has been told to end.
    _lock: Lock,
}

impl PrivatePostgres {
    /// Starts the server of `data_dir`, initialising the directory when there is none yet, and returns when it accepts
    /// connections. A server that an earlier, killed process left running is adopted.
    ///
    /// # Errors
    /// Every [`PostgresError`] but [`PostgresError::Stop`]; each says what to do about it.
    pub async fn start(data_dir: &Path, options: PostgresOptions) -> Result<Self, PostgresError> {
        fs::create_dir_all(data_dir).map_err(PostgresError::io("create", data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(PostgresError::io("open", data_dir))?;
        let home = data_dir.join("postgres");

        let account = Account::unprivileged(&home)?;
        if let Some(account) = &account {
            account.check_reach(&data_dir, "OC_DATA_DIR")?;
        }
        account::create_private_dir(&home, account.as_ref())?;
        let lock = Lock::acquire(&home, account.as_ref())?;

        let stop_with_process = options.stop_with_process;
        let cluster = Arc::new(Cluster::open(home, account, options).await?);
        let mut postgres = Self {
            cluster: Arc::clone(&cluster),
            supervisor: None,
            watchdog: None,
            stopped: false,
            _lock: lock,
        };
        if stop_with_process {
            postgres.watchdog = Some(Watchdog::start(&cluster)?);
        }
        let lifeline = cluster.ensure_running().await?;
        postgres.supervisor = Some(tokio::spawn(supervise(cluster, lifeline)));
        Ok(postgres)
    }

    /// How to connect to the server of `data_dir` that another process holds and keeps running.
    ///
    /// # Errors
    /// [`PostgresError`] when the directory holds no such server.
    pub async fn held_by_another(
        data_dir: &Path,
        options: PostgresOptions,
    ) -> Result<tokio_postgres::Config, PostgresError> {
        let home = data_dir.canonicalize().map_err(PostgresError::io("open", data_dir))?.join("postgres");
        let account = Account::unprivileged(&home)?;
        let cluster = Cluster::open(home, account, options).await?;
        Ok(cluster.connection(cluster::DATABASE))
    }

    /// How to connect, as the owner of the whole private server. Stays right when the server is restarted.
    #[must_use]
    pub fn connection(&self) -> tokio_postgres::Config {
        self.cluster.connection(cluster::DATABASE)
    }

    /// The same as a URL, for whatever wants one. It contains the password.
    #[must_use]
    pub fn url(&self) -> String {
        self.cluster.url()
    }

    /// Where a program of the same installation is, if it came with it.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.cluster.program(name)
    }

    /// Ends every connection, writes a checkpoint and returns when the server has exited.
    ///
    /// # Errors
    /// [`PostgresError::Stop`] when the server is still there after a minute, [`PostgresError::Io`] when `pg_ctl` can't run.
    pub async fn stop(mut self) -> Result<(), PostgresError> {
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.abort();
            // It ends as cancelled; what matters is that it starts nothing from here on.
            let _ = supervisor.await;
        }
        self.watchdog = None;
        self.cluster.stop().await?;
        self.stopped = true;
        Ok(())
    }

    /// Leaves the server running and lets go of everything else, as `kill -9` does.
    #[cfg(test)]
    fn abandon(mut self) {
        self.stopped = true;
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Some(supervisor) = &self.supervisor {
            supervisor.abort();
        }
        if !self.stopped {
            self.cluster.request_stop();
        }
    }
}

/// Starts the server again whenever it goes away. One idle connection tells: it closes the moment that the server dies.
async fn supervise(cluster: Arc<Cluster>, mut lifeline: Lifeline) {
    loop {
        lifeline.closed().await;
        tracing::warn!(
            "the private Postgres has closed the connection that watches it; starting it if it is gone"
        );
        lifeline = loop {
            match cluster.ensure_running().await {
                Ok(lifeline) => break lifeline,
                Err(error) => {
                    tracing::error!(%error, "the private Postgres cannot be started; trying again");
                    tokio::time::sleep(RESTART_PAUSE).await;
                }
            }
        };
        tracing::info!("the private Postgres answers again");
    }
}
