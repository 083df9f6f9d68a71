//! A media server of our own, for a machine that has none: started, watched and stopped with OpenChat.
//!
//! With a folder of its own it outlives an OpenChat that is killed, so that nobody who talks is cut off, and the next start
//! adopts it: the folder says where it is and what its keys are. If no start comes it stays, as a private Postgres does.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    net::{Ipv4Addr, TcpListener, UdpSocket},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::{Child as Shell, Command as ShellCommand, Stdio},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::CallId;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Calls, MediaServer};
use crate::accounts::Token;

/// The program's name.
const PROGRAM: &str = "livekit-server";
/// How long it may take to listen.
const START: Duration = Duration::from_secs(10);
/// How long it may take to end when asked to.
const STOP: Duration = Duration::from_secs(5);
/// How long to wait before one that died is started again, and how often one that isn't our child is looked at.
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
    /// Its folder can't be used.
    #[error("{folder} can't be used")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another OpenChat runs one from this folder.
    #[error(
        "another OpenChat runs the media server of {folder}; set LIVEKIT_URL to one that several can use"
    )]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
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
    /// Starts it on loopback, telling its news to an address; or adopts the one that an OpenChat which was killed has left
    /// running from this folder. Without a folder it ends with this process, however that ends.
    ///
    /// # Errors
    /// [`LocalError`]; then nothing runs that did not run before.
    pub async fn start(
        program: &Path,
        folder: Option<&Path>,
        news_to: &str,
        now: DateTime<Utc>,
    ) -> Result<(Self, MediaServer), LocalError> {
        let folder = folder.map(Folder::hold).transpose()?;
        let left = folder.as_ref().and_then(Folder::left);
        let (access, adopted) = match left {
            Some(left) if left.access.answers(now).await => (left.access, Pid::from_raw(left.pid)),
            Some(_) | None => (Access::fresh()?, None),
        };
        let server = access.server();
        let run = Run { program: program.to_owned(), folder, access, news_to: news_to.to_owned() };
        let process = match adopted {
            Some(pid) => {
                tracing::info!("adopted the local media server that was already running");
                Process { pid, child: None, watchdog: None }
            }
            None => run.start().await?,
        };
        let stop = CancellationToken::new();
        let watching = tokio::spawn(run.watch(process, stop.clone()));
        Ok((Self { stop, watching }, server))
    }

    /// Stops it.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.watching.await;
    }
}

/// How it is reached. One that is started again keeps it, so that whoever was in a call finds back.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Access {
    port: u16,
    key: String,
    secret: String,
}

/// What a folder says of the media server that runs from it.
#[derive(Debug, Serialize, Deserialize)]
struct Left {
    pid: i32,
    #[serde(flatten)]
    access: Access,
}

/// Where it is kept what the next OpenChat must know, held by one process at a time.
struct Folder {
    path: PathBuf,
    _lock: File,
}

/// How it is run.
struct Run {
    program: PathBuf,
    folder: Option<Folder>,
    access: Access,
    news_to: String,
}

/// The program at work.
struct Process {
    pid: Pid,
    /// None when another process has started it.
    child: Option<Child>,
    /// Without a folder, a shell that ends it when we are gone, however we ended: it waits for the end of a pipe which only
    /// we hold open.
    watchdog: Option<Shell>,
}

impl Access {
    fn fresh() -> Result<Self, LocalError> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let random = || Token::generate().map_err(io::Error::other);
        let (key, secret) = (format!("oc_{}", &random()?.reveal()[..12]), random()?.reveal().to_owned());
        Ok(Self { port, key, secret })
    }

    fn server(&self) -> MediaServer {
        let Self { port, key, secret } = self.clone();
        MediaServer { url: format!("ws://127.0.0.1:{port}"), api_url: None, key, secret }
    }

    /// Whether what listens there knows our key: then it is ours.
    async fn answers(&self, now: DateTime<Utc>) -> bool {
        let calls = Calls::new(Some(self.server()), TimeDelta::zero());
        match calls.as_ref().ok().and_then(Calls::media) {
            Some(media) => media.look(CallId::from_uuid(Uuid::nil()), now).await.is_ok(),
            None => false,
        }
    }

    async fn listens(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_ok()
    }

    fn config(&self, news_to: &str) -> io::Result<String> {
        let Self { port, key, secret } = self;
        let media_port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
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
            // An adopted one tells them to where the last OpenChat listened, which is mostly the same; if not, calls are
            // looked at all the same, a moment later.
            "webhook": {"api_key": key, "urls": [news_to]},
            "logging": {"level": "warn", "json": true},
        });
        Ok(config.to_string())
    }
}

