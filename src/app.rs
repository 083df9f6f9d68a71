//! Everything that runs in one process, put together: the only place that knows all parts.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::dev::ServerHandle;
use openchat_domain::Recorded;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_postgres::Config;
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::Accounts,
    calls::{CallOptions, Calls, LocalServer, MediaError, MediaOptions},
    clock::Clock,
    config::Limits,
    demo::Demo,
    files::{FilePlace, Files},
    http::{self, Edge},
    live::{self, Hub, Presence},
    nodes::{Bus, BusError, Heard, LogNews, News, Node, Told},
    observe,
    projector::{Projector, ProjectorStatus, RebuildError, Sources, Views, rebuild_changed},
    reactions,
    store::{Aggregates, Announce, Appender, MigrateError, PoolSizes, Pools, StoreError, chain, migrate},
};

/// How long requests that are under way may take when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// What handlers, sockets and reactions work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Commands go in here.
    pub aggregates: Aggregates,
    /// Read models and plain tables are read through these.
    pub pools: Pools,
    /// How far the read models have come.
    pub views: Views,
    /// How the projector fares.
    pub projector: ProjectorStatus,
    /// The open sockets.
    pub hub: Hub,
    /// This node among others.
    pub node: Node,
    /// The time and fresh ids.
    pub clock: Clock,
    /// The origin that goes into links, without a slash at its end.
    pub public_url: Arc<str>,
    /// Who may come in.
    pub accounts: Accounts,
    /// What people send each other beside words.
    pub files: Files,
    /// Who may join what on the media server.
    pub calls: Calls,
    /// Limits, measurements and readiness.
    pub edge: Arc<Edge>,
    /// The sample business, where there is one.
    pub demo: Option<Arc<Demo>>,
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database, as its owner.
    pub database: Config,
    /// Connections.
    pub pool_sizes: PoolSizes,
    /// The address to listen on.
    pub listen: String,
    /// The origin that goes into links; without one, the address listened on.
    pub public_url: Option<String>,
    /// The NATS through which several nodes tell each other what is new.
    pub nats: Option<String>,
    /// Where the bytes of files lie.
    pub files: FilePlace,
    /// How calls are carried.
    pub calls: CallOptions,
    /// What clients may ask per second.
    pub limits: Limits,
    /// The time and fresh ids.
    pub clock: Clock,
    /// The sample business that is in the database, for its shop to be served.
    pub demo: Option<Demo>,
}

