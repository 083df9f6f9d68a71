//! The media server's own interface: rooms are opened, looked into, widened and closed.

use std::time::Duration;

use openchat_domain::conversation::CallKind;
use reqwest::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// How long the media server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a room waits for its first participant: longer than any call rings.
const EMPTY: u32 = 600;
/// How long a room outlives its last participant: longer than we wait for somebody to come back.
const DEPARTED: u32 = 90;

/// Why the media server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// It did not answer.
    #[error("the media server does not answer")]
    Silent(#[from] reqwest::Error),
    /// It answered something else.
    #[error("the media server answered {0}")]
    Refused(StatusCode),
}

/// The interface, at its address.
#[derive(Debug)]
pub(super) struct Rooms {
    http: reqwest::Client,
    base: String,
}

/// Somebody who is in a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Present {
    /// The identity that its token named.
    pub identity: String,
    /// The name that its token named.
    #[serde(default)]
    pub name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RoomList {
    rooms: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ParticipantList {
    participants: Vec<Present>,
}

impl Rooms {
    /// At an address, which may be the one that participants connect to.
    pub(super) fn at(url: &str) -> Result<Self, MediaError> {
        let base = url.trim_end_matches('/').replacen("ws", "http", usize::from(url.starts_with("ws")));
        crate::tls::settle();
        Ok(Self { http: reqwest::Client::builder().timeout(PATIENCE).build()?, base })
    }

    /// Opens a room; one that is open stays so.
    pub(super) async fn open(&self, token: &str, room: &str) -> Result<(), MediaError> {
        let body = json!({"name": room, "empty_timeout": EMPTY, "departure_timeout": DEPARTED});
        self.ask("CreateRoom", token, &body).await.map(|_: Value| ())
    }

    /// Who is in a room; none when there is no such room.
    pub(super) async fn look(&self, token: &str, room: &str) -> Result<Option<Vec<Present>>, MediaError> {
        let found: RoomList = self.ask("ListRooms", token, &json!({"names": [room]})).await?;
        if found.rooms.is_empty() {
            return Ok(None);
        }
        match self.ask("ListParticipants", token, &json!({"room": room})).await {
            Ok(ParticipantList { participants }) => Ok(Some(participants)),
            Err(MediaError::Refused(StatusCode::NOT_FOUND)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Lets somebody who is in a room send what the kind of call needs.
    pub(super) async fn permit(
        &self,
        token: &str,
        room: &str,
        identity: &str,
        kind: CallKind,
    ) -> Result<(), MediaError> {
        let sources: Vec<_> = super::sources(kind).iter().map(|source| source.to_uppercase()).collect();
        let permission = json!({
            "can_subscribe": true, "can_publish": true, "can_publish_data": false, "can_publish_sources": sources
        });
        let body = json!({"room": room, "identity": identity, "permission": permission});
        gone_is_fine(self.ask("UpdateParticipant", token, &body).await)
    }

    /// Closes a room and sends everybody out.
    pub(super) async fn close(&self, token: &str, room: &str) -> Result<(), MediaError> {
        gone_is_fine(self.ask("DeleteRoom", token, &json!({"room": room})).await)
    }

    async fn ask<T: DeserializeOwned>(&self, what: &str, token: &str, body: &Value) -> Result<T, MediaError> {
        let url = format!("{}/twirp/livekit.RoomService/{what}", self.base);
        let answer = self.http.post(url).bearer_auth(token).json(body).send().await?;
        match answer.status() {
            StatusCode::OK => Ok(answer.json().await?),
            status => Err(MediaError::Refused(status)),
        }
    }
}

/// Who is to be sent out of a room, or the room that is to be closed, may be gone already.
fn gone_is_fine(answer: Result<Value, MediaError>) -> Result<(), MediaError> {
    match answer {
        Ok(_) | Err(MediaError::Refused(StatusCode::NOT_FOUND)) => Ok(()),
        Err(e) => Err(e),
    }
}
