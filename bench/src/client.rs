//! A client that costs next to nothing, as wrk's: requests over one kept connection, written and read by hand, because
//! client, server and database share the machine.

use std::net::SocketAddr;

use openchat_domain::Position;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::BenchError;

/// One kept connection.
pub(crate) struct Caller {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A business's backend, which posts messages.
pub(crate) struct Backend {
    address: SocketAddr,
    header: String,
    caller: Option<Caller>,
}

/// What came back.
pub(crate) struct Answer<'a> {
    head: &'a str,
    body: &'a [u8],
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// Sends a request with one header line of the caller's own and reads the answer.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        header: &str,
        body: &str,
    ) -> Result<Answer<'_>, BenchError> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\n{header}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        let body_begins = loop {
            if let Some(at) = self.received.windows(4).position(|it| it == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = std::str::from_utf8(&self.received[..body_begins]).map_err(garbled)?;
        let length = header_of(head, "content-length").and_then(|it| it.parse().ok()).unwrap_or(0_usize);
        while self.received.len() < body_begins + length {
            self.more().await?;
        }
        let head = std::str::from_utf8(&self.received[..body_begins]).map_err(garbled)?;
        let answer = Answer { head, body: &self.received[body_begins..] };
        if head.starts_with("HTTP/1.1 2") { Ok(answer) } else { Err(BenchError::Refused(answer.text())) }
    }

    async fn more(&mut self) -> Result<(), BenchError> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(BenchError::Refused("the server closed the connection".to_owned())),
            _ => Ok(()),
        }
    }
}

impl Backend {
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, header: format!("x-api-key: {key}"), caller: None }
    }

    /// Says something in a conversation. It connects when it first does: a connection on which nothing is asked for is closed.
    pub(crate) async fn say(&mut self, conversation: &str, text: &str) -> Result<Answer<'_>, BenchError> {
        let path = format!("/api/public/support/conversations/{conversation}/messages");
        let body = serde_json::json!({"message": {"type": "text", "text": text}}).to_string();
        let caller = match &mut self.caller {
            Some(caller) => caller,
            none => none.insert(Caller::connect(self.address).await?),
        };
        caller.ask("POST", &path, &self.header, &body).await
    }
}

impl Answer<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        header_of(self.head, name)
    }

    /// Where in the log it says that what was asked for is.
    pub(crate) fn position(&self) -> Option<Position> {
        self.header("x-oc-position")?.parse().ok()
    }

    /// Its body.
    pub(crate) fn json(&self) -> Result<serde_json::Value, BenchError> {
        Ok(serde_json::from_slice(self.body)?)
    }

    fn text(&self) -> String {
        format!("{}{}", self.head, String::from_utf8_lossy(self.body))
    }
}

fn header_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(it, _)| it.eq_ignore_ascii_case(name))
        .map(|it| it.1)
}

fn garbled(error: std::str::Utf8Error) -> BenchError {
    BenchError::Refused(error.to_string())
}
