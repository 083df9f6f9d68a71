//! The two servers, each as a process of its own that is fresh for every measurement.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use tokio_postgres::Config;

use super::socket::Socket;
use crate::{
    BenchError,
    client::Backend,
    stage::{Business, options},
};

/// What a served OpenChat says when it is ready, before its address.
const READY: &str = "listening on http://";
const NATS_READY: &str = "Listening for websocket clients on ws://";
const BUS_READY: &str = "Listening for client connections on ";
/// Every answer to what is published is waited for, as over HTTP.
const NATS_CONNECT: &[u8] = b"CONNECT {\"verbose\":true,\"pedantic\":false,\"protocol\":1}\r\n";

/// Whose server.
pub(crate) enum Side {
    /// A nats-server, with its websocket.
    Nats { program: PathBuf, config: PathBuf },
    /// OpenChat, on a database with a business and a conversation of it.
    OpenChat { database: String, business: Business, conversation: String },
}

/// A process that serves. Dropped, it is killed.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
}

/// A connection on which messages are published.
pub(crate) enum Publisher {
    Nats(Socket),
    OpenChat { backend: Backend, conversation: String },
}

impl Side {
    /// A nats-server, if there is one: on the way to programs, or where `make nats` builds it.
    pub(crate) fn nats(dir: &Path) -> Result<Option<Self>, BenchError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&path)
            .chain(["build/nats".into()])
            .map(|folder| folder.join("nats-server"))
            .find(|program| program.is_file());
        let config = dir.join("nats.conf");
        std::fs::write(
            &config,
            "listen: \"127.0.0.1:-1\"\nwebsocket { listen: \"127.0.0.1:-1\", no_tls: true }\n",
        )?;
        Ok(program.map(|program| Self::Nats { program, config }))
    }

    /// OpenChat on an empty database, as a URL.
    pub(crate) async fn open_chat(database: String) -> Result<Self, BenchError> {
        let server = serving(&database).await?;
        let business = Business::sign_up(format!("http://{}", server.address)).await?;
        let conversation = business.conversation(0).await?;
        Ok(Self::OpenChat { database, business, conversation })
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Nats { .. } => "nats-server",
            Self::OpenChat { .. } => "OpenChat",
        }
    }

    /// A fresh process.
    pub(crate) async fn start(&self) -> Result<Server, BenchError> {
        match self {
            Self::Nats { program, config } => nats(program, config, NATS_READY).await,
            Self::OpenChat { database, .. } => serving(database).await,
        }
    }

    /// A socket that is told everything.
    pub(crate) async fn subscribe(&self, server: &Server) -> Result<Socket, BenchError> {
        match self {
            Self::Nats { .. } => {
                let mut socket = Socket::open(server.address, "/", "").await?;
                let subscribe = b"CONNECT {\"verbose\":false,\"protocol\":1}\r\nSUB bench 1\r\nPING\r\n";
                socket.send(subscribe).await?;
                socket.wait_for(b"PONG").await?;
                Ok(socket)
            }
            Self::OpenChat { business, .. } => {
                let cookie = format!("cookie: {}\r\n", business.session);
                let mut socket = Socket::open(server.address, "/api/admin/support/socket", &cookie).await?;
                // The greeting, and what tells that it has taken its place.
                socket.wait_for(b"\"presence\"").await?;
                Ok(socket)
            }
        }
    }

    /// A connection to publish on.
    pub(crate) async fn publisher(&self, server: &Server) -> Result<Publisher, BenchError> {
        match self {
            Self::Nats { .. } => {
                let mut socket = Socket::open(server.address, "/", "").await?;
                socket.send(NATS_CONNECT).await?;
                socket.wait_for(b"+OK").await?;
                Ok(Publisher::Nats(socket))
            }
            Self::OpenChat { business, conversation, .. } => Ok(Publisher::OpenChat {
                backend: Backend::new(server.address, &business.key),
                conversation: conversation.clone(),
            }),
        }
    }
}

impl Server {
    /// Its memory, in KiB.
    pub(crate) fn resident(&self) -> Result<f64, BenchError> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id().unwrap_or(0)))?;
        let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next());
        size.and_then(|it| it.parse().ok()).ok_or(BenchError::Refused(status))
    }

    pub(crate) async fn stop(mut self) -> Result<(), BenchError> {
        Ok(self.process.kill().await?)
    }
}

impl Publisher {
    /// Publishes a text and waits for the answer.
    pub(crate) async fn publish(&mut self, text: &str) -> Result<(), BenchError> {
        match self {
            Self::Nats(socket) => {
                socket.send(format!("PUB bench {}\r\n{text}\r\n", text.len()).as_bytes()).await?;
                socket.wait_for(b"+OK").await
            }
            Self::OpenChat { backend, conversation } => backend.say(conversation, text).await.map(drop),
        }
    }
}

/// A nats-server through which nodes hear of each other, as its URL and for as long as the server lives; none if there is none.
pub(crate) async fn bus(dir: &Path) -> Result<Option<(String, Server)>, BenchError> {
    let Some(Side::Nats { program, config }) = Side::nats(dir)? else { return Ok(None) };
    let server = nats(&program, &config, BUS_READY).await?;
    Ok(Some((format!("nats://{}", server.address), server)))
}

async fn nats(program: &Path, config: &Path, ready_words: &str) -> Result<Server, BenchError> {
    let mut process = Command::new(program);
    process.arg("--config").arg(config).stderr(Stdio::piped());
    let mut process = process.kill_on_drop(true).spawn()?;
    let said = process.stderr.take().ok_or(BenchError::SocketGone)?;
    let address = ready(BufReader::new(said), ready_words).await?;
    Ok(Server { process, address })
}

/// This very program as a server on a database.
async fn serving(database: &str) -> Result<Server, BenchError> {
    let mut process = Command::new(std::env::current_exe()?);
    process.args(["serve", database]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = process.kill_on_drop(true).spawn()?;
    let said = process.stdout.take().ok_or(BenchError::SocketGone)?;
    let address = ready(BufReader::new(said), READY).await?;
    Ok(Server { process, address })
}

/// Reads what a server says until it says where it is, and goes on reading so that it is never held up.
pub(crate) async fn ready(
    said: impl AsyncBufRead + Unpin + Send + 'static,
    words: &str,
) -> Result<SocketAddr, BenchError> {
    let mut lines = said.lines();
    while let Some(line) = lines.next_line().await? {
        let address = line.split_once(words).and_then(|(_, address)| address.parse().ok());
        if let Some(address) = address {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
    }
    Err(BenchError::Refused("the server has ended".to_owned()))
}

/// What the process that [`serving`] starts does: serves until whoever started it is gone.
pub(crate) async fn serve(database: &str) -> Result<(), BenchError> {
    let config: Config = database.parse()?;
    let running = openchat::app::start(options(config)).await?;
    writeln!(std::io::stdout(), "{READY}{}", running.address)?;
    let gone = || std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    tokio::task::spawn_blocking(gone).await??;
    running.stop().await;
    Ok(())
}
