//! What a socket writes: frames that are encoded once for all sockets, out of the queue that it has at present.
//!
//! The queue is the response's body itself, so between a room and the connection there is neither a task nor another
//! queue, and frames that wait go out in one write.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use actix_http::ws::{CloseCode, CloseReason, Codec, Message};
use actix_web::{
    HttpResponse,
    body::{BodyStream, BoxBody},
};
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::sync::mpsc;
use tokio_util::codec::Encoder as _;

/// A message as it travels; a server's are not masked, so all sockets can have the same bytes.
#[derive(Debug, Clone)]
pub(super) struct Frame(Bytes);

impl Frame {
    /// A ping.
    pub(super) fn ping() -> Self {
        Self::of(Message::Ping(Bytes::new()))
    }

    /// The answer to a client's ping.
    pub(super) fn pong(payload: Bytes) -> Self {
        Self::of(Message::Pong(payload))
    }

    /// The last one.
    pub(super) fn close(code: u16) -> Self {
        Self::of(Message::Close(Some(CloseReason { code: CloseCode::Other(code), description: None })))
    }

    fn of(message: Message) -> Self {
        let mut bytes = BytesMut::new();
        Codec::new()
            .encode(message, &mut bytes)
            .unwrap_or_else(|_| unreachable!("whole messages can be encoded"));
        Self(bytes.freeze())
    }
}

impl From<String> for Frame {
    fn from(text: String) -> Self {
        Self::of(Message::Text(text.into()))
    }
}

/// Gives a socket another queue to write from; what is in the one before is forgotten. Dropped, it ends the socket once
/// the last queue is empty.
#[derive(Debug)]
pub(super) struct Wire(mpsc::UnboundedSender<mpsc::Receiver<Frame>>);

impl Wire {
    /// The way to a handshake's response that writes what it is given.
    pub(super) fn of(response: HttpResponse) -> (Self, HttpResponse) {
        let (wire, switched) = mpsc::unbounded_channel();
        (Self(wire), response.map_body(|_, body| BoxBody::new(BodyStream::new(Written::new(switched, body)))))
    }

    /// Writes from this queue from here on.
    pub(super) fn switch(&self, queue: mpsc::Receiver<Frame>) {
        // Nobody reads a connection that is gone.
        let _ = self.0.send(queue);
    }

    /// Says good-bye, after which the socket ends.
    pub(super) fn close(self, code: u16) {
        let (last, queue) = mpsc::channel(1);
        let _ = last.try_send(Frame::close(code));
        self.switch(queue);
    }
}

struct Written {
    queue: mpsc::Receiver<Frame>,
    switched: mpsc::UnboundedReceiver<mpsc::Receiver<Frame>>,
    /// What the handshake would have written from; its end tells the reading side that the connection is gone.
    _connected: BoxBody,
}

impl Written {
    fn new(switched: mpsc::UnboundedReceiver<mpsc::Receiver<Frame>>, handshake: BoxBody) -> Self {
        Self { queue: mpsc::channel(1).1, switched, _connected: handshake }
    }
}

impl Stream for Written {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let ended = loop {
            match self.switched.poll_recv(context) {
                Poll::Ready(Some(queue)) => self.queue = queue,
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        match self.queue.poll_recv(context) {
            Poll::Ready(Some(Frame(bytes))) => Poll::Ready(Some(Ok(bytes))),
            Poll::Ready(None) | Poll::Pending if ended => Poll::Ready(None),
            // Another queue may come.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    fn written() -> (Wire, Written) {
        let (wire, switched) = mpsc::unbounded_channel();
        (Wire(wire), Written::new(switched, BoxBody::new(())))
    }

    #[test]
    fn a_frame_says_how_long_it_is() {
        assert_eq!(&Frame::from("hi".to_owned()).0[..], b"\x81\x02hi");
        assert_eq!(&Frame::from("x".repeat(300)).0[..4], b"\x81\x7e\x01\x2c");
        assert_eq!(&Frame::close(4008).0[..], b"\x88\x02\x0f\xa8");
    }

    #[tokio::test]
    async fn a_queue_that_was_switched_is_forgotten_and_the_last_one_is_written_to_its_end() {
        let (wire, mut written) = written();
        let (old, queue) = mpsc::channel(2);
        wire.switch(queue);
        old.send(Frame::from("one".to_owned())).await.unwrap();
        old.send(Frame::from("never".to_owned())).await.unwrap();
        assert_eq!(&written.next().await.unwrap().unwrap()[2..], b"one");
        wire.close(4008);
        assert_eq!(written.next().await.unwrap().unwrap(), Frame::close(4008).0);
        assert!(written.next().await.is_none());
        assert!(old.is_closed());
    }

    #[tokio::test]
    async fn a_socket_whose_queue_nobody_fills_any_more_waits_for_another() {
        let (wire, mut written) = written();
        wire.switch(mpsc::channel(1).1);
        assert!(written.next().now_or_never().is_none());
        let (next, queue) = mpsc::channel(1);
        wire.switch(queue);
        next.send(Frame::ping()).await.unwrap();
        assert_eq!(&written.next().await.unwrap().unwrap()[..], b"\x89\x00");
        drop(wire);
        assert!(written.next().await.is_none());
    }
}
