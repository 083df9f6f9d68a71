//! A Postgres that nobody looks after: it lies where a test wants it and stays dead when it dies.

use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tokio_postgres::{Config, NoTls};

use super::{client, database, eventually};

/// Who may do everything.
pub(crate) const SUPERUSER: &str = "postgres";

/// The server. Dropped, it is stopped at once.
pub(crate) struct Postgres {
    dir: PathBuf,
    programs: PathBuf,
}

/// Where Postgres' programs are.
pub(crate) async fn programs() -> PathBuf {
    of_the_tests("(select setting from pg_config where name = 'BINDIR')").await.into()
}

/// What the tests' own Postgres says of itself.
async fn of_the_tests(what: &str) -> String {
    client(&database().await).await.query_one(&format!("select {what}"), &[]).await.unwrap().get(0)
}

impl Postgres {
    /// Prepares one in an empty directory.
    pub(crate) async fn init(dir: &Path) -> Self {
        let postgres = Self::at(dir).await;
        postgres.run("initdb", &["-D", &postgres.data(), "-U", SUPERUSER, "-A", "trust", "--wal-segsize=1"]);
        postgres
    }

    /// One whose files are still to come.
    pub(crate) async fn at(dir: &Path) -> Self {
        if geteuid().is_root() {
            // The tests' own Postgres has found somebody whom it may run as.
            let owner = fs::metadata(of_the_tests("current_setting('data_directory')").await).unwrap();
            chown(dir, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        Self { dir: dir.to_owned(), programs: programs().await }
    }

    fn data(&self) -> String {
        self.dir.join("data").display().to_string()
    }

    /// Starts it, with more settings.
    pub(crate) async fn start(&self, settings: &str) {
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_connections=100 {settings}",
            self.dir.display()
        );
        let log = self.dir.join("log").display().to_string();
        self.run("pg_ctl", &["start", "-w", "-D", &self.data(), "-l", &log, "-o", &options]);
    }

    /// How to connect to one of its databases.
    pub(crate) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.dir).port(5432).user(SUPERUSER).password("any").dbname(database);
        config
    }

    /// Copies another one, which goes on, and follows it from then on.
    pub(crate) fn copy(&self, of: &Self) {
        let from = format!("host={} user={SUPERUSER} application_name=standby", of.dir.display());
        self.run("pg_basebackup", &["-D", &self.data(), "-R", "-X", "stream", "-c", "fast", "-d", &from]);
    }

    /// Lets a copy be written to.
    pub(crate) fn promote(&self) {
        self.run("pg_ctl", &["promote", "-w", "-D", &self.data()]);
    }

    /// What the shell calls `kill -9`, to its first process; the others end by themselves.
    pub(crate) fn kill(&self) {
        if let Some(pid) = self.pid() {
            kill_process(pid, Signal::KILL).unwrap();
        }
    }

    pub(crate) async fn is_gone(&self) -> bool {
        self.config("postgres").connect(NoTls).await.is_err()
    }

    /// Whether it has ended, instead of starting anew by itself after one of its processes has crashed.
    pub(crate) fn has_ended(&self) -> bool {
        self.pid().is_none()
    }

    pub(crate) async fn gone(&self) {
        eventually("Postgres is gone", async || self.is_gone().await).await;
    }

    fn pid(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.dir.join("data/postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.parse().ok()?)
    }

    /// Runs one of Postgres' programs as whoever owns the directory.
    fn run(&self, program: &str, args: &[&str]) {
        let output = self.command(program).args(args).output().unwrap();
        let Output { status, stdout, stderr } = &output;
        assert!(
            status.success(),
            "{program}: {}{}",
            String::from_utf8_lossy(stdout),
            String::from_utf8_lossy(stderr)
        );
    }

    fn command(&self, program: &str) -> Command {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.dir).env_remove("PGHOST").env_remove("PGPORT");
        if geteuid().is_root() {
            let owner = fs::metadata(&self.dir).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.command("pg_ctl").args(["stop", "-m", "immediate", "-D", &self.data()]).output();
    }
}
