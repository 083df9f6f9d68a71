//! A customer's feed: what an event changes for one customer, and nothing else of what it says.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use openchat_domain::{
    CallId, ConversationId, CustomerId, DomainEvent, MessageText, Position, Recorded, Subject,
    business::{BusinessEvent, SettingsChanges},
    conversation::{AgentRef, Author, CallEndReason, Channel, ConversationEvent, Side},
    customer::{CustomerEvent, ProfileChanges},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Delta, queue::QueueOrder, schema};
use crate::{inbox::CallView, transcript::Message};

/// A delta of a customer's feed.
pub type CustomerDelta = Delta<CustomerChange>;

/// What changed, as the customer is told it.
///
/// A `queuePosition` is the conversation's place in the queue after the event, counted from 1; null when it
/// doesn't wait. Only the current conversation's place, that of the one that began last, is told when it
/// changes because of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data")]
pub enum CustomerChange {
    /// The customer's conversation began.
    #[serde(rename = "conversation.opened", rename_all = "camelCase")]
    ConversationOpened {
        /// How it came in.
        channel: Channel,
        /// What it is about.
        subject: Option<Subject>,
        /// Its place.
        queue_position: Option<u32>,
    },
    /// An agent has it.
    #[serde(rename = "conversation.assigned", rename_all = "camelCase")]
    ConversationAssigned {
        /// Who.
        assignee: AgentRef,
        /// Its place.
        queue_position: Option<u32>,
    },
    /// Nobody has it for now.
    #[serde(rename = "conversation.unassigned", rename_all = "camelCase")]
    ConversationUnassigned {
        /// Its place.
        queue_position: Option<u32>,
    },
    /// The matter is settled; nobody has it.
    #[serde(rename = "conversation.resolved", rename_all = "camelCase")]
    ConversationResolved {
        /// Its place.
        queue_position: Option<u32>,
    },
    /// It is being dealt with again; an earlier rating no longer counts.
    #[serde(rename = "conversation.reopened", rename_all = "camelCase")]
    ConversationReopened {
        /// Who has it, if anybody.
        assignee: Option<AgentRef>,
        /// Its place.
        queue_position: Option<u32>,
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
        /// Up to where.
        #[schema(value_type = i64)]
        up_to: Position,
    },
    /// Somebody said something.
    #[serde(rename = "message.posted")]
    MessagePosted {
        /// What.
        message: Message,
    },
    /// A call began.
    #[serde(rename = "call.started")]
    CallStarted {
        /// The call.
        call: CallView,
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
        /// Its place: whoever called in vain comes first.
        queue_position: Option<u32>,
    },
    /// The current conversation's place in the queue is another one, because of somebody else.
    #[serde(rename = "queue.changed", rename_all = "camelCase")]
    QueueChanged {
        /// Its place.
        queue_position: Option<u32>,
    },
    /// What is known of the customer changed; only what changed is told.
    #[serde(rename = "customer.updated")]
    CustomerUpdated {
        /// The changes: a `null` clears a field.
        #[schema(schema_with = schema::own_profile_changes)]
        changes: ProfileChanges,
    },
    /// The business's public settings changed; only what changed is told.
    #[serde(rename = "settings.changed")]
    SettingsChanged {
        /// The changes: a `null` clears a setting.
        #[schema(schema_with = schema::public_settings_changes)]
        changes: SettingsChanges,
    },
}

/// Whose a customer's feed is: the customer, and its conversations as of some position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerScope {
    customer: CustomerId,
    conversations: BTreeSet<ConversationId>,
}

/// One session's feed of a customer: which delta each event yields, given the queue after the event.
///
/// To resume it after a position it needs scope and queue as they were there; without them (the ring of
/// recent events begins later) the session is given a fresh snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerFeed {
    scope: CustomerScope,
    place: Option<u32>,
}

/// What a customer's session is to be sent for an event.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerStep {
    /// Nothing.
    Silent,
    /// This delta.
    Delta(Box<CustomerDelta>),
    /// A fresh `hello`, as of this event or later, from a feed that is made anew: whose conversations are
    /// whose has changed (perhaps the session's customer has been merged into another), or more changed at
    /// once than one delta tells.
    Snapshot,
}