impl Folder {
    /// Holds it as long as this lives; the kernel lets go of it however this process ends.
    fn hold(path: &Path) -> Result<Self, LocalError> {
        let failed = |source| LocalError::Folder { folder: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock =
            options.write(true).create(true).truncate(false).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(LocalError::Taken { folder: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn left(&self) -> Option<Left> {
        serde_json::from_slice(&fs::read(self.running()).ok()?).ok()
    }

    fn note(&self, left: &Left) -> io::Result<()> {
        let new = self.path.join("running.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(left)?)?;
        fs::rename(new, self.running())
    }

    fn forget(&self) {
        let _ = fs::remove_file(self.running());
    }

    fn running(&self) -> PathBuf {
        self.path.join("running.json")
    }
}

impl Run {
    async fn start(&self) -> Result<Process, LocalError> {
        let mut process = self.spawn()?;
        let deadline = Instant::now() + START;
        while !self.access.listens().await {
            let ended = match &mut process.child {
                Some(child) => child.try_wait()?.is_some(),
                None => false,
            };
            if ended || Instant::now() > deadline {
                return Err(LocalError::Deaf { program: self.program.clone() });
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(process)
    }

    fn spawn(&self) -> Result<Process, LocalError> {
        let failed = |source| LocalError::Run { program: self.program.clone(), source };
        let child = Command::new(&self.program)
            .env("LIVEKIT_CONFIG", self.access.config(&self.news_to)?)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What a terminal sends to us is not for it: it ends after us.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
        let pid = Pid::from_raw(id).ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let watchdog = match &self.folder {
            Some(folder) => {
                folder.note(&Left { pid: id, access: self.access.clone() })?;
                None
            }
            None => Some(watchdog(pid).map_err(failed)?),
        };
        Ok(Process { pid, child: Some(child), watchdog })
    }

    /// Starts it again whenever it dies, until told to stop.
    async fn watch(self, process: Process, stop: CancellationToken) {
        let mut running = Some(process);
        loop {
            if let Some(process) = &mut running {
                tokio::select! {
                    () = process.ended(&self.access) => {
                        tracing::warn!("the local media server has ended; it is started again");
                    }
                    () = stop.cancelled() => {
                        process.end(&self.access).await;
                        self.folder.iter().for_each(Folder::forget);
                        return;
                    }
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

fn watchdog(pid: Pid) -> io::Result<Shell> {
    ShellCommand::new("/bin/sh")
        .args(["-c", r#"read -r _; kill -TERM "$0""#])
        .arg(pid.as_raw_nonzero().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

impl Process {
    /// Returns when it is gone.
    async fn ended(&mut self, access: &Access) {
        match &mut self.child {
            Some(child) => {
                let _ = child.wait().await;
            }
            // Nobody but its parent hears of its end, but everybody that it listens no more.
            None => {
                while access.listens().await {
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// Asks it to end, and ends it when it doesn't.
    async fn end(&mut self, access: &Access) {
        for signal in [Signal::TERM, Signal::KILL] {
            let _ = kill_process(self.pid, signal);
            if tokio::time::timeout(STOP, self.ended(access)).await.is_ok() {
                return;
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Before the pipe closes, so that it ends nothing that has the same number by then.
        if let Some(watchdog) = &mut self.watchdog {
            let _ = watchdog.kill();
            let _ = watchdog.wait();
        }
    }
}
