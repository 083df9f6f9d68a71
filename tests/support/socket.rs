//! A websocket client that proves to itself that nothing is missing.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use openchat_domain::Position;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

/// How long a frame may take to come.
const SOON: Duration = Duration::from_secs(10);

/// An open socket.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The position up to which everything is known.
    pub(crate) position: Position,
    first: bool,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    Json(Value),
    Closed(Option<u16>),
}

impl Socket {
    pub(crate) async fn open(url: &str, headers: &[(&'static str, String)]) -> tungstenite::Result<Self> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let (stream, _) = connect_async(request).await?;
        Ok(Self { stream, position: 0, first: true })
    }

    /// The next frame, after checking that it follows on what came before without a gap or a repetition.
    pub(crate) async fn frame(&mut self) -> Frame {
        tokio::time::timeout(SOON, self.frame_ever()).await.expect("a frame comes")
    }

    /// The same, however long it takes; may be given up and asked for again.
    pub(crate) async fn frame_ever(&mut self) -> Frame {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text).unwrap();
                    self.check(&frame);
                    return Frame::Json(frame);
                }
                Some(Ok(Message::Close(frame))) => return Frame::Closed(frame.map(|f| f.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Frame::Closed(None),
            }
        }
    }

    /// The next JSON frame.
    pub(crate) async fn json(&mut self) -> Value {
        match self.frame().await {
            Frame::Json(frame) => frame,
            Frame::Closed(code) => panic!("the socket closed with {code:?}"),
        }
    }

    /// The next frame of a type, others being passed over (but checked).
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.json().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The texts of the next messages that are posted.
    pub(crate) async fn hear(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            let message = self.next("message.posted").await;
            texts.push(message["data"]["message"]["text"].as_str().unwrap().to_owned());
        }
        texts
    }

    /// The code with which the server closes, what came before being passed over.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Frame::Closed(code) = self.frame().await {
                return code;
            }
        }
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.stream.send(Message::text(frame.to_string())).await.unwrap();
    }

    fn check(&mut self, frame: &Value) {
        let Some(position) = frame["position"].as_i64() else { return };
        match frame["type"].as_str() {
            Some("hello") => self.position = position,
            Some("resumed") => {
                assert!(self.first, "resumed comes first");
                self.position = position;
            }
            _ => {
                let previous = frame["previous"].as_i64().unwrap();
                assert!(previous <= self.position, "a gap: {} then {frame}", self.position);
                assert!(position > self.position, "a repetition: {} then {frame}", self.position);
                self.position = position;
            }
        }
        self.first = false;
    }
}
