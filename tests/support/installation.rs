//! The real binary on a data directory of its own: started, killed, and started again at the same address.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use openchat::postgres::PrivatePostgres;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};

use super::{eventually, options, scratch, server::Client};

/// How long a start may take on a busy machine, the recovery of a killed Postgres included.
const START: Duration = Duration::from_secs(60);
/// How many lines of the log a failed test shows.
const LOG_TAIL: usize = 60;

/// A data directory and how it is served; what is left of it goes away with this.
pub(crate) struct Installation {
    dir: PathBuf,
    address: Option<SocketAddr>,
    settings: Vec<(&'static str, String)>,
}

/// The binary at work. Dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    // Closed, it would be an error to the process.
    _stdout: BufReader<ChildStdout>,
}

/// A start that was refused.
pub(crate) struct Refused {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Installation {
    pub(crate) fn new(name: &str) -> Self {
        Self { dir: scratch(name), address: None, settings: vec![("OC_CALLS", "off".to_owned())] }
    }

    /// With a setting.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Starts the binary; from the second time on at the address of the first.
    pub(crate) async fn start(&mut self) -> Process {
        let log = fs::OpenOptions::new().append(true).create(true).open(self.log()).unwrap();
        let mut child = self.command().stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        tokio::time::timeout(START, stdout.read_line(&mut line)).await.expect("the server starts").unwrap();
        let url = line.trim().strip_prefix("OpenChat serves on http://");
        self.address = Some(url.unwrap_or_else(|| panic!("no address in {line:?}")).parse().unwrap());
        Process { child, _stdout: stdout }
    }

    /// Starts the binary, which must not succeed.
    pub(crate) async fn start_in_vain(&self) -> Refused {
        let begun = Instant::now();
        let mut command = self.command();
        let output = tokio::time::timeout(START, command.env("OC_HTTP_ADDR", "127.0.0.1:0").output());
        let output = output.await.expect("the second server ends").unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Refused { status: output.status, stderr, took: begun.elapsed() }
    }

    fn command(&self) -> Command {
        self.subcommand("serve")
    }

    /// One of the binary's subcommands, on this data directory.
    pub(crate) fn subcommand(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openchat"));
        let listen = self.address.map_or_else(|| "127.0.0.1:0".to_owned(), |it| it.to_string());
        command
            .arg(name)
            .env_remove("DATABASE_URL")
            .env_remove("OC_PUBLIC_URL")
            .env("OC_DATA_DIR", &self.dir)
            .env("OC_HTTP_ADDR", listen)
            .env("RUST_LOG", "info")
            // What is tested here is not how often one may ask.
            .envs(
                ["OC_KEY_RATE", "OC_KEY_BURST", "OC_CUSTOMER_RATE", "OC_CUSTOMER_BURST", "OC_SIGN_IN_RATE"]
                    .map(|it| (it, "100000")),
            )
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Where it listens, once it has been started.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address.expect("it was started")
    }

    /// Whether the log has a line that says this.
    pub(crate) fn has_logged(&self, text: &str) -> bool {
        fs::read_to_string(self.log()).is_ok_and(|log| log.contains(text))
    }

    /// The data directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Nobody in particular.
    pub(crate) fn anybody(&self) -> Client {
        Client::at(format!("http://{}", self.address()))
    }

    /// A connection to the private Postgres, as its owner.
    pub(crate) async fn database(&self) -> tokio_postgres::Client {
        super::client(&PrivatePostgres::held_by_another(&self.dir, options()).await.unwrap()).await
    }

    /// The private Postgres's first process, while its pid file is there.
    pub(crate) fn postmaster(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.dir.join("postgres/cluster/postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.parse().ok()?)
    }

    /// The media server of its own, while one is noted.
    fn media_server(&self) -> Option<Pid> {
        let noted = fs::read(self.dir.join("livekit/running.json")).ok()?;
        let noted: serde_json::Value = serde_json::from_slice(&noted).ok()?;
        Pid::from_raw(noted["pid"].as_i64()?.try_into().ok()?)
    }

    /// What the shell calls `kill -9`, to the private Postgres's first process.
    pub(crate) fn kill_postgres(&self) {
        kill_process(self.postmaster().expect("Postgres runs"), Signal::KILL).unwrap();
    }

    fn log(&self) -> PathBuf {
        self.dir.join("openchat.log")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n");
            eprintln!("The server's last words:\n{tail}");
        }
        if let Some(pid) = self.postmaster() {
            // At once: nobody needs what is in there any more.
            let _ = kill_process(pid, Signal::QUIT);
            let begun = Instant::now();
            while is_alive(pid) && begun.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        if let Some(pid) = self.media_server() {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Process {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().expect("it runs").try_into().unwrap()).unwrap()
    }

    /// How much memory it holds, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid().as_raw_nonzero())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it runs");
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    /// What the shell calls `kill -9`; returns when the process is gone.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// What the shell calls `kill -STOP`: it is there, and does nothing.
    pub(crate) fn pause(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
    }

    /// What the shell calls `kill -CONT`.
    pub(crate) fn resume(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    /// What the shell calls `kill`.
    pub(crate) fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// How the process ends, which it must do soon.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::time::timeout(START, self.child.wait()).await.expect("the server ends").unwrap()
    }
}

fn is_alive(pid: Pid) -> bool {
    test_kill_process(pid).is_ok()
}

/// Waits until a process is gone.
pub(crate) async fn gone(pid: Pid) {
    eventually("the process is gone", async || !is_alive(pid)).await;
}
