//! Calls: who may join what on the media server, a LiveKit, which carries voices and pictures.
//!
//! Its interface is a handful of signed JSON requests, spoken here as they are: LiveKit's own crate for it would bring
//! some forty others along, a third of them in a second version.

mod local;
mod rooms;
mod token;

use std::{path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    CallId,
    conversation::{Author, CallKind},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use rooms::Rooms;

pub use local::{LocalError, LocalServer, find};
pub use rooms::{MediaError, Present};

/// How long a token lets its holder come in; whoever is in stays in.
const JOIN: TimeDelta = TimeDelta::minutes(10);
/// How long a token for the media server's own interface holds.
const ASK: TimeDelta = TimeDelta::minutes(1);
/// How far the media server's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// How calls are carried.
#[derive(Debug, Clone)]
pub struct CallOptions {
    /// By which media server.
    pub media: MediaOptions,
    /// How long a call rings.
    pub ring: TimeDelta,
}

impl CallOptions {
    /// Nobody can call.
    #[must_use]
    pub const fn off() -> Self {
        Self { media: MediaOptions::None, ring: TimeDelta::seconds(45) }
    }
}

/// Which media server there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaOptions {
    /// None: there are no calls.
    None,
    /// One that somebody runs.
    Server(MediaServer),
    /// One that we start and stop.
    Local {
        /// The program.
        program: PathBuf,
        /// Where it is kept what the next process must know to adopt it; without one, it ends with this process.
        folder: Option<PathBuf>,
    },
}

/// A media server.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaServer {
    /// Where participants connect to: `ws://…` or `wss://…`.
    pub url: String,
    /// Where its own interface is, when that is another address.
    pub api_url: Option<String>,
    /// The key's name.
    pub key: String,
    /// The key's secret.
    pub secret: String,
}

/// The calls of a server that may have no media server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Calls {
    media: Option<Arc<Media>>,
    ring: TimeDelta,
    news: Arc<Notify>,
}

/// The media server.
#[derive(Debug)]
pub struct Media {
    server: MediaServer,
    rooms: Rooms,
}

/// The way into a call's room for one participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// What opens it.
    pub token: String,
    /// The room.
    pub room_name: String,
    /// The media server.
    pub server_url: String,
}

/// What the media server tells of by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct News {
    /// In which room something happened.
    pub room: Option<NewsRoom>,
}

/// A room that news are of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NewsRoom {
    /// Its name.
    pub name: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    iss: String,
    exp: i64,
    sha256: String,
}

impl Calls {
    /// With the media server, if there is one.
    ///
    /// # Errors
    /// When no connections can be made at all.
    pub fn new(server: Option<MediaServer>, ring: TimeDelta) -> Result<Self, MediaError> {
        let media = match server {
            Some(server) => Some(Arc::new(Media {
                rooms: Rooms::at(server.api_url.as_ref().unwrap_or(&server.url))?,
                server,
            })),
            None => None,
        };
        Ok(Self { media, ring, news: Arc::default() })
    }

    /// The media server.
    #[must_use]
    pub const fn media(&self) -> Option<&Arc<Media>> {
        self.media.as_ref()
    }

    /// How long a call rings.
    #[must_use]
    pub const fn ring(&self) -> TimeDelta {
        self.ring
    }

    /// Something has happened: calls are to be looked at now.
    pub fn nudge(&self) {
        self.news.notify_one();
    }

    /// Waits until something happens, at most so long.
    pub async fn news(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.news.notified()).await;
    }
}

impl Media {
    /// The name of a call's room. Who doesn't know it from a token can't guess it.
    #[must_use]
    pub fn room(&self, call: CallId) -> String {
        format!("{call}_{}", token::derive(self.server.secret.as_bytes(), &format!("room of {call}")))
    }

    /// The call whose room has this name; none when the name isn't one of ours.
    #[must_use]
    pub fn call_of(&self, room: &str) -> Option<CallId> {
        let (call, _) = room.rsplit_once('_')?;
        call.parse().ok().filter(|call| self.room(*call) == room)
    }

    /// The way into a call's room for one participant, who may send what the kind of call needs and nothing else.
    #[must_use]
    pub fn pass(&self, call: CallId, who: &Author, kind: CallKind, now: DateTime<Utc>) -> Pass {
        let room_name = self.room(call);
        let (identity, name) = match who {
            Author::Customer { id, name } => (id.to_string(), name.as_ref().map(ToString::to_string)),
            Author::Agent { id, name } => (id.to_string(), Some(name.to_string())),
            Author::System => ("system".to_owned(), None),
        };
        let claims = json!({
            "iss": self.server.key,
            "sub": identity,
            "name": name.unwrap_or_default(),
            "nbf": (now - SKEW).timestamp(),
            "exp": (now + JOIN).timestamp(),
            "video": {
                "room": room_name,
                "roomJoin": true,
                "canSubscribe": true,
                "canPublish": true,
                "canPublishData": false,
                "canPublishSources": sources(kind),
            },
        });
        let token = token::sign(&claims, self.server.secret.as_bytes());
        Pass { token, room_name, server_url: self.server.url.clone() }
    }

