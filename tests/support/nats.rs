//! A real NATS server that can be stopped and started again at the same address.

use std::{net::Ipv4Addr, path::PathBuf, process::Stdio};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use super::{eventually, free_port};

/// A NATS. Dropped, it is killed.
pub(crate) struct Nats {
    port: u16,
    process: Option<Child>,
}

impl Nats {
    pub(crate) async fn start() -> Self {
        let mut nats = Self { port: free_port(), process: None };
        nats.start_again().await;
        nats
    }

    pub(crate) async fn start_again(&mut self) {
        let process = Command::new(program())
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.process = Some(process);
        eventually("NATS listens", async || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_ok()
        })
        .await;
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.unwrap();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

fn program() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("build/nats");
    super::program("nats-server", [built], "nats-server is missing: `make nats` builds it, and needs Go")
}
