//! What can have happened to a conversation.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reasons::{AssignmentReason, CallEndReason, ReopenCause, UnassignmentReason};
use crate::{
    AgentId, CallId, CustomerId, Email, EventType, ExternalUserId, File, MessageId, MessageText, Metadata,
    Name, Phone, Position, Subject, Tag,
};

/// An event of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ConversationEvent {
    /// A customer's conversation began; it waits in the queue from here.
    Opened {
        /// Whose it is, as known at that moment.
        customer: CustomerRef,
        /// How it came in.
        channel: Channel,
        /// What it is about.
        subject: Option<Subject>,
    },
    /// Somebody said something that both sides see.
    MessagePosted {
        /// The message's id.
        message_id: MessageId,
        /// Who said it.
        author: Author,
        /// What was said.
        body: MessageBody,
        /// The sender's own name for the message, by which its client recognises it.
        client_message_id: Option<String>,
    },
    /// An agent wrote something that only the team sees.
    NoteAdded {
        /// The note's id.
        note_id: MessageId,
        /// Who wrote it.
        author: AgentRef,
        /// The note.
        text: MessageText,
        /// The author's own name for the note, by which its client recognises it; there is none in early logs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<String>,
    },
    /// The conversation became an agent's.
    Assigned {
        /// Whose.
        assignee: AgentRef,
        /// Whose it was before, if anybody's.
        previous: Option<AgentId>,
        /// Why this agent.
        reason: AssignmentReason,
    },
    /// The conversation went back to the queue.
    Unassigned {
        /// Whose it was.
        previous: AgentId,
        /// Why.
        reason: UnassignmentReason,
    },
    /// One side has read everything up to a position.
    Read {
        /// Who read.
        reader: Side,
        /// The agent, when the reader is one.
        agent: Option<AgentId>,
        /// The position in the business's log up to which all was read.
        up_to: Position,
    },
    /// The labels were set.
    Tagged {
        /// All labels from now on, sorted.
        tags: Vec<Tag>,
        /// Who set them.
        by: AgentRef,
    },
    /// The priority was set.
    Prioritized {
        /// The priority from now on.
        priority: Priority,
        /// Who set it.
        by: AgentRef,
    },
    /// The conversation rests until a time, or until the customer writes.
    Snoozed {
        /// When it wakes by itself.
        until: DateTime<Utc>,
        /// Who put it to rest.
        by: AgentRef,
    },
    /// The matter is settled; the assignee's capacity is free again.
    Resolved {
        /// Who settled it.
        by: AgentRef,
    },
    /// A resolved or snoozed conversation is open again.
    Reopened {
        /// What woke it.
        cause: ReopenCause,
        /// The agent who keeps it; without one it waits in the queue.
        assignee: Option<AgentRef>,
    },
    /// The customer judged the support.
    Rated {
        /// 1 (bad) to 5 (excellent).
        score: u8,
        /// In words, if any.
        comment: Option<MessageText>,
    },
    /// Somebody began a call.
    CallStarted {
        /// The call's id.
        call_id: CallId,
        /// Audio or video.
        kind: CallKind,
        /// Who began it.
        by: Author,
        /// When.
        at: DateTime<Utc>,
    },
    /// The call rings at the team.
    CallRang {
        /// The call's id.
        call_id: CallId,
        /// At whom; nobody in particular means everybody.
        agent: Option<AgentRef>,
    },
    /// The side that was called has answered: the first of it joins.
    CallAnswered {
        /// The call's id.
        call_id: CallId,
        /// Who answered.
        by: Author,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody joined the call, or came back to it.
    CallJoined {
        /// The call's id.
        call_id: CallId,
        /// Who joined.
        by: Author,
    },
    /// Somebody at whom the call rings won't take it.
    CallDeclined {
        /// The call's id.
        call_id: CallId,
        /// Who declined.
        by: Author,
    },
    /// Somebody left the call, which goes on.
    CallLeft {
        /// The call's id.
        call_id: CallId,
        /// Who left.
        by: Author,
    },
    /// An audio call became a video call.
    CallEscalated {
        /// The call's id.
        call_id: CallId,
        /// Who asked for it.
        by: Author,
    },
    /// The call is over.
    CallEnded {
        /// The call's id.
        call_id: CallId,
        /// Why.
        reason: CallEndReason,
        /// Who ended it, unless it ended by itself.
        by: Option<Author>,
        /// How long it lasted since it was answered, in whole seconds.
        duration_seconds: u32,
    },
    /// The conversation belongs to another customer record of the same person from here on.
    CustomerChanged {
        /// Whose it is now.
        customer: CustomerRef,
        /// Whose it was.
        previous: CustomerId,
    },
}

