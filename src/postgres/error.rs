//! What can go wrong with the private Postgres, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the private Postgres is not available.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No usable installation was found in the usual places.
    #[error(
        "no PostgreSQL {oldest} or later was found (on the PATH, where systems keep it, in build/postgres): install one, point OC_POSTGRES_BIN \
         at the directory of its programs, or set DATABASE_URL to a server that is running; `make run` fetches one by itself"
    )]
    NotFound {
        /// The oldest major version that would have done.
        oldest: u32,
    },
    /// The directory that was named holds no usable installation.
    #[error("{} holds no PostgreSQL {oldest} or later (OC_POSTGRES_BIN must name the directory of postgres, initdb and pg_ctl)", .bin.display())]
    Unusable {
        /// The directory.
        bin: PathBuf,
        /// The oldest major version that would have done.
        oldest: u32,
    },
    /// The data directory belongs to another major version than every installation that was found.
    #[error(
        "{} was made by PostgreSQL {made_by}, and {} is PostgreSQL {found}: install PostgreSQL {made_by} or point OC_POSTGRES_BIN at it; \
         to upgrade, dump with the old version and restore into a new data directory",
        .cluster.display(), .bin.display()
    )]
    OtherVersion {
        /// Postgres's data directory.
        cluster: PathBuf,
        /// The major version in its `PG_VERSION`.
        made_by: u32,
        /// The first installation that was found.
        bin: PathBuf,
        /// Its major version.
        found: u32,
    },
    /// Another process holds the data directory.
    #[error("{} is already served by {}: stop it, or choose another OC_DATA_DIR", .home.display(), process(*.holder))]
    AlreadyServed {
        /// The directory.
        home: PathBuf,
        /// The process that holds it, when it could be read.
        holder: Option<u32>,
    },
    /// The account that Postgres must run under when root starts OpenChat can't get at a directory.
    #[error(
        "PostgreSQL does not run as root and runs as {account} instead, who may not enter {} on the way to {}: \
         start openchat as an ordinary user, choose another place with {setting}, or `chmod o+x {}`",
        .closed.display(), .path.display(), .closed.display()
    )]
    Unreachable {
        /// Who would run Postgres.
        account: String,
        /// Where it has to get to.
        path: PathBuf,
        /// The directory that stops it.
        closed: PathBuf,
        /// The setting that names another place.
        setting: &'static str,
    },
    /// Root starts OpenChat on a system without an account that Postgres could run under.
    #[error(
        "PostgreSQL does not run as root, and this system has neither a user `postgres` nor `nobody`: start openchat as an ordinary user"
    )]
    NoAccount,
    /// The cluster is there and its password is not.
    #[error("{} is missing, and without it nobody can connect to the data beside it: restore that file from the backup that the data came from", .path.display())]
    PasswordMissing {
        /// Where the password should be.
        path: PathBuf,
    },
    /// `initdb` failed.
    #[error("initdb failed: {output}")]
    Init {
        /// The last lines that it wrote.
        output: String,
    },
    /// The server exited instead of starting, or didn't accept connections in time.
    #[error("PostgreSQL did not start ({reason}); the end of {}:\n{tail}", .log.display())]
    Start {
        /// What was seen of it.
        reason: String,
        /// The server's log.
        log: PathBuf,
        /// The last lines that it wrote there.
        tail: String,
    },
    /// The server runs and refuses this process.
    #[error("the private PostgreSQL refuses the connection")]
    Refused(#[source] tokio_postgres::Error),
    /// The server didn't stop.
    #[error("PostgreSQL did not stop: {output}")]
    Stop {
        /// The last lines that `pg_ctl` wrote.
        output: String,
    },
    /// A file, directory or program could not be used.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried: the verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The operating system gave no random bytes for the password.
    #[error("the system has no random numbers for the password")]
    Random(#[source] getrandom::Error),
}

impl PostgresError {
    /// For `map_err`: names what was tried and with which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
