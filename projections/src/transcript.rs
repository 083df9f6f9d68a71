//! The transcript: every message and note of a conversation, in the order of the log.

use chrono::{DateTime, Utc};
use openchat_domain::{
    BusinessId, ConversationId, DomainEvent, File, MessageId, MessageText, Position, Recorded,
    conversation::{AgentRef, Author, ConversationEvent, MessageBody},
};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;

use crate::{
    Db, DbError, QueryError, Write,
    page::Page,
    rows::{column, document, documents},
};

/// Something said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
    "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "author": {"kind": "customer", "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Jane Customer"},
    "type": "text",
    "text": "I need help with my order.",
    "createdAt": "2026-03-01T09:30:00Z",
    "position": 42,
    "clientMessageId": "9b2e6c1a"
}))]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// The conversation that it is in.
    pub conversation_id: ConversationId,
    /// Who said it, with the name that it had then.
    pub author: Author,
    /// What it holds.
    pub r#type: MessageType,
    /// The words; empty when a file was sent without any.
    pub text: String,
    /// The file, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file: Option<File>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// Its place in the business's event log; a conversation's messages are in this order for everybody.
    #[schema(value_type = i64)]
    pub position: Position,
    /// The sender's own name for it, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
}

/// What a message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageType {
    /// Words.
    Text,
    /// A file, perhaps with words.
    File,
}

/// An entry of a transcript as the team reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[schema(example = json!({
    "kind": "message",
    "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
    "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "author": {"kind": "customer", "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Jane Customer"},
    "type": "text",
    "text": "I need help with my order.",
    "createdAt": "2026-03-01T09:30:00Z",
    "position": 42,
    "clientMessageId": "9b2e6c1a"
}))]
pub enum TranscriptEntry {
    /// Both sides see it.
    Message(Message),
    /// An agent wrote it for the team only.
    Note(Message),
}

const STORE: &str = "\
    insert into transcript (tenant_id, conversation_id, position, note, data) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::json[]) \
    on conflict do nothing";

// The inner limit is written out so that one prepared plan, made without knowing $4, still walks the index.
const PAGE: &str = "\
    select data, note from (select position, data, note from transcript \
        where tenant_id = $1 and conversation_id = $2 and position < $3 order by position desc limit 101) t \
    order by position desc limit $4";

const MESSAGES: &str = "\
    select data from (select position, data from transcript \
        where tenant_id = $1 and conversation_id = $2 and position < $3 and not note \
        order by position desc limit 101) t \
    order by position desc limit $4";

/// What folding a batch of events in comes to.
#[must_use]
pub fn writes(events: &[&Recorded]) -> Vec<Write> {
    let entries: Vec<_> = events
        .iter()
        .copied()
        .filter_map(|event| Some((event.tenant, TranscriptEntry::of(event)?)))
        .collect();
    if entries.is_empty() {
        return vec![];
    }
    vec![
        Write::new(STORE)
            .with(column(&entries, |(tenant, _)| tenant.uuid()))
            .with(column(&entries, |(_, entry)| entry.message().conversation_id.uuid()))
            .with(column(&entries, |(_, entry)| entry.message().position))
            .with(column(&entries, |(_, entry)| matches!(entry, TranscriptEntry::Note(_))))
            .with(documents(&entries, |(_, entry)| entry.message())),
    ]
}

/// A page of a conversation as the team reads it: the latest messages and notes, or the latest before a position;
/// the oldest of them first. The cursor leads to older ones.
///
/// # Errors
/// [`QueryError`].
pub async fn page(
    db: &impl Db,
    tenant: BusinessId,
    conversation: ConversationId,
    before: Option<Position>,
    limit: i64,
) -> Result<Page<TranscriptEntry>, QueryError> {
    let rows = select(db, PAGE, tenant, conversation, before, limit).await?;
    let entry = |row: &Row| {
        let (message, note) = (document(row, 0, "message")?, row.try_get(1)?);
        Ok(if note { TranscriptEntry::Note(message) } else { TranscriptEntry::Message(message) })
    };
    let entries = rows.iter().map(entry).collect::<Result<_, QueryError>>()?;
    Ok(oldest_first(Page::of(entries, limit, |entry: &TranscriptEntry| entry.message().position)))
}

/// The same without the notes: what customers, and backends on their behalf, may read.
///
/// # Errors
/// [`QueryError`].
pub async fn messages(
    db: &impl Db,
    tenant: BusinessId,
    conversation: ConversationId,
    before: Option<Position>,
    limit: i64,
) -> Result<Page<Message>, QueryError> {
    let rows = select(db, MESSAGES, tenant, conversation, before, limit).await?;
    let messages =
        rows.iter().map(|row| Ok(document(row, 0, "message")?)).collect::<Result<_, QueryError>>()?;
    Ok(oldest_first(Page::of(messages, limit, |message: &Message| message.position)))
}

