//! What waits to be written to one socket, in a bounded queue: a reader that is too slow is cut, never waited for.

use std::sync::Arc;

use openchat_projections::feed::close;
use tokio::sync::{mpsc, watch};

use super::wire::Frame;

/// How many frames may wait for one socket.
const CAPACITY: usize = 2048;

/// What a socket is told beside its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Go on.
    Open,
    /// Begin anew with a fresh snapshot; the frames that still wait don't count any more.
    Renew,
    /// Close with this code.
    Close(u16),
}

/// The hub's end; clones feed the same socket.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    frames: mpsc::Sender<Frame>,
    signal: Arc<watch::Sender<Signal>>,
}

/// What the hub says beside frames.
pub(super) type Signals = watch::Receiver<Signal>;

/// A queue for one socket: the hub's end, what it says beside, and what is to be written.
pub(super) fn outbox() -> (Outbox, Signals, mpsc::Receiver<Frame>) {
    let (frames, queue) = mpsc::channel(CAPACITY);
    let (signal, signals) = watch::channel(Signal::Open);
    (Outbox { frames, signal: Arc::new(signal) }, signals, queue)
}

impl Outbox {
    /// The way to put frames into the queue and wait while it is full.
    pub(super) fn frames(&self) -> mpsc::Sender<Frame> {
        self.frames.clone()
    }

    /// Waits until so many frames more can wait, or the socket is gone.
    pub(super) async fn has_room(&self, frames: usize) {
        // Beside the room's there is no more than an odd pong, so what was free a moment ago nearly still is.
        let _ = self.frames.reserve_many(frames).await;
    }

    /// Waits until nothing waits any more, or the socket is gone.
    pub(super) async fn emptied(&self) {
        self.has_room(CAPACITY).await;
    }

    /// Puts a frame into the queue; a full queue closes the socket as too slow. Answers whether it goes on.
    pub(super) fn push(&self, frame: Frame) -> bool {
        match self.frames.try_send(frame) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.close(close::TOO_SLOW);
                false
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }

    /// Asks the socket to begin anew.
    pub(super) fn renew(&self) {
        self.signal.send_if_modified(|signal| {
            let open = *signal == Signal::Open;
            if open {
                *signal = Signal::Renew;
            }
            open
        });
    }

    /// Closes the socket; the first code counts.
    pub(super) fn close(&self, code: u16) {
        self.signal.send_if_modified(|signal| {
            let open = !matches!(signal, Signal::Close(_));
            if open {
                *signal = Signal::Close(code);
            }
            open
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_closes_its_socket_and_nothing_else_does() {
        let (outbox, signals, _queue) = outbox();
        for n in 0..CAPACITY {
            assert!(outbox.push(n.to_string().into()));
        }
        assert_eq!(*signals.borrow(), Signal::Open);
        assert!(!outbox.push("one too many".to_owned().into()));
        assert_eq!(*signals.borrow(), Signal::Close(close::TOO_SLOW));
        outbox.close(close::RESTARTING);
        outbox.renew();
        assert_eq!(*signals.borrow(), Signal::Close(close::TOO_SLOW));
    }
}
