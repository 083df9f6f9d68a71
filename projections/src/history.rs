//! Given: histories for the tests of folds, one business's events numbered as the log numbers them.

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    Actor, AgentId, BusinessId, CommandId, ConversationId, CustomerId, DomainEvent, EventMetadata, File,
    FileId, FileName, KeyId, MediaType, MessageId, MessageText, Name, Recorded, Tag, Via,
    agent::AgentEvent,
    business::BusinessEvent,
    conversation::{AgentRef, Author, Channel, ConversationEvent, CustomerRef, MessageBody},
    customer::CustomerEvent,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A business's events, each a minute after the one before, in positions 1, 2, 3, …
#[derive(Debug, Default)]
pub(crate) struct History(Vec<Recorded>);

impl History {
    pub(crate) fn conversation(self, id: u128, event: ConversationEvent) -> Self {
        self.then(DomainEvent::Conversation(conversation(id), event))
    }

    pub(crate) fn customer(self, id: u128, event: CustomerEvent) -> Self {
        self.then(DomainEvent::Customer(customer(id), event))
    }

    pub(crate) fn agent(self, id: u128, event: AgentEvent) -> Self {
        self.then(DomainEvent::Agent(agent(id), event))
    }

    pub(crate) fn business(self, event: BusinessEvent) -> Self {
        self.then(DomainEvent::Business(tenant(), event))
    }

    pub(crate) fn events(&self) -> &[Recorded] {
        &self.0
    }

    fn then(mut self, event: DomainEvent) -> Self {
        let position = i64::try_from(self.0.len()).unwrap_or_default() + 1;
        let correlation = CommandId::from_uuid(Uuid::nil());
        let metadata = EventMetadata::new(tenant(), Actor::System("test"), Via::Internal, correlation);
        self.0.push(Recorded {
            tenant: tenant(),
            position,
            sequence: position,
            at: at(position),
            metadata,
            event,
        });
        self
    }
}

/// When the event at this position was recorded.
pub(crate) fn at(position: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(position)
}

pub(crate) fn tenant() -> BusinessId {
    BusinessId::from_uuid(Uuid::from_u128(0xb12))
}

pub(crate) fn conversation(id: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(id))
}

pub(crate) fn customer(id: u128) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(id))
}

pub(crate) fn agent(id: u128) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(id))
}

pub(crate) fn key(id: u128) -> KeyId {
    KeyId::from_uuid(Uuid::from_u128(id))
}

/// A checked text of whichever kind the place asks for.
pub(crate) fn text<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(text.into()).expect("every checked text reads back from a string")
}

pub(crate) fn agent_ref(id: u128) -> AgentRef {
    AgentRef { id: agent(id), name: text::<Name>(&format!("Agent {id}")) }
}

pub(crate) fn customer_ref(id: u128) -> CustomerRef {
    CustomerRef {
        id: customer(id),
        external_user_id: Some(text(&format!("ext_{id}"))),
        name: Some(text::<Name>(&format!("Customer {id}"))),
        email: Some(text(&format!("c{id}@example.com"))),
        phone: None,
        metadata: serde_json::from_value(serde_json::json!({"plan": "pro"})).expect("an object"),
    }
}

pub(crate) fn opened(by: u128) -> ConversationEvent {
    ConversationEvent::Opened {
        customer: customer_ref(by),
        channel: Channel::Widget,
        subject: Some(text("Order 4711")),
    }
}

pub(crate) fn said(author: impl Into<Author>, words: &str) -> ConversationEvent {
    ConversationEvent::MessagePosted {
        message_id: MessageId::from_uuid(Uuid::from_u128(77)),
        author: author.into(),
        body: MessageBody::Text { text: text::<MessageText>(words) },
        client_message_id: Some("mine-1".to_owned()),
    }
}

pub(crate) fn sent(author: impl Into<Author>, name: &str, words: Option<&str>) -> ConversationEvent {
    let file = File {
        id: FileId::from_uuid(Uuid::from_u128(79)),
        name: FileName::new(name),
        media_type: MediaType::new("image/png").expect("a kind that may be sent"),
        size: 9,
    };
    ConversationEvent::MessagePosted {
        message_id: MessageId::from_uuid(Uuid::from_u128(77)),
        author: author.into(),
        body: MessageBody::File { file, text: words.map(text) },
        client_message_id: None,
    }
}

pub(crate) fn noted(author: u128, words: &str) -> ConversationEvent {
    ConversationEvent::NoteAdded {
        note_id: MessageId::from_uuid(Uuid::from_u128(78)),
        author: agent_ref(author),
        text: text(words),
        client_message_id: Some("note-1".to_owned()),
    }
}

pub(crate) fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| text(name)).collect()
}
