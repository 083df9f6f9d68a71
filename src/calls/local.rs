//! A media server of our own, for a machine that has none: started, watched and stopped with OpenChat.

use std::{
    ffi::OsStr,
    io,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child as Shell, Command as ShellCommand, Stdio},
    time::Duration,
};

use serde_json::json;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::MediaServer;
use crate::accounts::Token;

/// The program's name.
const PROGRAM: &str = "livekit-server";
/// How long it may take to listen.
const START: Duration = Duration::from_secs(10);
/// How long it may take to end when asked to.
const STOP: Duration = Duration::from_secs(5);
/// How long to wait before one that died is started again.
const AGAIN: Duration = Duration::from_secs(1);

/// Why there is no media server of our own.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// It can't be run.
    #[error("{program} can't be run")]
    Run {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are no ports, or no randomness.
    #[error("nothing to listen on")]
    Prepare(#[from] io::Error),
    /// It doesn't listen.
    #[error("{program} does not listen")]
    Deaf {
        /// The program.
        program: PathBuf,
    },
}

/// A media server that ends with this.
#[derive(Debug)]
pub struct LocalServer {
    stop: CancellationToken,
    watching: JoinHandle<()>,
}

/// Where the program is: the one that was named, one on the path, or the one that the build made.
#[must_use]
pub fn find(named: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let exe = std::env::current_exe().ok();
    let tree =
        exe.iter().flat_map(|exe| exe.ancestors()).find(|dir| dir.ends_with("target")).and_then(Path::parent);
    let built = [std::env::current_dir().ok().as_deref(), exe.as_deref().and_then(Path::parent), tree]
        .into_iter()
        .flatten()
        .map(|root| root.join("build/livekit"))
        .collect::<Vec<_>>();
    path.into_iter()
        .flat_map(std::env::split_paths)
        .chain(built)
        .map(|dir| dir.join(PROGRAM))
        .find(|program| program.is_file())
}

impl LocalServer {
    /// Starts it on loopback, with fresh keys, telling its news to an address.
    ///
    /// # Errors
    /// [`LocalError`]; then nothing runs.
    pub async fn start(program: &Path, news_to: &str) -> Result<(Self, MediaServer), LocalError> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let media_port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let random = || Token::generate().map_err(io::Error::other);
        let (key, secret) = (format!("oc_{}", &random()?.reveal()[..12]), random()?.reveal().to_owned());
        // YAML, of which JSON is a part; in the environment, where other users can't read it.
        let config = json!({
            "port": port,
            "bind_addresses": ["127.0.0.1"],
            "keys": {key.as_str(): secret},
            "rtc": {
                "tcp_port": 0,
                "udp_port": media_port,
                "node_ip": "127.0.0.1",
                "use_external_ip": false,
                "enable_loopback_candidate": true,
                "interfaces": {"includes": ["lo", "lo0"]},
                "ips": {"includes": ["127.0.0.1/32"]},
            },
            "room": {"auto_create": false},
            "webhook": {"api_key": key, "urls": [news_to]},
            "logging": {"level": "warn", "json": true},
        });
        let run = Run { program: program.to_owned(), config: config.to_string(), port };
        let process = run.start().await?;
        let stop = CancellationToken::new();
        let watching = tokio::spawn(run.watch(process, stop.clone()));
        Ok((
            Self { stop, watching },
            MediaServer { url: format!("ws://127.0.0.1:{port}"), api_url: None, key, secret },
        ))
    }

    /// Stops it.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.watching.await;
    }
}

/// How it is run.
struct Run {
    program: PathBuf,
    config: String,
    port: u16,
}

/// The program at work, and a shell that ends it when we are gone, however we ended: it waits for the end of a pipe
/// which only we hold open.
struct Process {
    child: Child,
    watchdog: Shell,
}

impl Run {
    async fn start(&self) -> Result<Process, LocalError> {
        let failed = |source| LocalError::Run { program: self.program.clone(), source };
        let child = Command::new(&self.program)
            .env("LIVEKIT_CONFIG", &self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let watchdog = ShellCommand::new("/bin/sh")
            .args(["-c", r#"read -r _; kill -TERM "$0""#])
            .arg(child.id().unwrap_or_default().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut process = Process { child, watchdog };
        let deadline = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            let ended = process.child.try_wait().map_err(failed)?.is_some();
            if ended || Instant::now() > deadline {
                return Err(LocalError::Deaf { program: self.program.clone() });
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(process)
    }

    /// Starts it again whenever it dies, until told to stop.
    async fn watch(self, process: Process, stop: CancellationToken) {
        let mut running = Some(process);
        loop {
            if let Some(process) = &mut running {
                tokio::select! {
                    ended = process.child.wait() => {
                        tracing::warn!(status = ?ended.ok(), "the local media server has ended; it is started again");
                    }
                    () = stop.cancelled() => return process.end().await,
                }
            }
            drop(running.take());
            tokio::select! {
                () = sleep(AGAIN) => {}
                () = stop.cancelled() => return,
            }
            match self.start().await {
                Ok(process) => running = Some(process),
                Err(error) => tracing::warn!(error = crate::store::chain(&error), "no local media server"),
            }
        }
    }
}

impl Process {
    /// Asks it to end, and ends it when it doesn't.
    async fn end(&mut self) {
        let pid = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?));
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        if tokio::time::timeout(STOP, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Before the pipe closes, so that it ends nothing that has the same number by then.
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
    }
}
