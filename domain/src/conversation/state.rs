//! The state of a conversation: only what decisions need, and no larger after a million messages.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    AgentRef, Author, CallKind, ConversationCommand, ConversationEvent, ConversationRefusal, Priority, Side,
    decide::decide,
};
use crate::{AgentId, CallId, ConversationId, CustomerId, Decider, MessageText, Position, Tag};

/// A conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Conversation {
    /// Nothing has happened yet.
    #[default]
    NotOpened,
    /// It has begun.
    Opened(Box<Opened>),
}

/// A conversation that has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Whose it is.
    pub customer: CustomerId,
    /// Where it stands.
    pub status: Status,
    /// Its labels.
    pub tags: BTreeSet<Tag>,
    /// How urgent it is.
    pub priority: Priority,
    /// Up to where the customer has read; 0 before anything.
    pub read_by_customer: Position,
    /// Up to where the team has read; 0 before anything.
    pub read_by_agents: Position,
    /// The call that ended last, so that hanging up twice isn't an error.
    pub last_ended_call: Option<CallId>,
}

/// Where a conversation stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Status {
    /// The matter isn't settled.
    Active(Active),
    /// The matter is settled: it is nobody's, and no call is going on.
    Resolved {
        /// The customer's latest judgement since then.
        rating: Option<Rating>,
    },
}

/// What is open or rests: it may be somebody's, and a call may be going on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Active {
    /// Whose it is.
    pub assignee: Option<AgentRef>,
    /// When it wakes, if it rests.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// The call that is going on.
    pub call: Option<Call>,
}

/// A call that is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Audio or video.
    pub kind: CallKind,
    /// Who began it.
    pub starter: Participant,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When the other side answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// Who is in it; its starter from the beginning.
    pub present: BTreeSet<Participant>,
    /// The agent at whom it rings in particular.
    pub rings: Option<AgentId>,
    /// Who won't take it.
    pub declined: BTreeSet<Participant>,
}

/// Who is in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Participant {
    /// The customer.
    Customer,
    /// An agent.
    Agent(AgentId),
    /// OpenChat itself.
    System,
}

/// A customer's judgement of the support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// 1 (bad) to 5 (excellent).
    pub score: u8,
    /// In words, if any.
    pub comment: Option<MessageText>,
}

impl Decider for Conversation {
    const TYPE: &'static str = "conversation";
    const SNAPSHOT_VERSION: i32 = 2;
    type Id = ConversationId;
    type Command = ConversationCommand;
    type Event = ConversationEvent;
    type Refusal = ConversationRefusal;

    fn decide(&self, command: &ConversationCommand) -> Result<Vec<ConversationEvent>, ConversationRefusal> {
        decide(self, command)
    }

    fn evolve(&mut self, event: &ConversationEvent) {
        match self {
            Self::NotOpened => {
                if let ConversationEvent::Opened { customer, .. } = event {
                    *self = Self::Opened(Box::new(Opened::new(customer.id)));
                }
            }
            Self::Opened(it) => it.evolve(event),
        }
    }
}

