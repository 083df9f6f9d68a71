//! What the tests of all aggregates share: ids by number, values from texts, times by second.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    AgentId, CallId, ChannelId, CustomerId, Decider, Email, ExternalUserId, File, FileId, FileName, KeyId,
    MediaType, MessageId, MessageText, Metadata, Name, Origin, Phone, Shortcut, Subject, Tag, Url, UserId,
    conversation::{AgentRef, CustomerRef},
};

macro_rules! ids {
    ($($function:ident -> $id:ident;)+) => {$(
        pub(crate) const fn $function(n: u128) -> $id {
            $id::from_uuid(Uuid::from_u128(n))
        }
    )+};
}

macro_rules! texts {
    ($($function:ident -> $text:ident;)+) => {$(
        pub(crate) fn $function(text: &str) -> $text {
            $text::new(text).expect("a value that the edge would accept")
        }
    )+};
}

ids! {
    agent_id -> AgentId;
    call_id -> CallId;
    channel_id -> ChannelId;
    customer_id -> CustomerId;
    file_id -> FileId;
    key_id -> KeyId;
    message_id -> MessageId;
    user_id -> UserId;
}

texts! {
    email -> Email;
    external_user_id -> ExternalUserId;
    message_text -> MessageText;
    name -> Name;
    origin -> Origin;
    phone -> Phone;
    shortcut -> Shortcut;
    subject -> Subject;
    tag -> Tag;
    url -> Url;
}

/// A file as an upload left it.
pub(crate) fn file(n: u128, name: &str, media_type: &str) -> File {
    let media_type = MediaType::new(media_type).expect("a kind that may be sent");
    File { id: file_id(n), name: FileName::new(name), media_type, size: 48_213 }
}

/// The history, and then the event.
pub(crate) fn with<E>(mut history: Vec<E>, event: E) -> Vec<E> {
    history.push(event);
    history
}

/// The state after the history.
pub(crate) fn fold<D: Decider>(history: &[D::Event]) -> D {
    history.iter().fold(D::default(), |mut state, event| {
        state.evolve(event);
        state
    })
}

pub(crate) fn tags(texts: &[&str]) -> Vec<Tag> {
    texts.iter().map(|text| tag(text)).collect()
}

/// So many different tags.
pub(crate) fn many_tags(count: usize) -> Vec<Tag> {
    (0..count).map(|n| tag(&format!("tag {n:03}"))).collect()
}

pub(crate) fn metadata(values: serde_json::Value) -> Metadata {
    Metadata::new(serde_json::from_value(values).expect("a JSON object")).expect("fine metadata")
}

/// A day in 2026, and so many seconds later.
pub(crate) const fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000 + second, 0).expect("a time within range")
}

pub(crate) fn ana() -> AgentRef {
    AgentRef { id: agent_id(1), name: name("Ana") }
}

pub(crate) fn ben() -> AgentRef {
    AgentRef { id: agent_id(2), name: name("Ben") }
}

/// A customer that the business knows.
pub(crate) fn jane() -> CustomerRef {
    CustomerRef {
        id: customer_id(1),
        external_user_id: Some(external_user_id("cus_123")),
        name: Some(name("Jane")),
        email: Some(email("jane@example.com")),
        phone: None,
        metadata: metadata(serde_json::json!({"plan": "pro"})),
    }
}

/// A customer of whom nothing is known.
pub(crate) fn visitor() -> CustomerRef {
    CustomerRef {
        id: customer_id(2),
        external_user_id: None,
        name: None,
        email: None,
        phone: None,
        metadata: Metadata::default(),
    }
}
