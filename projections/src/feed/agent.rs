//! The agents' feed: what an event changes for a business's team.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, CallId, ConversationId, CustomerId, DomainEvent, Email, MessageText, Name, Position, Recorded,
    Shortcut, Subject, Tag,
    agent::{AgentEvent, Availability, AvailabilityReason, Role},
    business::{BusinessEvent, SettingsChanges},
    conversation::{
        AgentRef, AssignmentReason, Author, CallEndReason, Channel, ConversationEvent, CustomerRef, Priority,
        ReopenCause, Side, UnassignmentReason,
    },
    customer::{CustomerEvent, ProfileChanges},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Delta, agent_snapshot::AgentSummary, schema};
use crate::{inbox::CallView, replies::CannedReply, transcript::Message};

/// A delta of the agents' feed.
pub type AgentDelta = Delta<AgentChange>;

/// What changed, as the team is told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data")]
pub enum AgentChange {
    /// A customer's conversation began; it waits from here, with normal priority.
    #[serde(rename = "conversation.opened")]
    ConversationOpened {
        /// Whose it is.
        customer: CustomerRef,
        /// How it came in.
        channel: Channel,
        /// What it is about.
        subject: Option<Subject>,
    },
    /// It became an agent's and waits no more; a rest goes on.
    #[serde(rename = "conversation.assigned")]
    ConversationAssigned {
        /// Whose.
        assignee: AgentRef,
        /// Whose it was before, if anybody's.
        previous: Option<AgentId>,
        /// Why this agent.
        reason: AssignmentReason,
    },
    /// It is nobody's again; unless it rests, it waits from here.
    #[serde(rename = "conversation.unassigned")]
    ConversationUnassigned {
        /// Whose it was.
        previous: AgentId,
        /// Why.
        reason: UnassignmentReason,
    },
    /// The matter is settled; the conversation is nobody's, and the list of unresolved ones loses it.
    #[serde(rename = "conversation.resolved")]
    ConversationResolved {
        /// Who settled it.
        by: AgentRef,
    },
    /// A resolved or snoozed conversation is open again.
    ///
    /// It may be one that the snapshot doesn't hold; then it is to be fetched.
    #[serde(rename = "conversation.reopened")]
    ConversationReopened {
        /// What woke it.
        cause: ReopenCause,
        /// Whose it is; without one it waits from here.
        assignee: Option<AgentRef>,
    },
    /// It rests and waits no more; whoever has it keeps it.
    #[serde(rename = "conversation.snoozed")]
    ConversationSnoozed {
        /// When it wakes by itself.
        until: DateTime<Utc>,
        /// Who put it to rest.
        by: AgentRef,
    },
    /// The labels were set.
    #[serde(rename = "conversation.tagged")]
    ConversationTagged {
        /// All labels from now on, sorted.
        tags: Vec<Tag>,
        /// Who set them.
        by: AgentRef,
    },
    /// The priority was set, and with it the place in the queue.
    #[serde(rename = "conversation.prioritized")]
    ConversationPrioritized {
        /// The priority from now on.
        priority: Priority,
        /// Who set it.
        by: AgentRef,
    },
    /// The customer judged the support.
    #[serde(rename = "conversation.rated")]
    ConversationRated {
        /// 1 (bad) to 5 (excellent).
        #[schema(minimum = 1, maximum = 5)]
        score: u8,
        /// In words, if any.
        comment: Option<MessageText>,
    },
    /// One side has read up to a position.
    #[serde(rename = "conversation.read", rename_all = "camelCase")]
    ConversationRead {
        /// Which side.
        reader: Side,
        /// The agent, when the reader is one.
        agent_id: Option<AgentId>,
        /// Up to where.
        #[schema(value_type = i64)]
        up_to: Position,
    },
    /// It belongs to another record of the same person from here on.
    #[serde(rename = "conversation.customerChanged")]
    ConversationCustomerChanged {
        /// Whose it is now.
        customer: CustomerRef,
        /// Whose it was.
        previous: CustomerId,
    },
    /// Somebody said something that both sides see.
    #[serde(rename = "message.posted")]
    MessagePosted {
        /// What.
        message: Message,
    },
    /// An agent wrote something that only the team sees.
    #[serde(rename = "note.added")]
    NoteAdded {
        /// What.
        note: Message,
    },
    /// A call began.
    #[serde(rename = "call.started")]
    CallStarted {
        /// The call.
        call: CallView,
    },
    /// The call rings at the team.
    #[serde(rename = "call.rang", rename_all = "camelCase")]
    CallRang {
        /// Which call.
        call_id: CallId,
        /// At whom; nobody in particular means everybody.
        agent: Option<AgentRef>,
    },
    /// The side that was called has answered.
    #[serde(rename = "call.answered", rename_all = "camelCase")]
    CallAnswered {
        /// Which call.
        call_id: CallId,
        /// Who answered.
        by: Author,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody joined the call, or came back to it.
    #[serde(rename = "call.joined", rename_all = "camelCase")]
    CallJoined {
        /// Which call.
        call_id: CallId,
        /// Who.
        by: Author,
    },
    /// Somebody at whom the call rings won't take it.
    #[serde(rename = "call.declined", rename_all = "camelCase")]
    CallDeclined {
        /// Which call.
        call_id: CallId,
        /// Who.
        by: Author,
    },
    /// Somebody left the call, which goes on.
    #[serde(rename = "call.left", rename_all = "camelCase")]
    CallLeft {
        /// Which call.
        call_id: CallId,
        /// Who.
        by: Author,
    },
    /// It is a video call from here on.
    #[serde(rename = "call.escalated", rename_all = "camelCase")]
    CallEscalated {
        /// Which call.
        call_id: CallId,
        /// Who asked for it.
        by: Author,
    },
    /// The call is over.
    #[serde(rename = "call.ended", rename_all = "camelCase")]
    CallEnded {
        /// Which call.
        call_id: CallId,
        /// Why.
        reason: CallEndReason,
        /// Who ended it, unless it ended by itself.
        by: Option<Author>,
        /// How long it lasted since it was answered, in whole seconds.
        duration_seconds: u32,
    },
    /// Somebody was asked to join the team.
    #[serde(rename = "agent.invited")]
    AgentInvited {
        /// Who.
        agent: AgentSummary,
    },
    /// Somebody joined the team; offline at first, with the skills that were set before.
    #[serde(rename = "agent.joined", rename_all = "camelCase")]
    AgentJoined {
        /// Who.
        agent_id: AgentId,
        /// The name that customers see.
        name: Name,
        /// Its address.
        email: Email,
        /// What it may do.
        role: Role,
        /// How many open conversations it may have at once.
        capacity: u32,
    },
    /// What is known of an agent changed; only what changed is told.
    #[serde(rename = "agent.updated", rename_all = "camelCase")]
    AgentUpdated {
        /// Who.
        agent_id: AgentId,
        /// The name from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Name>,
        /// The role from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// How many open conversations at once, from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<u32>,
        /// All skills from now on, sorted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        skills: Option<Vec<Tag>>,
    },
    /// An agent takes new work, or doesn't.
    #[serde(rename = "agent.availability", rename_all = "camelCase")]
    AgentAvailability {
        /// Who.
        agent_id: AgentId,
        /// From now on.
        availability: Availability,
        /// Why.
        reason: AvailabilityReason,
    },
    /// An agent left the team.
    #[serde(rename = "agent.deactivated", rename_all = "camelCase")]
    AgentDeactivated {
        /// Who.
        agent_id: AgentId,
        /// Who took it off.
        by: AgentId,
    },
    /// What is known of a customer changed, in all of its conversations; only what changed is told.
    #[serde(rename = "customer.updated", rename_all = "camelCase")]
    CustomerUpdated {
        /// Who.
        customer_id: CustomerId,
        /// The changes: a `null` clears a field; metadata are merged key by key, a `null` removes a key.
        #[schema(schema_with = schema::profile_changes)]
        changes: ProfileChanges,
    },
    /// Settings changed; only what changed is told.
    #[serde(rename = "settings.changed")]
    SettingsChanged {
        /// The changes: a `null` clears a setting.
        #[schema(schema_with = schema::settings_changes)]
        changes: SettingsChanges,
    },
    /// A canned reply was written, perhaps instead of another of that name.
    #[serde(rename = "reply.saved")]
    ReplySaved {
        /// The reply.
        reply: CannedReply,
    },
    /// A canned reply was thrown away.
    #[serde(rename = "reply.deleted")]
    ReplyDeleted {
        /// What it was called by.
        shortcut: Shortcut,
    },
}

impl AgentDelta {
    /// What the event changes for the team; none when it is not for every agent (keys) or told by another
    /// event (a customer's first appearance is told by its conversation).
    #[must_use]
    pub fn for_agents(event: &Recorded) -> Option<Self> {
        let change = match &event.event {
            DomainEvent::Conversation(id, change) => Some(AgentChange::of_conversation(event, *id, change)),
            DomainEvent::Customer(id, change) => AgentChange::of_customer(*id, change),
            DomainEvent::Agent(id, change) => Some(AgentChange::of_agent(*id, change)),
            DomainEvent::Business(_, change) => AgentChange::of_business(change),
        };
        Some(Self::new(event, change?))
    }
}

impl AgentChange {
    /// Whether it says that nobody answered a call.
    pub(crate) const fn misses_call(&self) -> bool {
        matches!(
            self,
            Self::CallEnded { reason: CallEndReason::Missed, .. }
                | Self::ConversationUnassigned { reason: UnassignmentReason::CallMissed, .. }
        )
    }

