//! Several nodes of the real binary over one database, with or without a NATS, behind a load balancer that knows no
//! stickiness.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_postgres::{
    Config,
    config::{Host, TargetSessionAttrs},
};

use super::{
    client, eventually,
    installation::{Installation, Process},
    server::Client,
};

/// The nodes, each of which may be gone for a while.
pub(crate) struct Cluster {
    pub(crate) config: Config,
    pub(crate) nodes: Vec<Member>,
}

/// One node.
pub(crate) struct Member {
    pub(crate) installation: Installation,
    pub(crate) process: Option<Process>,
}

/// Passes each connection on to the next node that takes it.
pub(crate) struct Balancer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Cluster {
    /// Starts so many nodes over a database.
    pub(crate) async fn start(config: Config, count: usize, nats: Option<&str>) -> Self {
        let installations = (0..count).map(|n| Installation::new(&format!("node-{n}"))).collect();
        Self::of(config, installations, nats).await
    }

    /// Starts these nodes over a database.
    pub(crate) async fn of(config: Config, installations: Vec<Installation>, nats: Option<&str>) -> Self {
        let mut nodes = Vec::new();
        for installation in installations {
            let mut installation = installation.with("DATABASE_URL", &settings(&config));
            if let Some(url) = nats {
                installation = installation.with("OC_NATS_URL", url);
            }
            let process = Some(installation.start().await);
            nodes.push(Member { installation, process });
        }
        let cluster = Self { config, nodes };
        cluster.led().await;
        if nats.is_some() {
            let told = "NATS carries news between the nodes";
            eventually("all nodes hear of each other", async || {
                cluster.nodes.iter().all(|it| it.installation.has_logged(told))
            })
            .await;
        }
        cluster
    }

    /// Nobody in particular, who talks to one node.
    pub(crate) fn at(&self, node: usize) -> Client {
        self.nodes[node].installation.anybody()
    }

    /// The generation of the present leadership, and the node that has it; none while it is nobody's.
    pub(crate) async fn leader(&self) -> Option<(i64, usize)> {
        let db = client(&self.config).await;
        let sql = "select generation from leases where until > clock_timestamp()";
        let generation = db.query_opt(sql, &[]).await.unwrap()?.get(0);
        let said = format!("this node leads under generation {generation}:");
        let node = self.nodes.iter().position(|it| it.installation.has_logged(&said))?;
        Some((generation, node))
    }

    /// The same, once it is somebody's.
    pub(crate) async fn led(&self) -> (i64, usize) {
        eventually("somebody leads", async || self.leader().await.is_some()).await;
        self.leader().await.expect("for some seconds at least")
    }

    /// The one of two nodes that doesn't lead.
    pub(crate) async fn follower(&self) -> usize {
        1 - self.led().await.1
    }

    /// How long it takes until another node leads than the one that did.
    pub(crate) async fn failover(&self, since: Instant, from: (i64, usize)) -> (i64, usize, Duration) {
        loop {
            if let Some((generation, node)) = self.leader().await
                && generation > from.0
                && node != from.1
            {
                return (generation, node, since.elapsed());
            }
            assert!(since.elapsed() < Duration::from_secs(20), "nobody takes over");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// How the binary is told of a database.
fn settings(config: &Config) -> String {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<_> = config.get_hosts().iter().map(host).collect();
    let ports: Vec<_> = config.get_ports().iter().map(u16::to_string).collect();
    let mut text = format!("host={} port={} ", hosts.join(","), ports.join(","));
    if config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite {
        text.push_str("target_session_attrs=read-write ");
    }
    let password = config.get_password().map(|it| String::from_utf8(it.to_vec()).unwrap());
    text + &format!(
        "user={} password={} dbname={}",
        config.get_user().unwrap(),
        password.unwrap_or_default(),
        config.get_dbname().unwrap()
    )
}

impl Member {
    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs")
    }

    pub(crate) async fn kill(&mut self) {
        self.process.take().expect("it runs").kill().await;
    }

    pub(crate) async fn start(&mut self) {
        self.process = Some(self.installation.start().await);
    }
}

impl Balancer {
    pub(crate) async fn over(cluster: &Cluster) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let nodes = cluster.nodes.iter().map(|it| it.installation.address()).collect();
        Self { address, serving: tokio::spawn(balance(listener, nodes)) }
    }

    /// Somebody whose every request may go to another node.
    pub(crate) fn anybody(&self) -> Client {
        Client::without_memory(format!("http://{}", self.address))
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn balance(listener: TcpListener, mut nodes: Vec<SocketAddr>) {
    while let Ok((mut from, _)) = listener.accept().await {
        nodes.rotate_left(1);
        let order = nodes.clone();
        tokio::spawn(async move {
            for node in order {
                if let Ok(mut to) = TcpStream::connect(node).await {
                    // However it ends, both ends see it.
                    let _ = copy_bidirectional(&mut from, &mut to).await;
                    return;
                }
            }
        });
    }
}
