//! A conversation's line in the agents' inbox, and how a delta changes it.

use chrono::{DateTime, Utc};
use openchat_domain::{
    ConversationId, Position, Subject, Tag,
    conversation::{AgentRef, Channel, CustomerRef, Priority},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    AgentChange, AgentDelta,
    model::{Author, Call, ConversationStatus, Message, MessageBody, ReadMarks, WaitingSince},
    queue::QueueEntry,
};

/// An unresolved conversation as it stands in the inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationSummary {
    /// Its id.
    pub id: ConversationId,
    /// Where it stands.
    pub status: ConversationStatus,
    /// When it wakes by itself, while it rests.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// How it came in.
    pub channel: Channel,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Whose it is: as told when it began or changed hands, with every change of the profile since.
    pub customer: CustomerRef,
    /// Who has it, with the name at the time of the assignment.
    pub assignee: Option<AgentRef>,
    /// Its labels, sorted.
    pub tags: Vec<Tag>,
    /// How urgent it is.
    pub priority: Priority,
    /// Since when it waits: while it is open and nobody's.
    pub waiting_since: Option<WaitingSince>,
    /// What was said last.
    pub last_message: Option<LastMessage>,
    /// The positions of the customer's messages that nobody of the team has read or answered, ascending; the
    /// latest 100 of them.
    #[schema(value_type = Vec<i64>, max_items = 100)]
    pub unread: Vec<Position>,
    /// How far both sides have read.
    pub read_up_to: ReadMarks,
    /// The call that is going on.
    pub call: Option<Call>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When something last happened to it, other than being read.
    pub updated_at: DateTime<Utc>,
    /// The position of what last brought it to the top of the inbox: its beginning, something said or noted, a
    /// change of assignee, an end, a reopening, a call.
    #[schema(value_type = i64)]
    pub last_activity: Position,
    /// The position up to which everything that concerns it is in here: its latest event, or its customer's
    /// latest change of profile.
    #[schema(value_type = i64)]
    pub position: Position,
}

/// The message that a conversation's line in the inbox shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastMessage {
    /// Who said it.
    pub author: Author,
    /// Its first 140 characters.
    pub excerpt: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Its position.
    #[schema(value_type = i64)]
    pub position: Position,
}

impl ConversationSummary {
    /// The most unread messages that a summary counts.
    pub const UNREAD: usize = 100;

    /// A conversation that has just begun.
    pub(super) fn opened(
        id: ConversationId,
        customer: &CustomerRef,
        channel: Channel,
        subject: Option<&Subject>,
        delta: &AgentDelta,
    ) -> Self {
        Self {
            id,
            status: ConversationStatus::Open,
            snoozed_until: None,
            channel,
            subject: subject.cloned(),
            customer: customer.clone(),
            assignee: None,
            tags: Vec::new(),
            priority: Priority::Normal,
            waiting_since: Some(WaitingSince { position: delta.position, at: delta.at }),
            last_message: None,
            unread: Vec::new(),
            read_up_to: ReadMarks::default(),
            call: None,
            created_at: delta.at,
            updated_at: delta.at,
            last_activity: delta.position,
            position: delta.position,
        }
    }

