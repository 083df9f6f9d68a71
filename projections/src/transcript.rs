//! The transcript: every message and note of a conversation, in the order of the log.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, BusinessId, ConversationId, CustomerId, DomainEvent, MessageId, MessageText, Name, Position,
    Recorded,
    conversation::{Author, ConversationEvent, MessageBody},
};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::{
    ApplyError, Db, QueryError,
    page::Page,
    rows::{column, document},
};

/// Something said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
    "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "author": {"kind": "customer", "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Jane Customer"},
    "kind": "message",
    "type": "text",
    "text": "I need help with my order.",
    "createdAt": "2026-03-01T09:30:00Z",
    "position": 42,
    "clientMessageId": "9b2e6c1a"
}))]
pub struct MessageView {
    /// The message's id.
    pub id: MessageId,
    /// The conversation that it is in.
    pub conversation_id: ConversationId,
    /// Who said it.
    pub author: AuthorView,
    /// Whether both sides see it, or the team only.
    pub kind: MessageKind,
    /// What it holds.
    pub r#type: MessageType,
    /// The words.
    pub text: MessageText,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// Its place in the business's event log; a conversation's messages are in this order for everybody.
    pub position: Position,
    /// The sender's own name for it, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
}

/// Who said or did something in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum AuthorView {
    /// The customer.
    Customer {
        /// Its id.
        id: CustomerId,
        /// Its name at that moment, if it had one.
        name: Option<Name>,
    },
    /// An agent.
    Agent {
        /// Its id.
        id: AgentId,
        /// The name that customers saw at that moment.
        name: Name,
    },
    /// OpenChat itself.
    System,
}

/// Whether both sides see what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageKind {
    /// Both sides see it.
    Message,
    /// Only the team sees it.
    Note,
}

/// What a message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageType {
    /// Words.
    Text,
}

/// Who reads a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The customer, and backends on its behalf: messages only.
    Customer,
    /// The team: messages and notes.
    Team,
}

const STORE: &str = "\
    insert into transcript (tenant_id, conversation_id, position, note, data) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::json[]) \
    on conflict do nothing";

// The inner limit is written out so that one prepared plan, made without knowing $4, still walks the index.
const TEAMS_PAGE: &str = "\
    select data from (select position, data from transcript \
        where tenant_id = $1 and conversation_id = $2 and position < $3 order by position desc limit 101) t \
    order by position desc limit $4";

const CUSTOMERS_PAGE: &str = "\
    select data from (select position, data from transcript \
        where tenant_id = $1 and conversation_id = $2 and position < $3 and not note \
        order by position desc limit 101) t \
    order by position desc limit $4";

/// Folds a batch of events in.
///
/// # Errors
/// [`ApplyError`]; the caller's transaction must then be rolled back.
pub async fn apply(db: &impl Db, events: &[&Recorded]) -> Result<(), ApplyError> {
    let messages: Vec<_> =
        events.iter().copied().filter_map(|event| Some((event.tenant, MessageView::of(event)?))).collect();
    if messages.is_empty() {
        return Ok(());
    }
    db.execute(
        STORE,
        &[
            &column(&messages, |(tenant, _)| tenant.uuid()),
            &column(&messages, |(_, message)| message.conversation_id.uuid()),
            &column(&messages, |(_, message)| message.position),
            &column(&messages, |(_, message)| message.kind == MessageKind::Note),
            &column(&messages, |(_, message)| Json(message)),
        ],
    )
    .await?;
    Ok(())
}

/// A page of a conversation: the latest messages, or the latest before a position; the oldest of them first.
/// The cursor leads to older ones.
///
/// # Errors
/// [`QueryError`].
pub async fn page(
    db: &impl Db,
    tenant: BusinessId,
    conversation: ConversationId,
    audience: Audience,
    before: Option<Position>,
    limit: i64,
) -> Result<Page<MessageView>, QueryError> {
    let sql = match audience {
        Audience::Team => TEAMS_PAGE,
        Audience::Customer => CUSTOMERS_PAGE,
    };
    let before = before.unwrap_or(Position::MAX);
    let rows = Page::<MessageView>::rows(limit);
    let rows = db.query(sql, &[&tenant.uuid(), &conversation.uuid(), &before, &rows]).await?;
    let messages =
        rows.iter().map(|row| Ok(document(row, 0, "message")?)).collect::<Result<_, QueryError>>()?;
    let mut page = Page::of(messages, limit, |message: &MessageView| message.position);
    page.data.reverse();
    Ok(page)
}

