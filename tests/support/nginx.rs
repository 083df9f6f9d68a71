//! A real nginx with the configuration that `deploy/` has, in front of two nodes.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;

use super::{cluster::Cluster, eventually, free_port, scratch, server::Client};

/// An nginx. Dropped, it is stopped.
pub(crate) struct Nginx {
    address: SocketAddr,
    nodes: [SocketAddr; 2],
    dir: PathBuf,
    process: Child,
}

impl Nginx {
    /// Starts one that may open as few files as most systems let a service open.
    pub(crate) async fn over(cluster: &Cluster) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let dir = scratch("nginx");
        let nodes = [0, 1].map(|node| cluster.nodes[node].installation.address());
        fs::write(dir.join("nginx.conf"), configuration(&dir, address, nodes)).unwrap();
        let process = Command::new("sh")
            .args(["-c", r#"ulimit -Sn 1024 && exec "$0" "$@""#])
            .arg(program())
            .args(["-g", &format!("daemon off; pid {};", dir.join("pid").display())])
            .arg("-e")
            .arg(dir.join("error.log"))
            .arg("-c")
            .arg(dir.join("nginx.conf"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(dir.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let nginx = Self { address, nodes, dir, process };
        eventually("nginx listens", async || TcpStream::connect(address).await.is_ok()).await;
        nginx
    }

    /// Somebody whose every request may go to another node.
    pub(crate) fn anybody(&self) -> Client {
        Client::at(format!("http://{}", self.address))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Marks a node as down, or none, and reads its configuration again.
    pub(crate) async fn reload_without(&self, node: Option<usize>) {
        let mut text = configuration(&self.dir, self.address, self.nodes);
        if let Some(node) = node {
            let server = format!("server {}", self.nodes[node]);
            text = text.replace(&server, &format!("{server} down"));
        }
        fs::write(self.dir.join("nginx.conf"), text).unwrap();
        let before = self.workers();
        kill_process(Pid::from_child(&self.process), Signal::HUP).unwrap();
        // Those from before may stay, for the websockets that they have.
        eventually("new workers work", async || self.workers().iter().any(|it| !before.contains(it))).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// How many files one of its workers may open.
    pub(crate) fn files(&self) -> u64 {
        let worker = &self.workers()[0];
        let limits = fs::read_to_string(format!("/proc/{worker}/limits")).unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    fn workers(&self) -> Vec<String> {
        let pid = self.process.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        children.split_whitespace().map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log =
                ["stderr", "error.log"].map(|it| fs::read_to_string(self.dir.join(it)).unwrap_or_default());
            eprintln!("What nginx says:\n{}", log.concat());
        }
        // Its workers end with it only when it is asked.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The configuration as it is, but for the addresses and for where it may write.
fn configuration(dir: &Path, listen: SocketAddr, nodes: [SocketAddr; 2]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nginx.conf");
    let mut text = fs::read_to_string(path).unwrap();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let own = kinds.map(|it| format!("{it}_temp_path {};", dir.join(it).display())).concat();
    for (theirs, ours) in [
        ("http {", format!("http {{ access_log off; {own}")),
        ("listen 8080;", format!("listen {listen};")),
        ("node-a:8080", nodes[0].to_string()),
        ("node-b:8080", nodes[1].to_string()),
    ] {
        assert!(text.contains(theirs), "{theirs} in deploy/nginx.conf");
        text = text.replace(theirs, &ours);
    }
    text
}

fn program() -> PathBuf {
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    super::program("nginx", more, "nginx is missing: `make need-nginx` says how to install it")
}