impl CustomerDelta {
    /// What the event changes for the customer, given the queue after it; none when it concerns another
    /// customer or only the team.
    #[must_use]
    pub fn for_customer(event: &Recorded, scope: &CustomerScope, queue: &QueueOrder) -> Option<Self> {
        let change = match &event.event {
            DomainEvent::Conversation(id, change) => (scope.contains(*id) || scope.begins_with(change))
                .then(|| CustomerChange::of_conversation(event, *id, change, queue))
                .flatten(),
            DomainEvent::Customer(id, CustomerEvent::ProfileChanged { changes }) if *id == scope.customer => {
                own_part(changes).map(|changes| CustomerChange::CustomerUpdated { changes })
            }
            DomainEvent::Business(_, BusinessEvent::SettingsChanged { changes }) => {
                public_part(changes).map(|changes| CustomerChange::SettingsChanged { changes })
            }
            DomainEvent::Customer(..) | DomainEvent::Agent(..) | DomainEvent::Business(..) => None,
        };
        Some(Self::new(event, change?))
    }

    /// The conversation has another place since the event, which happened to something else.
    #[must_use]
    pub fn queue_changed(
        event: &Recorded,
        conversation: ConversationId,
        queue_position: Option<u32>,
    ) -> Self {
        Self {
            position: event.position,
            conversation_id: Some(conversation),
            at: event.at,
            change: CustomerChange::QueueChanged { queue_position },
        }
    }
}

impl CustomerChange {
    fn of_conversation(
        event: &Recorded,
        id: ConversationId,
        change: &ConversationEvent,
        queue: &QueueOrder,
    ) -> Option<Self> {
        use ConversationEvent as E;
        let place = || queue.place(id);
        Some(match change.clone() {
            E::Opened { customer: _, channel, subject } => {
                Self::ConversationOpened { channel, subject, queue_position: place() }
            }
            E::Assigned { assignee, .. } => {
                Self::ConversationAssigned { assignee, queue_position: place() }
            }
            E::Unassigned { .. } => Self::ConversationUnassigned { queue_position: place() },
            E::Resolved { .. } => Self::ConversationResolved { queue_position: place() },
            E::Reopened { cause: _, assignee } => {
                Self::ConversationReopened { assignee, queue_position: place() }
            }
            E::Rated { score, comment } => Self::ConversationRated { score, comment },
            E::Read { reader, agent: _, up_to } => Self::ConversationRead { reader, up_to },
            E::MessagePosted { message_id, author, body, client_message_id } => Self::MessagePosted {
                message: Message::posted(
                    event,
                    id,
                    message_id,
                    &author,
                    &body,
                    client_message_id.as_deref(),
                ),
            },
            E::CallStarted { call_id, kind, by, at } => {
                Self::CallStarted { call: CallView::started(call_id, kind, by, at) }
            }
            E::CallAnswered { call_id, by, at } => Self::CallAnswered { call_id, by, at },
            E::CallJoined { call_id, by } => Self::CallJoined { call_id, by },
            E::CallLeft { call_id, by } => Self::CallLeft { call_id, by },
            E::CallEscalated { call_id, by } => Self::CallEscalated { call_id, by },
            E::CallEnded { call_id, reason, by, duration_seconds } => {
                Self::CallEnded { call_id, reason, by, duration_seconds, queue_position: place() }
            }
            // The team's own: notes, labels, urgency, rests, at whom a call rings and who won't take it. What they do to
            // the place is told as that.
            E::NoteAdded { .. }
            | E::Tagged { .. }
            | E::Prioritized { .. }
            | E::Snoozed { .. }
            | E::CallRang { .. }
            | E::CallDeclined { .. }
            // Whose conversations are whose changes: the feed begins anew.
            | E::CustomerChanged { .. } => return None,
        })
    }
}