    fn of_conversation(event: &Recorded, id: ConversationId, change: &ConversationEvent) -> Self {
        use ConversationEvent as E;
        match change.clone() {
            E::Opened { customer, channel, subject } => {
                Self::ConversationOpened { customer, channel, subject }
            }
            E::Assigned { assignee, previous, reason } => {
                Self::ConversationAssigned { assignee, previous, reason }
            }
            E::Unassigned { previous, reason } => Self::ConversationUnassigned { previous, reason },
            E::Resolved { by } => Self::ConversationResolved { by },
            E::Reopened { cause, assignee } => Self::ConversationReopened { cause, assignee },
            E::Snoozed { until, by } => Self::ConversationSnoozed { until, by },
            E::Tagged { tags, by } => Self::ConversationTagged { tags, by },
            E::Prioritized { priority, by } => Self::ConversationPrioritized { priority, by },
            E::Rated { score, comment } => Self::ConversationRated { score, comment },
            E::Read { reader, agent, up_to } => Self::ConversationRead { reader, agent_id: agent, up_to },
            E::CustomerChanged { customer, previous } => {
                Self::ConversationCustomerChanged { customer, previous }
            }
            E::MessagePosted { message_id, author, body, client_message_id } => Self::MessagePosted {
                message: Message::posted(event, id, message_id, &author, &body, client_message_id.as_deref()),
            },
            E::NoteAdded { note_id, author, text, client_message_id } => Self::NoteAdded {
                note: Message::noted(event, id, note_id, &author, &text, client_message_id.as_deref()),
            },
            E::CallStarted { call_id, kind, by, at } => {
                Self::CallStarted { call: CallView::started(call_id, kind, by, at) }
            }
            E::CallRang { call_id, agent } => Self::CallRang { call_id, agent },
            E::CallAnswered { call_id, by, at } => Self::CallAnswered { call_id, by, at },
            E::CallJoined { call_id, by } => Self::CallJoined { call_id, by },
            E::CallDeclined { call_id, by } => Self::CallDeclined { call_id, by },
            E::CallLeft { call_id, by } => Self::CallLeft { call_id, by },
            E::CallEscalated { call_id, by } => Self::CallEscalated { call_id, by },
            E::CallEnded { call_id, reason, by, duration_seconds } => {
                Self::CallEnded { call_id, reason, by, duration_seconds }
            }
        }
    }