    /// Opens a call's room.
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn open(&self, call: CallId, now: DateTime<Utc>) -> Result<(), MediaError> {
        let room = self.room(call);
        self.rooms.open(&self.authority(&room, now), &room).await
    }

    /// Who is in a call's room; none when there is no such room.
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn look(&self, call: CallId, now: DateTime<Utc>) -> Result<Option<Vec<Present>>, MediaError> {
        let room = self.room(call);
        self.rooms.look(&self.authority(&room, now), &room).await
    }

    /// Lets everybody in a call's room send what its kind needs from now on.
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn permit(&self, call: CallId, kind: CallKind, now: DateTime<Utc>) -> Result<(), MediaError> {
        let room = self.room(call);
        let token = self.authority(&room, now);
        for present in self.rooms.look(&token, &room).await?.unwrap_or_default() {
            self.rooms.permit(&token, &room, &present.identity, kind).await?;
        }
        Ok(())
    }

    /// Closes a call's room: everybody is sent out, and no token opens it again unless it is opened anew.
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn close(&self, call: CallId, now: DateTime<Utc>) -> Result<(), MediaError> {
        let room = self.room(call);
        self.rooms.close(&self.authority(&room, now), &room).await
    }

    /// What the media server tells, if it is the media server that tells it: its token seals the very bytes.
    #[must_use]
    pub fn hear(&self, seal: &str, body: &[u8], now: DateTime<Utc>) -> Option<News> {
        let seal: Sealed = token::verify(seal, self.server.secret.as_bytes())?;
        let holds = seal.iss == self.server.key
            && seal.exp >= (now - SKEW).timestamp()
            && seal.sha256 == STANDARD.encode(Sha256::digest(body));
        if !holds {
            return None;
        }
        serde_json::from_slice(body).ok()
    }

    fn authority(&self, room: &str, now: DateTime<Utc>) -> String {
        let claims = json!({
            "iss": self.server.key,
            "nbf": (now - SKEW).timestamp(),
            "exp": (now + ASK).timestamp(),
            "video": {"room": room, "roomCreate": true, "roomList": true, "roomAdmin": true},
        });
        token::sign(&claims, self.server.secret.as_bytes())
    }
}

/// What may be sent in a call, in the media server's words.
const fn sources(kind: CallKind) -> &'static [&'static str] {
    match kind {
        CallKind::Audio => &["microphone"],
        CallKind::Video => &["camera", "microphone", "screen_share", "screen_share_audio"],
    }
}

impl std::fmt::Debug for MediaServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaServer").field("url", &self.url).field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn media() -> Media {
        let server = MediaServer {
            url: "ws://127.0.0.1:1".to_owned(),
            api_url: None,
            key: "key".to_owned(),
            secret: "secret".to_owned(),
        };
        Media { rooms: Rooms::at(&server.url).unwrap(), server }
    }

    fn sealed(body: &[u8], exp: i64, secret: &[u8]) -> String {
        let sha256 = STANDARD.encode(Sha256::digest(body));
        token::sign(&Sealed { iss: "key".to_owned(), exp, sha256 }, secret)
    }

    #[test]
    fn a_rooms_name_tells_its_call_and_is_no_guess() {
        let (media, call) = (media(), CallId::from_uuid(Uuid::from_u128(1)));
        let room = media.room(call);
        assert_eq!(media.call_of(&room), Some(call));
        let guess = format!("{call}_{}", "0".repeat(32));
        assert_eq!((media.call_of(&guess), media.call_of("anything")), (None, None));
        assert_eq!(room.len(), guess.len());
    }

    #[test]
    fn only_the_media_servers_own_fresh_news_are_heard() {
        let (media, now) = (media(), DateTime::UNIX_EPOCH);
        let body = br#"{"event":"room_started","room":{"name":"a"},"id":"EV_1"}"#;
        let heard = media.hear(&sealed(body, 5, b"secret"), body, now);
        assert_eq!(heard.and_then(|news| news.room).map(|room| room.name), Some("a".to_owned()));
        assert_eq!(media.hear(&sealed(body, 5, b"another"), body, now), None);
        assert_eq!(media.hear(&sealed(b"{}", 5, b"secret"), body, now), None);
        assert_eq!(media.hear(&sealed(body, -61, b"secret"), body, now), None);
    }
}
