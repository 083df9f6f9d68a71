//! What agents send.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, MessageText, Position, Tag,
    agent::Availability,
    conversation::{CallKind, Priority},
};
use openchat_projections::{Cursor, inbox::View};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::ObjectBuilder, schema::Type},
};

use crate::http::{
    Faults, Input, Limit, Patch,
    files::MessageContent,
    input::{choice_inputs, input},
};

input! {
    /// Which conversations.
    pub(super) query struct InboxQuery {
        /// Which part of the inbox; all of it unless said.
        #[param(inline)]
        view: Option<InboxView>,
        /// Words to find: each must begin a word of subject, tags, latest message, or the customer's name, e-mail
        /// address or id. Letters and digits count, nothing else does.
        #[param(example = "jane order")]
        q: Option<String>,
        /// The `nextCursor` of the page before; the first page without it.
        #[param(inline)]
        cursor: Option<Cursor>,
        /// How many at the most.
        #[param(inline)]
        limit: Option<Limit>,
    }
}

input! {
    /// Which page.
    pub(super) query struct PageQuery {
        /// The `nextCursor` of the page before; the first page without it.
        #[param(inline)]
        cursor: Option<Cursor>,
        /// How many at the most.
        #[param(inline)]
        limit: Option<Limit>,
    }
}

input! {
    /// Which messages.
    pub(in crate::http) query struct MessagesQuery {
        /// Only what was said before: the `nextCursor` of a later page, or a message's `position`.
        #[param(inline)]
        before: Option<Before>,
        /// How many at the most.
        #[param(inline)]
        limit: Option<Limit>,
    }
}

input! {
    /// A message to the customer.
    #[schema(example = json!({
        "message": {"type": "text", "text": "I am looking into it."}, "clientMessageId": "9b2e6c1a"
    }))]
    pub(super) closed struct AgentMessage {
        /// The message.
        message: MessageContent,
        /// Your own name for the message. Sent again under the same name, it is posted once, and answered with what
        /// was posted.
        client_message_id: Option<ClientMessageId>,
    }
}

input! {
    /// A note for the team; the customer never sees it.
    #[schema(example = json!({"text": "She called about this last week, too.", "clientMessageId": "9b2e6c1b"}))]
    pub(super) closed struct NewNote {
        /// What it says.
        text: MessageText,
        /// Your own name for the note. Sent again under the same name, it is added once, and answered with what
        /// was added.
        client_message_id: Option<ClientMessageId>,
    }
}

input! {
    /// Whether the agent types.
    #[schema(example = json!({"typing": true}))]
    pub(super) closed struct AgentTyping {
        /// Renew `true` while it lasts: it ends by itself after 6 seconds.
        typing: bool,
    }
}

input! {
    /// How far the agent has read.
    #[schema(example = json!({"upTo": 42}))]
    pub(super) closed struct AgentRead {
        /// The `position` of the latest message that was seen.
        up_to: UpTo,
    }
}

input! {
    /// Who is to have the conversation.
    #[schema(example = json!({"agentId": "agt_019aafc33b7c7d80a1b2c3d4e5f60718"}))]
    pub(super) closed struct Assignment {
        /// The agent; `null` puts the conversation back into the queue.
        #[schema(value_type = Option<AgentId>, required = true)]
        agent_id: Patch<AgentId>,
        /// Who is believed to have it, to take it from somebody else. Without it a conversation that somebody else
        /// has is not given away, so that two who reach for it at once don't both get it.
        from: Option<AgentId>,
    }
}

input! {
    /// How long the conversation rests.
    #[schema(example = json!({"until": "2026-03-02T09:00:00Z"}))]
    pub(super) closed struct Snooze {
        /// When it wakes by itself, within a year. A message of the customer wakes it earlier.
        until: DateTime<Utc>,
    }
}

input! {
    /// The conversation's labels.
    #[schema(example = json!({"tags": ["billing", "refund"]}))]
    pub(super) closed struct Tags {
        /// All of them; those not named are taken off.
        #[schema(max_items = 20)]
        tags: Vec<Tag>,
    }
}

input! {
    /// How urgent the conversation is.
    #[schema(example = json!({"priority": "high"}))]
    pub(super) closed struct NewPriority {
        /// A more urgent one is served first.
        priority: Priority,
    }
}

input! {
    /// A call to begin.
    #[schema(example = json!({"type": "video"}))]
    pub(super) closed struct AgentCall {
        /// What it carries.
        r#type: CallKind,
    }
}

input! {
    /// Whom to bring into a call.
    #[schema(example = json!({"agentId": "agt_019aafc33b7c7d80a1b2c3d4e5f60718"}))]
    pub(super) closed struct Invitation {
        /// The agent.
        agent_id: AgentId,
    }
}

