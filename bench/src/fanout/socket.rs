//! A websocket's client end that costs next to nothing: frames are written by hand and read where they have arrived.

use std::{
    net::SocketAddr,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::BenchError;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;
const PONG: u8 = 10;

/// One open socket.
pub(crate) struct Socket {
    stream: TcpStream,
    /// What has been read and not yet been looked at: at most the beginning of a frame, when it is followed.
    rest: Vec<u8>,
}

/// Where a task's sockets are read into, one at a time.
pub(crate) struct Scratch(Mutex<Box<[u8]>>);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(vec![0; CHUNK].into()))
    }
}

impl Socket {
    /// Shakes hands; `header` is a line of the caller's own, or nothing.
    pub(crate) async fn open(address: SocketAddr, path: &str, header: &str) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut it = Self { stream, rest: Vec::new() };
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: bench\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n"
        );
        it.stream.write_all(request.as_bytes()).await?;
        let end = loop {
            if let Some(at) = it.rest.windows(4).position(|it| it == b"\r\n\r\n") {
                break at + 4;
            }
            it.more().await?;
        };
        if !it.rest.starts_with(b"HTTP/1.1 101") {
            return Err(BenchError::Refused(String::from_utf8_lossy(&it.rest).into_owned()));
        }
        it.rest.drain(..end);
        Ok(it)
    }

    /// Sends a frame of text.
    pub(crate) async fn send(&mut self, payload: &[u8]) -> Result<(), BenchError> {
        Ok(self.stream.write_all(&written(1, payload)).await?)
    }

    /// Waits for a frame that has some words in it.
    pub(crate) async fn wait_for(&mut self, words: &[u8]) -> Result<(), BenchError> {
        loop {
            while let Some((_, payload)) = first_frame(&self.rest) {
                let end = payload.end;
                let found = self.rest[payload].windows(words.len()).any(|it| it == words);
                self.rest.drain(..end);
                if found {
                    self.rest.shrink_to_fit();
                    return Ok(());
                }
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), BenchError> {
        match self.stream.read_buf(&mut self.rest).await? {
            0 => Err(BenchError::SocketGone),
            _ => Ok(()),
        }
    }

    /// Hands on every frame's payload until the server closes the socket. Nothing is allocated but for frames that
    /// arrive in pieces.
    pub(crate) async fn follow(mut self, scratch: &Scratch, each: impl Fn(&[u8])) {
        while self.stream.readable().await.is_ok() {
            let mut scratch = scratch.0.lock().unwrap_or_else(PoisonError::into_inner);
            let arrived = match self.stream.try_read(&mut scratch) {
                Ok(0) => return,
                Ok(n) => &scratch[..n],
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => continue,
                Err(_) => return,
            };
            if self.rest.is_empty() {
                let used = self.look_at(arrived, &each);
                self.rest.extend_from_slice(&arrived[used..]);
            } else {
                self.rest.extend_from_slice(arrived);
                let mut rest = std::mem::take(&mut self.rest);
                let used = self.look_at(&rest, &each);
                rest.drain(..used);
                self.rest = rest;
            }
        }
    }

    /// Goes through the whole frames; answers how long they are together.
    fn look_at(&self, bytes: &[u8], each: &impl Fn(&[u8])) -> usize {
        let mut used = 0;
        while let Some((opcode, payload)) = first_frame(&bytes[used..]) {
            let frame = &bytes[used..][payload.clone()];
            used += payload.end;
            match opcode {
                // What can't be written at once is no loss: the server asks again.
                9 => drop(self.stream.try_write(&written(PONG, frame))),
                _ if frame == b"PING\r\n" => drop(self.stream.try_write(&written(1, b"PONG\r\n"))),
                _ => each(frame),
            }
        }
        used
    }
}

/// The frame at the beginning, if all of it is there: its opcode and where its payload is.
fn first_frame(bytes: &[u8]) -> Option<(u8, Range<usize>)> {
    let &[first, length, ..] = bytes else { return None };
    // A server's frames are not masked.
    let (begin, length) = match length {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let payload = begin..begin + usize::try_from(length).ok()?;
    (payload.end <= bytes.len()).then_some((first & 15, payload))
}

/// A client's frame; its mask is zero, which is a mask like any other.
fn written(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u16::try_from(payload.len()) {
        Ok(length @ ..126) => frame.push(0x80 | length.to_be_bytes()[1]),
        length => {
            frame.push(0x80 | 126);
            frame.extend(length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
