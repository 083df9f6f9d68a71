//! A real media server, and somebody who really joins its rooms with a client that isn't ours.

use std::{
    net::{Ipv4Addr, UdpSocket},
    path::{Path, PathBuf},
    process::Stdio,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use openchat::calls::{MediaServer, find};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::support::{eventually, free_port};

/// The media server's program.
pub(crate) fn program() -> PathBuf {
    find(None, std::env::var_os("PATH").as_deref())
        .expect("livekit-server is missing: `make livekit` builds it, and needs Go")
}

/// A media server that tells nobody anything, and can be killed. Dropped, it is.
pub(crate) struct Media {
    process: Child,
    pub(crate) server: MediaServer,
}

impl Media {
    pub(crate) async fn start() -> Self {
        let port = free_port();
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let secret = "a secret of the tests, long enough";
        let config = json!({
            "port": port, "bind_addresses": ["127.0.0.1"], "keys": {"test": secret},
            "rtc": {"udp_port": udp, "tcp_port": 0, "node_ip": "127.0.0.1", "enable_loopback_candidate": true,
                "interfaces": {"includes": ["lo", "lo0"]}, "ips": {"includes": ["127.0.0.1/32"]}},
            "logging": {"level": "error"},
        });
        let process = Command::new(program())
            .env("LIVEKIT_CONFIG", config.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        eventually("the media server listens", async || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()
        })
        .await;
        let url = format!("ws://127.0.0.1:{port}");
        Self {
            process,
            server: MediaServer { url, api_url: None, key: "test".to_owned(), secret: secret.to_owned() },
        }
    }

    /// A token with these claims, as whoever knows the secret makes it.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.server.secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }
}

/// What a token says.
pub(crate) fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// Somebody in a call's room.
pub(crate) struct Participant {
    process: Child,
    says: Lines<BufReader<ChildStdout>>,
    leaves: Option<ChildStdin>,
}

impl Participant {
    /// Comes to the room that an answer leads to.
    pub(crate) fn come(pass: &Value, sends: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("build/tools/livekit-client-1.2.1/bin/python");
        assert!(python.is_file(), "the client is missing: `make livekit-client` fetches it");
        let mut process = Command::new(python)
            .arg(root.join("tests/calls/participant.py"))
            .args([pass["serverUrl"].as_str().unwrap(), pass["token"].as_str().unwrap()])
            .args(sends)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let says = BufReader::new(process.stdout.take().unwrap()).lines();
        let leaves = process.stdin.take();
        Self { process, says, leaves }
    }

    /// What it says next about something.
    pub(crate) async fn says(&mut self, event: &str) -> Value {
        let line = async {
            while let Some(line) = self.says.next_line().await.unwrap() {
                let said: Value = serde_json::from_str(&line).unwrap();
                if said["event"] == event {
                    return said;
                }
            }
            panic!("it ended without saying {event:?}");
        };
        let limit = std::time::Duration::from_secs(30);
        tokio::time::timeout(limit, line).await.unwrap_or_else(|_| panic!("it never says {event:?}"))
    }

    /// What it has said of late that nobody has asked for.
    pub(crate) fn said_so_far(&mut self) -> Vec<String> {
        std::iter::from_fn(|| {
            let line = self.says.next_line().now_or_never()?.unwrap()?;
            let said: Value = serde_json::from_str(&line).unwrap();
            Some(said["event"].as_str().unwrap().to_owned())
        })
        .collect()
    }

    /// Leaves as whoever closes the page.
    pub(crate) async fn leave(mut self) {
        drop(self.leaves.take());
        self.process.wait().await.unwrap();
    }
}