impl Opened {
    /// Whether it is neither at rest nor settled.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, Status::Active(Active { snoozed_until: None, .. }))
    }

    /// Whether it waits in the queue: open, and nobody's.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.is_open() && self.assignee().is_none()
    }

    /// Whose it is.
    #[must_use]
    pub const fn assignee(&self) -> Option<AgentId> {
        match &self.status {
            Status::Active(Active { assignee: Some(agent), .. }) => Some(agent.id),
            Status::Active(Active { assignee: None, .. }) | Status::Resolved { .. } => None,
        }
    }

    /// The call, if it is this one that is going on.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&Call> {
        match &self.status {
            Status::Active(active) => active.call.as_ref().filter(|call| call.id == id),
            Status::Resolved { .. } => None,
        }
    }

    /// A conversation that has just begun: open, and nobody's.
    const fn new(customer: CustomerId) -> Self {
        Self {
            customer,
            status: Status::Active(Active { assignee: None, snoozed_until: None, call: None }),
            tags: BTreeSet::new(),
            priority: Priority::Normal,
            read_by_customer: 0,
            read_by_agents: 0,
            last_ended_call: None,
        }
    }

    fn evolve(&mut self, event: &ConversationEvent) {
        use ConversationEvent as E;
        match event {
            E::Opened { .. } | E::MessagePosted { .. } | E::NoteAdded { .. } => {}
            E::Read { reader: Side::Customer, up_to, .. } => self.read_by_customer = *up_to,
            E::Read { reader: Side::Agent, up_to, .. } => self.read_by_agents = *up_to,
            E::Tagged { tags, .. } => self.tags = tags.iter().cloned().collect(),
            E::Prioritized { priority, .. } => self.priority = *priority,
            E::CustomerChanged { customer, .. } => self.customer = customer.id,
            E::Assigned { assignee, .. } => self.while_active(|it| it.assignee = Some(assignee.clone())),
            E::Unassigned { .. } => self.while_active(|it| it.assignee = None),
            E::Snoozed { until, .. } => self.while_active(|it| it.snoozed_until = Some(*until)),
            E::Resolved { .. } => self.status = Status::Resolved { rating: None },
            E::Reopened { assignee, .. } => self.reopen(assignee.clone()),
            E::Rated { score, comment } => self.rate(Rating { score: *score, comment: comment.clone() }),
            E::CallStarted { call_id, kind, by, at } => {
                self.while_active(|it| it.call = Some(Call::new(*call_id, *kind, by, *at)));
            }
            E::CallRang { agent, .. } => self.in_call(|it| it.rings = agent.as_ref().map(|agent| agent.id)),
            E::CallAnswered { at, .. } => self.in_call(|it| it.answered_at = Some(*at)),
            E::CallJoined { by, .. } => self.in_call(|it| it.join(by.into())),
            E::CallDeclined { by, .. } => self.in_call(|it| it.decline(by.into())),
            E::CallLeft { by, .. } => self.in_call(|it| it.leave(by.into())),
            E::CallEscalated { .. } => self.in_call(|it| it.kind = CallKind::Video),
            E::CallEnded { call_id, .. } => {
                self.while_active(|it| it.call = None);
                self.last_ended_call = Some(*call_id);
            }
        }
    }

    fn while_active(&mut self, change: impl FnOnce(&mut Active)) {
        if let Status::Active(active) = &mut self.status {
            change(active);
        }
    }

    fn in_call(&mut self, change: impl FnOnce(&mut Call)) {
        self.while_active(|it| {
            if let Some(call) = &mut it.call {
                change(call);
            }
        });
    }

    fn reopen(&mut self, assignee: Option<AgentRef>) {
        let call = match &mut self.status {
            Status::Active(active) => active.call.take(),
            Status::Resolved { .. } => None,
        };
        self.status = Status::Active(Active { assignee, snoozed_until: None, call });
    }

    fn rate(&mut self, latest: Rating) {
        if let Status::Resolved { rating } = &mut self.status {
            *rating = Some(latest);
        }
    }
}

impl Call {
    /// Whether somebody is on the side that was called: the customer of an agent's call, any agent of a customer's.
    #[must_use]
    pub fn is_called(&self, who: Participant) -> bool {
        (self.starter == Participant::Customer) != (who == Participant::Customer)
    }

    fn new(id: CallId, kind: CallKind, starter: &Author, started_at: DateTime<Utc>) -> Self {
        let starter = Participant::from(starter);
        Self {
            id,
            kind,
            starter,
            started_at,
            answered_at: None,
            present: BTreeSet::from([starter]),
            rings: None,
            declined: BTreeSet::new(),
        }
    }

    fn join(&mut self, who: Participant) {
        self.present.insert(who);
        self.settled_with(who);
    }

    fn decline(&mut self, who: Participant) {
        self.declined.insert(who);
        self.settled_with(who);
    }

    fn leave(&mut self, who: Participant) {
        self.present.remove(&who);
    }

    /// An agent has answered or declined: it rings there no more.
    fn settled_with(&mut self, who: Participant) {
        self.rings = self.rings.filter(|agent| who != Participant::Agent(*agent));
    }
}

impl From<&Author> for Participant {
    fn from(author: &Author) -> Self {
        match author {
            Author::Customer { .. } => Self::Customer,
            Author::Agent { id, .. } => Self::Agent(*id),
            Author::System => Self::System,
        }
    }
}