/// What the customer may know of changes to its profile: metadata are the business's own.
fn own_part(changes: &ProfileChanges) -> Option<ProfileChanges> {
    let own = ProfileChanges { metadata: None, ..changes.clone() };
    (own != ProfileChanges::default()).then_some(own)
}

/// What a customer may know of changes to settings: preferences are the team's own, but for the language.
fn public_part(changes: &SettingsChanges) -> Option<SettingsChanges> {
    let public = SettingsChanges {
        auto_assign: None,
        default_capacity: None,
        offline_grace_seconds: None,
        hours: None,
        ..changes.clone()
    };
    (public != SettingsChanges::default()).then_some(public)
}

impl CustomerScope {
    /// A customer and its conversations.
    #[must_use]
    pub fn new(customer: CustomerId, conversations: impl IntoIterator<Item = ConversationId>) -> Self {
        Self { customer, conversations: conversations.into_iter().collect() }
    }

    /// The customer.
    #[must_use]
    pub const fn customer(&self) -> CustomerId {
        self.customer
    }

    /// Its conversations, the first one that began first.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.conversations.iter().copied()
    }

    /// The conversation that the customer's pages show: the one that began last, by its id.
    #[must_use]
    pub fn current(&self) -> Option<ConversationId> {
        self.conversations.last().copied()
    }

    /// Whether the conversation is the customer's.
    #[must_use]
    pub fn contains(&self, conversation: ConversationId) -> bool {
        self.conversations.contains(&conversation)
    }

    /// Whether the event takes conversations from the customer, or gives it some that began as another's.
    fn is_reshaped_by(&self, event: &Recorded) -> bool {
        match &event.event {
            DomainEvent::Conversation(_, ConversationEvent::CustomerChanged { customer, previous }) => {
                customer.id == self.customer || *previous == self.customer
            }
            DomainEvent::Customer(id, CustomerEvent::Merged { .. }) => *id == self.customer,
            DomainEvent::Conversation(..)
            | DomainEvent::Customer(..)
            | DomainEvent::Agent(..)
            | DomainEvent::Business(..) => false,
        }
    }

    /// Whether the event is the beginning of a conversation of the customer's.
    fn begins_with(&self, event: &ConversationEvent) -> bool {
        matches!(event, ConversationEvent::Opened { customer, .. } if customer.id == self.customer)
    }

    /// Takes in a conversation that the customer has just begun.
    fn take_in(&mut self, event: &Recorded) {
        if let DomainEvent::Conversation(id, event) = &event.event
            && self.begins_with(event)
        {
            self.conversations.insert(*id);
        }
    }
}

impl CustomerFeed {
    /// A feed that begins after a snapshot: `place` is the current conversation's in the queue there.
    #[must_use]
    pub const fn new(scope: CustomerScope, place: Option<u32>) -> Self {
        Self { scope, place }
    }

    /// Whose it is.
    #[must_use]
    pub const fn scope(&self) -> &CustomerScope {
        &self.scope
    }

    /// Takes the log's next event, with the queue after it.
    #[must_use]
    pub fn advance(&mut self, event: &Recorded, queue: &QueueOrder) -> CustomerStep {
        if self.scope.is_reshaped_by(event) {
            return CustomerStep::Snapshot;
        }
        let delta = CustomerDelta::for_customer(event, &self.scope, queue);
        self.scope.take_in(event);
        let current = self.scope.current();
        let place = current.and_then(|id| queue.place(id));
        let moved = std::mem::replace(&mut self.place, place) != place;
        match (delta, current) {
            (Some(delta), _) if delta.conversation_id == current => CustomerStep::Delta(Box::new(delta)),
            // A delta of another conversation has no room for the current one's place.
            (Some(_), _) if moved => CustomerStep::Snapshot,
            (Some(delta), _) => CustomerStep::Delta(Box::new(delta)),
            (None, Some(current)) if moved => {
                CustomerStep::Delta(Box::new(CustomerDelta::queue_changed(event, current, place)))
            }
            (None, _) => CustomerStep::Silent,
        }
    }
}