async fn select(
    db: &impl Db,
    sql: &'static str,
    tenant: BusinessId,
    conversation: ConversationId,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<Row>, DbError> {
    let (before, rows) = (before.unwrap_or(Position::MAX), Page::<Message>::rows(limit));
    db.query(sql, &[&tenant.uuid(), &conversation.uuid(), &before, &rows]).await
}

fn oldest_first<T>(mut page: Page<T>) -> Page<T> {
    page.data.reverse();
    page
}

impl Message {
    /// The message that a `MessagePosted` event of the conversation tells of.
    #[must_use]
    pub fn posted(
        event: &Recorded,
        conversation_id: ConversationId,
        id: MessageId,
        author: &Author,
        body: &MessageBody,
        client_message_id: Option<&str>,
    ) -> Self {
        let (kind, text, file) = match body {
            MessageBody::Text { text } => (MessageType::Text, Some(text), None),
            MessageBody::File { file, text } => (MessageType::File, text.as_ref(), Some(file)),
        };
        Self {
            id,
            conversation_id,
            author: author.clone(),
            r#type: kind,
            text: text.map(ToString::to_string).unwrap_or_default(),
            file: file.cloned(),
            created_at: event.at,
            position: event.position,
            client_message_id: client_message_id.map(str::to_owned),
        }
    }

    /// The note that a `NoteAdded` event of the conversation tells of.
    #[must_use]
    pub fn noted(
        event: &Recorded,
        conversation_id: ConversationId,
        id: MessageId,
        author: &AgentRef,
        text: &MessageText,
        client_message_id: Option<&str>,
    ) -> Self {
        let body = MessageBody::Text { text: text.clone() };
        Self::posted(event, conversation_id, id, &author.clone().into(), &body, client_message_id)
    }
}

impl TranscriptEntry {
    /// The message or note that an event is, if it is one.
    #[must_use]
    pub fn of(recorded: &Recorded) -> Option<Self> {
        let (conversation_id, event) = match &recorded.event {
            DomainEvent::Conversation(id, event) => (*id, event),
            DomainEvent::Customer(..) | DomainEvent::Agent(..) | DomainEvent::Business(..) => return None,
        };
        match event {
            ConversationEvent::MessagePosted { message_id, author, body, client_message_id } => {
                let name = client_message_id.as_deref();
                let message = Message::posted(recorded, conversation_id, *message_id, author, body, name);
                Some(Self::Message(message))
            }
            ConversationEvent::NoteAdded { note_id, author, text, client_message_id } => {
                let name = client_message_id.as_deref();
                Some(Self::Note(Message::noted(recorded, conversation_id, *note_id, author, text, name)))
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
            | ConversationEvent::CallRang { .. }
            | ConversationEvent::CallAnswered { .. }
            | ConversationEvent::CallJoined { .. }
            | ConversationEvent::CallDeclined { .. }
            | ConversationEvent::CallLeft { .. }
            | ConversationEvent::CallEscalated { .. }
            | ConversationEvent::CallEnded { .. }
            | ConversationEvent::CustomerChanged { .. } => None,
        }
    }

    /// What was said.
    #[must_use]
    pub const fn message(&self) -> &Message {
        match self {
            Self::Message(message) | Self::Note(message) => message,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::history::{History, agent_ref, customer_ref, noted, opened, said, sent};

    fn transcript(history: &History) -> Vec<TranscriptEntry> {
        history.events().iter().filter_map(TranscriptEntry::of).collect()
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
        let told: Vec<_> = talk
            .iter()
            .map(|entry| {
                let it = entry.message();
                (it.position, it.text.clone(), matches!(entry, TranscriptEntry::Note(_)))
            })
            .collect();
        let said = |words: &str| words.to_owned();
        assert_eq!(told, [(2, said("Hello"), false), (3, said("Careful"), true), (4, said("Hi"), false)]);
    }

    #[test]
    fn a_message_has_the_form_that_integrators_know() {
        let history = History::default().conversation(1, said(&customer_ref(5), "Hello"));
        let message = json!({
            "id": "msg_0000000000000000000000000000004d",
            "conversationId": "cnv_00000000000000000000000000000001",
            "author": {
                "kind": "customer",
                "id": "cus_00000000000000000000000000000005",
                "name": "Customer 5"
            },
            "type": "text",
            "text": "Hello",
            "createdAt": "1970-01-01T00:01:00Z",
            "position": 1,
            "clientMessageId": "mine-1"
        });
        let entry = &transcript(&history)[0];
        assert_eq!(serde_json::to_value(entry.message()).unwrap(), message);
        let mut told = message;
        told["kind"] = "message".into();
        assert_eq!(serde_json::to_value(entry).unwrap(), told);
        assert_eq!(serde_json::from_value::<TranscriptEntry>(told).unwrap(), *entry);
    }

    #[test]
    fn a_file_is_told_with_the_words_that_came_with_it() {
        let history = History::default()
            .conversation(1, sent(&customer_ref(5), "photo.png", None))
            .conversation(1, sent(agent_ref(7), "label.png", Some("Print this")));
        let told: Vec<_> =
            transcript(&history).iter().map(|it| serde_json::to_value(it.message()).unwrap()).collect();
        let file = json!({
            "id": "fil_0000000000000000000000000000004f", "name": "photo.png", "mediaType": "image/png", "size": 9
        });
        assert_eq!((&told[0]["type"], &told[0]["text"]), (&json!("file"), &json!("")));
        assert_eq!(told[0]["file"], file);
        assert_eq!((&told[1]["text"], &told[1]["file"]["name"]), (&json!("Print this"), &json!("label.png")));
        assert_eq!(
            serde_json::from_value::<Message>(told[0].clone()).unwrap(),
            *transcript(&history)[0].message()
        );
    }

    #[test]
    fn a_note_says_so() {
        let history = History::default().conversation(1, noted(7, "Careful"));
        let note = &transcript(&history)[0];
        assert_eq!(serde_json::to_value(note).unwrap()["kind"], "note");
        assert_eq!(note.message().author, Author::from(agent_ref(7)));
        assert_eq!(note.message().client_message_id.as_deref(), Some("note-1"));
    }
}