    fn of_customer(id: CustomerId, change: &CustomerEvent) -> Option<Self> {
        match change {
            CustomerEvent::ProfileChanged { changes } => {
                Some(Self::CustomerUpdated { customer_id: id, changes: changes.clone() })
            }
            CustomerEvent::Registered { .. }
            | CustomerEvent::VisitorArrived { .. }
            | CustomerEvent::Merged { .. } => None,
        }
    }

    fn of_agent(id: AgentId, change: &AgentEvent) -> Self {
        use AgentEvent as E;
        match change.clone() {
            E::Invited { email, name, role, capacity, by: _ } => {
                Self::AgentInvited { agent: AgentSummary::invited(id, name, email, role, capacity) }
            }
            E::Joined { user: _, email, name, role, capacity } => {
                Self::AgentJoined { agent_id: id, name, email, role, capacity }
            }
            E::RoleChanged { role, by: _ } => Self::updated(id, None, Some(role), None, None),
            E::Renamed { name } => Self::updated(id, Some(name), None, None, None),
            E::CapacityChanged { capacity } => Self::updated(id, None, None, Some(capacity), None),
            E::SkillsChanged { skills } => Self::updated(id, None, None, None, Some(skills)),
            E::AvailabilityChanged { availability, reason } => {
                Self::AgentAvailability { agent_id: id, availability, reason }
            }
            E::Deactivated { by } => Self::AgentDeactivated { agent_id: id, by },
        }
    }

    const fn updated(
        agent_id: AgentId,
        name: Option<Name>,
        role: Option<Role>,
        capacity: Option<u32>,
        skills: Option<Vec<Tag>>,
    ) -> Self {
        Self::AgentUpdated { agent_id, name, role, capacity, skills }
    }

    fn of_business(change: &BusinessEvent) -> Option<Self> {
        match change {
            BusinessEvent::SettingsChanged { changes } => {
                Some(Self::SettingsChanged { changes: changes.clone() })
            }
            BusinessEvent::ReplySaved { shortcut, text } => {
                let reply = CannedReply { shortcut: shortcut.clone(), text: text.clone() };
                Some(Self::ReplySaved { reply })
            }
            BusinessEvent::ReplyDeleted { shortcut } => {
                Some(Self::ReplyDeleted { shortcut: shortcut.clone() })
            }
            BusinessEvent::SetUp { .. }
            | BusinessEvent::KeyCreated { .. }
            | BusinessEvent::KeyChanged { .. }
            | BusinessEvent::KeyRotated { .. }
            | BusinessEvent::KeyRevoked { .. } => None,
        }
    }
}