/// A server that runs.
pub struct Running {
    /// What it works with.
    pub app: App,
    /// The address it listens on.
    pub address: SocketAddr,
    server: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    stop_reactions: CancellationToken,
    stop_projector: CancellationToken,
    stop_node: CancellationToken,
    node: JoinHandle<()>,
    reactions: Vec<JoinHandle<()>>,
    projector: Vec<JoinHandle<()>>,
    chores: Vec<JoinHandle<()>>,
    media: Option<LocalServer>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date")]
    Migrate(#[from] MigrateError),
    /// A read model could not be rebuilt.
    #[error("a read model could not be rebuilt")]
    Rebuild(#[from] RebuildError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The way to the other nodes can't be had at all.
    #[error("there is no way to the other nodes")]
    Bus(#[from] BusError),
    /// The media server can't be spoken to at all.
    #[error("no connections to the media server can be made")]
    Media(#[from] MediaError),
    /// The address can't be listened on.
    #[error("{address} can't be listened on")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

/// The runtime that a server is made for. Requests have a thread for each core beside it; what else there is to do mostly
/// waits for the database, and a thread for each core of its own would hand work to and fro that one does as fast.
///
/// # Errors
/// When the system has no more threads.
pub fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread().worker_threads((cores / 2).max(1)).enable_all().build()
}

/// Brings the database up to date and serves it.
///
/// # Errors
/// [`StartError`]; then nothing runs.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let applied = migrate(&options.database).await?;
    if applied > 0 {
        tracing::info!(migrations = applied, "the database's schema is up to date");
    }
    for read_model in rebuild_changed(&options.database, options.clock.now()).await? {
        tracing::info!(read_model = read_model.name(), "rebuilt, because this release changed it");
    }
    let listen_failed = |source| StartError::Listen { address: options.listen.clone(), source };
    let listener = std::net::TcpListener::bind(&options.listen).map_err(listen_failed)?;
    let address = listener.local_addr().map_err(listen_failed)?;

    let pools = Pools::new(&options.database, options.pool_sizes);
    let clock = options.clock.clone();
    let views = Views::default();
    let status = ProjectorStatus::default();
    let (announce, announced) = mpsc::unbounded_channel();
    let (to_hub, for_hub) = mpsc::unbounded_channel();
    let (to_reactions, for_reactions) = mpsc::unbounded_channel();
    let node = Node::new(clock.uuid());
    let (bus, from_nodes) = join_nodes(options.nats.as_deref(), &pools, &node).await?;
    let appender = Appender::start(pools.clone(), telling(node.clone(), bus.clone(), announce));
    let aggregates = Aggregates::new(pools.clone(), appender, clock.clone()).beside(node.others());
    let presence = Presence::new(aggregates.clone(), pools.clone(), node.clone(), bus.clone());
    let public_url = options.public_url.unwrap_or_else(|| format!("http://{address}"));
    let (calls, media) = start_calls(options.calls, address, &clock).await?;
    let app = App {
        calls,
        aggregates,
        hub: Hub::new(pools.clone(), clock.clone(), views.clone(), (presence.clone(), bus.clone())),
        node: node.clone(),
        views: views.clone(),
        projector: status.clone(),
        clock: clock.clone(),
        public_url: public_url.trim_end_matches('/').into(),
        accounts: Accounts::new(pools.clone(), clock.clone()),
        files: Files::new(options.files, pools.clone(), clock.clone()),
        edge: Arc::new(Edge::new(&options.limits, clock.now())),
        pools: pools.clone(),
        demo: options.demo.map(Arc::new),
    };

    let [stop_node, stop_projector, stop_reactions] = std::array::from_fn(|_| CancellationToken::new());
    let beating = tokio::spawn(node.clone().run(pools.clone(), stop_node.clone()));
    let followers = vec![to_hub, to_reactions];
    let projector = Projector::new(pools.clone(), clock, views, status, followers, (node, bus));
    let (to_projector, heard) = mpsc::unbounded_channel();
    let projector = vec![
        tokio::spawn(projector.run(Sources { announced, heard }, stop_projector.clone())),
        tokio::spawn(app.hub.clone().follow(for_hub)),
    ];
    let stop = || stop_reactions.clone();
    let reactions = vec![
        tokio::spawn(reactions::run(app.clone(), for_reactions, stop())),
        tokio::spawn(reactions::run_timers(app.clone(), stop())),
        tokio::spawn(reactions::run_calls(app.clone(), stop())),
        tokio::spawn(live::watch_sessions(app.clone(), stop())),
        tokio::spawn(presence.watch(app.hub.clone(), stop())),
    ];
    observe::readiness(&app);
    let chores = vec![
        tokio::spawn(http::keep_house(app.clone())),
        tokio::spawn(observe::gauges(app.clone())),
        tokio::spawn(hear(from_nodes, app.clone(), to_projector)),
    ];

    let server = http::serve(app.clone(), listener).map_err(listen_failed)?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    Ok(Running {
        app,
        address,
        server: handle,
        serving,
        stop_reactions,
        stop_projector,
        stop_node,
        node: beating,
        reactions,
        projector,
        chores,
        media,
    })
}

/// The way to the other nodes, if there is one.
async fn join_nodes(nats: Option<&str>, pools: &Pools, node: &Node) -> Result<(Bus, Heard), BusError> {
    match nats {
        Some(url) => Bus::join(url, pools, node.id()).await,
        None => Ok((Bus::default(), mpsc::unbounded_channel().1)),
    }
}

/// Tells the other nodes and the projector what this node has appended.
fn telling(node: Node, bus: Bus, projector: mpsc::UnboundedSender<Vec<Arc<Recorded>>>) -> impl Announce {
    let others = node.others();
    move |events| {
        if let Some(last) = events.last() {
            let (tenant, position) = (last.tenant, last.position);
            others.hear(tenant, events.iter().map(|event| event.position));
            // Who has just started and isn't known yet finds by a hole or a conflict what it wasn't told.
            if node.has_company() {
                bus.say(|| News::Log(LogNews::Appended { tenant, position, events: events.clone() }));
            }
        }
        // A projector that has ended has nothing more to hear; the events are in the log.
        let _ = projector.send(events);
    }
}

/// Passes on what other nodes tell. Of the log only those are believed that are alive in this database: others may be of a
/// copy of it that has kept its name. From them, or from one that has just started, it is a reason to look.
async fn hear(mut heard: Heard, app: App, projector: mpsc::UnboundedSender<LogNews>) {
    let others = app.node.others();
    while let Some(Told { node, news }) = heard.recv().await {
        let news = match news {
            News::Live(news) => {
                app.hub.hear(news);
                continue;
            }
            News::Log(news) if others.include(node) => news,
            News::Log(LogNews::Appended { tenant, position, .. }) => {
                LogNews::Appended { tenant, position, events: vec![] }
            }
            News::Log(LogNews::Committed { .. }) => continue,
        };
        if let LogNews::Appended { tenant, events, .. } = &news {
            app.aggregates.hear(*tenant, events);
        }
        // A projector that has ended has nothing more to hear.
        let _ = projector.send(news);
    }
}

/// The media server, started if it is to be our own. Without it OpenChat does everything but calls.
async fn start_calls(
    options: CallOptions,
    address: SocketAddr,
    clock: &Clock,
) -> Result<(Calls, Option<LocalServer>), MediaError> {
    let (server, local) = match options.media {
        MediaOptions::None => (None, None),
        MediaOptions::Server(server) => (Some(server), None),
        MediaOptions::Local { program, folder } => {
            // Listening everywhere is not an address; loopback is one of those it stands for.
            let port = address.port();
            let news_to = if address.ip().is_unspecified() {
                format!("http://127.0.0.1:{port}/api/livekit/webhook")
            } else {
                format!("http://{address}/api/livekit/webhook")
            };
            match LocalServer::start(&program, folder.as_deref(), &news_to, clock.now()).await {
                Ok((local, server)) => {
                    tracing::info!(url = server.url, "a local media server carries calls on this machine");
                    (Some(server), Some(local))
                }
                Err(error) => {
                    tracing::error!(
                        error = chain(&error),
                        "there are no calls: the local media server failed"
                    );
                    (None, None)
                }
            }
        }
    };
    Ok((Calls::new(server, options.ring)?, local))
}

impl Running {
    /// Waits until the server has ended by itself.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.serving).await.map_err(std::io::Error::other)?
    }

    /// Drains: no new requests, sockets are told to come back, what is under way is finished.
    pub async fn stop(self) {
        self.app.hub.close();
        if tokio::time::timeout(DRAIN, self.server.stop(true)).await.is_err() {
            tracing::warn!("some requests took too long and were cut off");
        }
        self.serving.abort();
        self.chores.iter().for_each(JoinHandle::abort);
        self.stop_reactions.cancel();
        for task in self.reactions {
            let _ = tokio::time::timeout(DRAIN, task).await;
        }
        self.stop_projector.cancel();
        for task in self.projector {
            let _ = tokio::time::timeout(DRAIN, task).await;
        }
        // The last thing, so that nobody else leads while this node still works.
        self.stop_node.cancel();
        let _ = tokio::time::timeout(DRAIN, self.node).await;
        if let Some(media) = self.media {
            media.stop().await;
        }
        self.app.pools.close();
    }
}
