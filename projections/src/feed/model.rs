//! The objects that frames and snapshots are made of.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, CallId, ConversationId, CustomerId, MessageId, MessageText, Name, Position, Recorded,
    conversation::{self as domain, AgentRef, CallKind, CustomerRef, Side},
    customer::{Profile, ProfileChanges},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who said or did something, with the name it had at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Author {
    /// The customer.
    Customer {
        /// Its id.
        id: CustomerId,
        /// Its name, if known.
        name: Option<Name>,
    },
    /// An agent.
    Agent {
        /// Its id.
        id: AgentId,
        /// Its name.
        name: Name,
    },
    /// OpenChat itself.
    System,
}

/// Something said that both sides see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was said.
    pub conversation_id: ConversationId,
    /// Who said it.
    pub author: Author,
    /// What was said.
    #[serde(flatten)]
    pub body: MessageBody,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Its place in the business's log.
    #[schema(value_type = i64)]
    pub position: Position,
    /// The sender's own name for it, by which its client recognises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
}

/// What a message holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum MessageBody {
    /// Words.
    Text {
        /// The words.
        text: MessageText,
    },
}

/// Something that an agent wrote for the team only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Its id.
    pub id: MessageId,
    /// Where it was written.
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub author: AgentRef,
    /// The note.
    pub text: MessageText,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Its place in the business's log.
    #[schema(value_type = i64)]
    pub position: Position,
}

/// A call that is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Audio or video.
    pub kind: CallKind,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Everybody who has been in it, its starter first.
    pub participants: Vec<Author>,
}

/// Up to which positions of the business's log the two sides have read; 0 before anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadMarks {
    /// The customer.
    #[schema(value_type = i64)]
    pub customer: Position,
    /// The team: whoever of it has read furthest.
    #[schema(value_type = i64)]
    pub agents: Position,
}

/// The customer's judgement of a resolved conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rating {
    /// 1 (bad) to 5 (excellent).
    #[schema(minimum = 1, maximum = 5)]
    pub score: u8,
    /// In words, if any.
    pub comment: Option<MessageText>,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConversationStatus {
    /// It is being dealt with, or waits.
    Open,
    /// It rests until a time, or until the customer writes.
    Snoozed,
    /// The matter is settled.
    Resolved,
}

/// When an open conversation that is nobody's began to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingSince {
    /// The position of the event that began the wait: who waits longer has the smaller one.
    #[schema(value_type = i64)]
    pub position: Position,
    /// Its time.
    pub at: DateTime<Utc>,
}

impl From<&domain::Author> for Author {
    fn from(author: &domain::Author) -> Self {
        match author.clone() {
            domain::Author::Customer { id, name } => Self::Customer { id, name },
            domain::Author::Agent { id, name } => Self::Agent { id, name },
            domain::Author::System => Self::System,
        }
    }
}

impl From<&domain::MessageBody> for MessageBody {
    fn from(body: &domain::MessageBody) -> Self {
        match body {
            domain::MessageBody::Text { text } => Self::Text { text: text.clone() },
        }
    }
}

impl Message {
    /// The message that a `MessagePosted` event of the conversation tells of.
    #[must_use]
    pub fn posted(
        event: &Recorded,
        conversation_id: ConversationId,
        id: MessageId,
        author: &domain::Author,
        body: &domain::MessageBody,
        client_message_id: Option<&str>,
    ) -> Self {
        Self {
            id,
            conversation_id,
            author: author.into(),
            body: body.into(),
            created_at: event.at,
            position: event.position,
            client_message_id: client_message_id.map(str::to_owned),
        }
    }
}

impl Note {
    /// The note that a `NoteAdded` event of the conversation tells of.
    #[must_use]
    pub fn added(
        event: &Recorded,
        conversation_id: ConversationId,
        id: MessageId,
        author: &AgentRef,
        text: &MessageText,
    ) -> Self {
        Self {
            id,
            conversation_id,
            author: author.clone(),
            text: text.clone(),
            created_at: event.at,
            position: event.position,
        }
    }
}

impl Call {
    /// A call that has just begun.
    #[must_use]
    pub fn started(id: CallId, kind: CallKind, by: Author, started_at: DateTime<Utc>) -> Self {
        Self { id, kind, started_at, participants: vec![by] }
    }

    /// Somebody joined.
    pub fn join(&mut self, by: &Author) {
        if !self.participants.contains(by) {
            self.participants.push(by.clone());
        }
    }
}

impl ReadMarks {
    /// One side has read up to a position.
    pub fn read(&mut self, reader: Side, up_to: Position) {
        let mark = match reader {
            Side::Customer => &mut self.customer,
            Side::Agent => &mut self.agents,
        };
        *mark = up_to.max(*mark);
    }
}

/// The customer with the changes of its profile laid over what a conversation knows of it.
pub(super) fn changed(customer: &CustomerRef, changes: &ProfileChanges) -> CustomerRef {
    let known = Profile {
        name: customer.name.clone(),
        email: customer.email.clone(),
        phone: customer.phone.clone(),
        metadata: customer.metadata.clone(),
    };
    let Profile { name, email, phone, metadata } = known.changed(changes);
    CustomerRef {
        id: customer.id,
        external_user_id: customer.external_user_id.clone(),
        name,
        email,
        phone,
        metadata,
    }
}