impl MessageView {
    /// The message or note that an event is, if it is one.
    #[must_use]
    pub fn of(recorded: &Recorded) -> Option<Self> {
        let (conversation_id, event) = match &recorded.event {
            DomainEvent::Conversation(id, event) => (*id, event),
            DomainEvent::Customer(..) | DomainEvent::Agent(..) | DomainEvent::Business(..) => return None,
        };
        let (id, author, kind, text, client_message_id) = match event {
            ConversationEvent::MessagePosted { message_id, author, body, client_message_id } => {
                let MessageBody::Text { text } = body;
                (*message_id, author.into(), MessageKind::Message, text, client_message_id.clone())
            }
            ConversationEvent::NoteAdded { note_id, author, text } => {
                let author = AuthorView::Agent { id: author.id, name: author.name.clone() };
                (*note_id, author, MessageKind::Note, text, None)
            }
            ConversationEvent::Opened { .. }
            | ConversationEvent::Assigned { .. }
            | ConversationEvent::Unassigned { .. }
            | ConversationEvent::Read { .. }
            | ConversationEvent::Tagged { .. }
            | ConversationEvent::Prioritized { .. }
            | ConversationEvent::Snoozed { .. }
            | ConversationEvent::Resolved { .. }
            | ConversationEvent::Reopened { .. }
            | ConversationEvent::Rated { .. }
            | ConversationEvent::CallStarted { .. }
            | ConversationEvent::CallJoined { .. }
            | ConversationEvent::CallEnded { .. }
            | ConversationEvent::CustomerChanged { .. } => return None,
        };
        Some(Self {
            id,
            conversation_id,
            author,
            kind,
            r#type: MessageType::Text,
            text: text.clone(),
            created_at: recorded.at,
            position: recorded.position,
            client_message_id,
        })
    }
}

impl From<&Author> for AuthorView {
    fn from(author: &Author) -> Self {
        match author.clone() {
            Author::Customer { id, name } => Self::Customer { id, name },
            Author::Agent { id, name } => Self::Agent { id, name },
            Author::System => Self::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::history::{History, agent_ref, customer_ref, noted, opened, said, text};

    fn transcript(history: &History) -> Vec<MessageView> {
        history.events().iter().filter_map(MessageView::of).collect()
    }

    #[test]
    fn given_a_talk_then_its_messages_and_notes_in_order() {
        let talk = transcript(
            &History::default()
                .conversation(1, opened(5))
                .conversation(1, said(&customer_ref(5), "Hello"))
                .conversation(1, noted(7, "Careful"))
                .conversation(1, said(agent_ref(7), "Hi")),
        );
        let told: Vec<_> = talk.iter().map(|m| (m.position, m.kind, m.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (2, MessageKind::Message, "Hello"),
                (3, MessageKind::Note, "Careful"),
                (4, MessageKind::Message, "Hi")
            ]
        );
    }

    #[test]
    fn a_message_has_the_form_that_integrators_know() {
        let history = History::default().conversation(1, said(&customer_ref(5), "Hello"));
        assert_eq!(
            serde_json::to_value(transcript(&history)).unwrap(),
            json!([{
                "id": "msg_0000000000000000000000000000004d",
                "conversationId": "cnv_00000000000000000000000000000001",
                "author": {
                    "kind": "customer",
                    "id": "cus_00000000000000000000000000000005",
                    "name": "Customer 5"
                },
                "kind": "message",
                "type": "text",
                "text": "Hello",
                "createdAt": "1970-01-01T00:01:00Z",
                "position": 1,
                "clientMessageId": "mine-1"
            }])
        );
    }

    #[test]
    fn a_note_says_so() {
        let history = History::default().conversation(1, noted(7, "Careful"));
        let note = &transcript(&history)[0];
        assert_eq!(note.kind, MessageKind::Note);
        assert_eq!(note.author, AuthorView::Agent { id: agent_ref(7).id, name: text("Agent 7") });
        assert_eq!(note.client_message_id, None);
    }
}