/// A customer as a conversation knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerRef {
    /// The customer's id.
    pub id: CustomerId,
    /// Its id in the business's own system; none for an anonymous visitor.
    pub external_user_id: Option<ExternalUserId>,
    /// Name.
    pub name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Telephone number.
    pub phone: Option<Phone>,
    /// What else the business keeps.
    #[serde(default)]
    pub metadata: Metadata,
}

/// An agent as a conversation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentRef {
    /// The agent's id.
    pub id: AgentId,
    /// The name that customers see.
    pub name: Name,
}

/// Who said or did something in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Author {
    /// The customer.
    Customer {
        /// Its id.
        id: CustomerId,
        /// Its name at that moment.
        name: Option<Name>,
    },
    /// An agent.
    Agent {
        /// Its id.
        id: AgentId,
        /// Its name at that moment.
        name: Name,
    },
    /// OpenChat itself.
    System,
}

/// What a message holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum MessageBody {
    /// Words.
    Text {
        /// The words.
        text: MessageText,
    },
    /// A file, perhaps with words.
    File {
        /// The file.
        file: File,
        /// The words.
        text: Option<MessageText>,
    },
}

/// How a conversation came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    /// The website widget.
    Widget,
    /// A handoff link's support page.
    Handoff,
    /// The business's backend.
    Api,
}

/// One of the two sides of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// The customer.
    Customer,
    /// The team.
    Agent,
}

/// How urgent a conversation is; the queue serves a higher one first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Priority {
    /// Can wait.
    Low,
    /// As it comes.
    #[default]
    Normal,
    /// Before the others.
    High,
    /// Before everything.
    Urgent,
}

/// What a call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CallKind {
    /// Voices only.
    Audio,
    /// Voices and pictures.
    Video,
}

impl Author {
    /// The side that the author stands on; none for the system.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        match self {
            Self::Customer { .. } => Some(Side::Customer),
            Self::Agent { .. } => Some(Side::Agent),
            Self::System => None,
        }
    }
}

impl From<AgentRef> for Author {
    fn from(agent: AgentRef) -> Self {
        Self::Agent { id: agent.id, name: agent.name }
    }
}

impl From<&CustomerRef> for Author {
    fn from(customer: &CustomerRef) -> Self {
        Self::Customer { id: customer.id, name: customer.name.clone() }
    }
}

impl EventType for ConversationEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "ConversationOpened",
            Self::MessagePosted { .. } => "MessagePosted",
            Self::NoteAdded { .. } => "NoteAdded",
            Self::Assigned { .. } => "ConversationAssigned",
            Self::Unassigned { .. } => "ConversationUnassigned",
            Self::Read { .. } => "ConversationRead",
            Self::Tagged { .. } => "ConversationTagged",
            Self::Prioritized { .. } => "ConversationPrioritized",
            Self::Snoozed { .. } => "ConversationSnoozed",
            Self::Resolved { .. } => "ConversationResolved",
            Self::Reopened { .. } => "ConversationReopened",
            Self::Rated { .. } => "ConversationRated",
            Self::CallStarted { .. } => "CallStarted",
            Self::CallRang { .. } => "CallRang",
            Self::CallAnswered { .. } => "CallAnswered",
            Self::CallJoined { .. } => "CallJoined",
            Self::CallDeclined { .. } => "CallDeclined",
            Self::CallLeft { .. } => "CallLeft",
            Self::CallEscalated { .. } => "CallEscalated",
            Self::CallEnded { .. } => "CallEnded",
            Self::CustomerChanged { .. } => "ConversationCustomerChanged",
        }
    }

    fn event_version(&self) -> i32 {
        1
    }
}
