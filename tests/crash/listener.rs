//! Sockets that are opened again whenever they break, from where they were, and write down what they hear.

use std::time::Duration;

use openchat_domain::Position;
use serde_json::Value;
use tokio::sync::watch;

use crate::support::{
    server::Client,
    socket::{Frame, Socket},
};

/// How long a client waits before it calls a server that was gone again.
const PAUSE: Duration = Duration::from_millis(20);

/// What a socket has heard, from each snapshot to the next.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) resumed: usize,
}

/// A snapshot and what came after it.
pub(crate) struct Chapter {
    pub(crate) hello: Value,
    /// The position of the snapshot.
    pub(crate) from: Position,
    /// The position up to which everything was heard.
    pub(crate) upto: Position,
    pub(crate) messages: Vec<Value>,
}

/// Listens until everything up to the position that is told at last was heard.
pub(crate) async fn listen(
    client: Client,
    path: &'static str,
    mut last: watch::Receiver<Option<Position>>,
) -> Heard {
    let mut heard = Heard::default();
    loop {
        let after = heard.chapters.last().map(|chapter| chapter.upto);
        let Ok(mut socket) = client.try_socket(path, after).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        loop {
            if last.borrow_and_update().is_some_and(|last| heard.upto() >= last) {
                return heard;
            }
            // Either may be given up in the middle without a loss.
            tokio::select! {
                frame = socket.frame_ever() => match frame {
                    Frame::Json(frame) => heard.note(&socket, &frame, after),
                    Frame::Closed(code) => {
                        assert!(matches!(code, None | Some(4012)), "{path} was closed with {code:?}");
                        break;
                    }
                },
                told = last.changed() => told.expect("the test goes on"),
            }
        }
    }
}

impl Heard {
    fn note(&mut self, socket: &Socket, frame: &Value, after: Option<Position>) {
        match frame["type"].as_str().unwrap() {
            "hello" => self.chapters.push(Chapter {
                hello: frame.clone(),
                from: socket.position,
                upto: socket.position,
                messages: vec![],
            }),
            "resumed" => {
                assert_eq!(Some(socket.position), after);
                self.resumed += 1;
            }
            kind => {
                let chapter = self.chapters.last_mut().expect("a snapshot comes first");
                chapter.upto = socket.position;
                if kind == "message.posted" {
                    chapter.messages.push(frame["data"]["message"].clone());
                }
            }
        }
    }

    fn upto(&self) -> Position {
        self.chapters.last().map_or(-1, |chapter| chapter.upto)
    }
}