input! {
    /// Whether the agent takes new conversations.
    #[schema(example = json!({"availability": "online"}))]
    pub(super) closed struct NewAvailability {
        /// Only who is `online` is given new ones.
        availability: Availability,
    }
}

/// A part of the inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum InboxView {
    /// What I have and isn't resolved.
    Mine,
    /// What nobody has and isn't resolved.
    Unassigned,
    /// Everything.
    #[default]
    All,
    /// What is resolved.
    Resolved,
}

choice_inputs! {
    InboxView => "must be mine, unassigned, all or resolved",
    Priority => "must be low, normal, high or urgent",
    CallKind => "must be audio or video",
}

impl InboxView {
    /// The part of the inbox, for this agent.
    pub(super) const fn of(self, me: AgentId) -> View {
        match self {
            Self::Mine => View::Mine(me),
            Self::Unassigned => View::Unassigned,
            Self::All => View::All,
            Self::Resolved => View::Resolved,
        }
    }
}

/// A sender's own name for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct ClientMessageId(pub(in crate::http) String);

impl ClientMessageId {
    const MAX_CHARS: usize = 200;
}

impl Input for ClientMessageId {
    fn read(value: Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().count());
        if fits && !text.chars().any(|c| c.is_ascii_control()) {
            return Ok(Self(text));
        }
        Err(Faults::of(format!(
            "must have 1 to {} characters, none of them a control character",
            Self::MAX_CHARS
        )))
    }
}

impl PartialSchema for ClientMessageId {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^[^\x00-\x1f\x7f]+$"));
        schema.min_length(Some(1)).max_length(Some(Self::MAX_CHARS)).examples(["9b2e6c1a"]).into()
    }
}

impl ToSchema for ClientMessageId {}

/// Where a page of messages ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Before(pub(in crate::http) Position);

impl Input for Before {
    fn read(value: Value) -> Result<Self, Faults> {
        let text = String::read(value)?;
        let position = text.parse().ok().filter(|position| *position > 0);
        let position = position.or_else(|| text.parse().ok().map(Cursor::position));
        let fault = || Faults::of("must be the nextCursor of a later page, or a message's position");
        position.map(Self).ok_or_else(fault)
    }
}

impl PartialSchema for Before {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        schema.pattern(Some("^(c[1-9a-f][0-9a-f]{0,14}|[1-9][0-9]{0,17})$")).examples(["c2f1"]).into()
    }
}

impl ToSchema for Before {}

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct UpTo(pub(in crate::http) Position);

impl UpTo {
    /// The largest number that every JSON reader can hold; no log is as long.
    const MAX: Position = 9_007_199_254_740_991;
}

impl Input for UpTo {
    fn read(value: Value) -> Result<Self, Faults> {
        let position = Position::read(value).ok().filter(|position| (0..=Self::MAX).contains(position));
        position.map(Self).ok_or_else(|| Faults::of("must be a position: 0, 1, 2, …"))
    }
}

impl PartialSchema for UpTo {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer);
        schema.minimum(Some(0)).maximum(Some(Self::MAX)).examples([42]).into()
    }
}

impl ToSchema for UpTo {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_called_type_is_read() {
        let body = json!({"message": {"type": "text", "text": "Hello"}, "clientMessageId": "a b"});
        let read = AgentMessage::read(body).expect("fine");
        let MessageContent::Text(words) = read.message else { panic!("words are no file") };
        assert_eq!(words.text.as_str(), "Hello");
        assert_eq!(read.client_message_id, Some(ClientMessageId("a b".to_owned())));
        let wrong = AgentMessage::read(json!({"message": {"type": "file", "text": "Hello"}}));
        assert_eq!(wrong.err(), Some(Faults::at("message.fileId", "is required")));
    }

    #[test]
    fn a_name_for_a_message_is_short_and_printable() {
        let long = |n: usize| ClientMessageId::read(json!("é".repeat(n)));
        assert!(long(1).is_ok() && long(200).is_ok());
        assert!(long(0).is_err() && long(201).is_err());
        assert!(ClientMessageId::read(json!("a\u{0}b")).is_err());
        assert!(ClientMessageId::read(json!(7)).is_err());
    }

    #[test]
    fn a_page_of_messages_ends_at_a_cursor_or_a_position() {
        let read = |text: &str| Before::read(json!(text)).ok();
        assert_eq!(read("42"), Some(Before(42)));
        assert_eq!(read(&Cursor::at(42).to_string()), Some(Before(42)));
        for wrong in ["0", "-1", "c0", "", "x", "99999999999999999999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mark_is_a_position() {
        assert_eq!(UpTo::read(json!(0)), Ok(UpTo(0)));
        assert_eq!(UpTo::read(json!(42.0)), Ok(UpTo(42)));
        for wrong in [json!(-1), json!(1.5), json!("42"), json!(9_007_199_254_740_992_i64), json!(null)] {
            assert!(UpTo::read(wrong).is_err());
        }
    }
}