    /// Folds a delta of this conversation in.
    pub(super) fn fold(&mut self, delta: &AgentDelta) {
        use AgentChange as C;
        self.position = delta.position;
        if !matches!(delta.change, C::ConversationRead { .. }) {
            self.updated_at = delta.at;
        }
        if moves_up(&delta.change) {
            self.last_activity = delta.position;
        }
        match &delta.change {
            C::ConversationAssigned { assignee, .. } => self.assignee = Some(assignee.clone()),
            C::ConversationUnassigned { .. } => self.assignee = None,
            C::ConversationResolved { .. } => {
                self.stand(ConversationStatus::Resolved, None);
                self.assignee = None;
            }
            C::ConversationReopened { assignee, .. } => {
                self.stand(ConversationStatus::Open, None);
                self.assignee.clone_from(assignee);
            }
            C::ConversationSnoozed { until, .. } => self.stand(ConversationStatus::Snoozed, Some(*until)),
            C::ConversationTagged { tags, .. } => self.tags.clone_from(tags),
            C::ConversationPrioritized { priority, .. } => self.priority = *priority,
            C::ConversationRead { reader, agent_id: _, up_to } => {
                self.read_up_to.read(*reader, *up_to);
                self.unread.retain(|position| *position > self.read_up_to.agents);
            }
            C::ConversationCustomerChanged { customer, .. } => self.customer = customer.clone(),
            C::MessagePosted { message } => {
                self.count_unread(message);
                self.last_message = Some(LastMessage::new(
                    message.author.clone(),
                    &message.body,
                    message.created_at,
                    message.position,
                ));
            }
            C::CallStarted { call_id, kind, by, started_at } => {
                self.call = Some(Call::started(*call_id, *kind, by.clone(), *started_at));
            }
            C::CallJoined { by, .. } => self.call.iter_mut().for_each(|call| call.join(by)),
            C::CallEnded { .. } => self.call = None,
            C::ConversationOpened { .. }
            | C::ConversationRated { .. }
            | C::NoteAdded { .. }
            | C::AgentInvited { .. }
            | C::AgentJoined { .. }
            | C::AgentUpdated { .. }
            | C::AgentAvailability { .. }
            | C::AgentDeactivated { .. }
            | C::CustomerUpdated { .. }
            | C::SettingsChanged { .. } => {}
        }
        self.wait(WaitingSince { position: delta.position, at: delta.at });
    }

    fn count_unread(&mut self, message: &Message) {
        match message.author {
            Author::Customer { .. } if message.position > self.read_up_to.agents => {
                let full = self.unread.len() == Self::UNREAD;
                self.unread.drain(..usize::from(full));
                self.unread.push(message.position);
            }
            Author::Agent { .. } => self.unread.clear(),
            Author::Customer { .. } | Author::System => {}
        }
    }

    fn stand(&mut self, status: ConversationStatus, snoozed_until: Option<DateTime<Utc>>) {
        self.status = status;
        self.snoozed_until = snoozed_until;
    }

    /// What is open and nobody's waits, from the event on that made it so.
    fn wait(&mut self, now: WaitingSince) {
        let waits = self.status == ConversationStatus::Open && self.assignee.is_none();
        self.waiting_since = if waits { self.waiting_since.or(Some(now)) } else { None };
    }

    /// Its entry in the queue, while it waits.
    pub(super) fn queue_entry(&self) -> Option<QueueEntry> {
        self.waiting_since.map(|waiting_since| QueueEntry {
            conversation_id: self.id,
            priority: self.priority,
            waiting_since,
        })
    }
}

/// Whether a change brings its conversation to the top of the inbox.
const fn moves_up(change: &AgentChange) -> bool {
    use AgentChange as C;
    match change {
        C::ConversationOpened { .. }
        | C::ConversationAssigned { .. }
        | C::ConversationUnassigned { .. }
        | C::ConversationResolved { .. }
        | C::ConversationReopened { .. }
        | C::MessagePosted { .. }
        | C::NoteAdded { .. }
        | C::CallStarted { .. } => true,
        C::ConversationSnoozed { .. }
        | C::ConversationTagged { .. }
        | C::ConversationPrioritized { .. }
        | C::ConversationRated { .. }
        | C::ConversationRead { .. }
        | C::ConversationCustomerChanged { .. }
        | C::CallJoined { .. }
        | C::CallEnded { .. }
        | C::AgentInvited { .. }
        | C::AgentJoined { .. }
        | C::AgentUpdated { .. }
        | C::AgentAvailability { .. }
        | C::AgentDeactivated { .. }
        | C::CustomerUpdated { .. }
        | C::SettingsChanged { .. } => false,
    }
}

impl LastMessage {
    /// How many characters of the message are shown.
    pub const EXCERPT: usize = 140;

    /// A message, cut to the length of a line.
    #[must_use]
    pub fn new(author: Author, body: &MessageBody, at: DateTime<Utc>, position: Position) -> Self {
        let MessageBody::Text { text } = body;
        Self { author, excerpt: text.as_str().chars().take(Self::EXCERPT).collect(), at, position }
    }
}
