//! The agents' snapshot, and how a delta changes it.

use openchat_domain::{
    AgentId, ConversationId, Email, Name, Tag,
    agent::{Availability, Role},
    business::Settings,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AgentChange, AgentDelta};
use crate::{
    inbox::{ConversationView, Status},
    replies::CannedReply,
    routing_queue::QueueEntry,
    settings::BusinessIdentity,
};

/// What an agent's inbox begins with, as of the position of its `hello`.
///
/// Folding every later delta in keeps it equal to a fresh snapshot, as long as `complete` holds and each
/// conversation that the fold can't know is fetched: one that isn't listed and is reopened. Without `complete`,
/// any conversation that isn't listed is fetched when something brings it to the top; those that would move up when
/// another is resolved are missing, and are found by paging through the inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentSnapshot {
    /// Whose inbox it is.
    pub me: AgentId,
    /// The business.
    pub business: BusinessIdentity,
    /// Its settings.
    pub settings: Settings,
    /// Everybody who was asked to join the team and hasn't left it, by id.
    pub agents: Vec<AgentSummary>,
    /// The unresolved conversations with the latest activity, latest first.
    #[schema(max_items = 100)]
    pub conversations: Vec<ConversationView>,
    /// Everything that waits, in the order in which it will be served; a conversation's place is its index + 1.
    pub queue: Vec<QueueEntry>,
    /// The canned replies, by their names.
    pub replies: Vec<CannedReply>,
    /// Whether `conversations` are all unresolved ones.
    pub complete: bool,
    /// Whether customers can be called, and call.
    pub calls: bool,
}

/// A member of the team as the others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentSummary {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: Name,
    /// Its address.
    pub email: Email,
    /// What it may do.
    pub role: Role,
    /// Whether it has joined: before, it can only be prepared.
    pub joined: bool,
    /// Whether it takes new work.
    pub availability: Availability,
    /// How many open conversations it may have at once.
    pub capacity: u32,
    /// What it is good at, sorted.
    pub skills: Vec<Tag>,
}

impl AgentSnapshot {
    /// The most conversations that a snapshot lists.
    pub const CONVERSATIONS: usize = 100;

    /// Folds the next delta in.
    ///
    /// Answers the conversation that should be listed but isn't known, because no delta tells all of it: one
    /// that was resolved and is open again, or one that an incomplete list had left out. Whoever keeps the
    /// snapshot fetches it, as of this delta or later, and inserts it.
    #[must_use = "the conversation has to be fetched and inserted"]
    pub fn fold(&mut self, delta: &AgentDelta) -> Option<ConversationId> {
        match delta.conversation_id {
            Some(id) => self.fold_conversation(id, delta),
            None => {
                self.fold_rest(delta);
                None
            }
        }
    }

    /// Lists a conversation that was fetched, unless it is resolved or a later state of it is listed.
    pub fn insert(&mut self, fetched: ConversationView) {
        let fetched = ConversationView { queue_position: None, ..fetched };
        let held = self.conversations.iter().position(|it| it.id == fetched.id);
        match held {
            Some(index) if self.conversations[index].position >= fetched.position => {}
            Some(index) => {
                self.conversations.remove(index);
                self.list(fetched);
            }
            None => self.list(fetched),
        }
    }

    fn fold_conversation(&mut self, id: ConversationId, delta: &AgentDelta) -> Option<ConversationId> {
        let held = self.conversations.iter().position(|it| it.id == id);
        match held {
            Some(index) if self.conversations[index].position >= delta.position => None,
            Some(index) => {
                let mut conversation = self.conversations.remove(index);
                conversation.fold(delta);
                self.list(conversation);
                None
            }
            None => self.fold_unlisted(id, delta),
        }
    }

    fn fold_unlisted(&mut self, id: ConversationId, delta: &AgentDelta) -> Option<ConversationId> {
        use AgentChange as C;
        match &delta.change {
            C::ConversationOpened { customer, channel, subject } => {
                self.list(ConversationView::opened(id, customer, *channel, subject.as_ref(), delta));
                None
            }
            C::ConversationReopened { .. } => Some(id),
            C::ConversationAssigned { .. } => {
                self.unqueue(id);
                self.left_out(id)
            }
            C::ConversationResolved { .. } | C::ConversationSnoozed { .. } => {
                self.unqueue(id);
                None
            }
            C::ConversationPrioritized { priority, .. } => {
                self.requeue(id, |entry| QueueEntry { priority: *priority, ..entry });
                None
            }
            C::CallEnded { .. } => {
                if delta.change.misses_call() {
                    self.requeue(id, |entry| QueueEntry { missed_call: true, ..entry });
                }
                None
            }
            C::ConversationUnassigned { .. }
            | C::MessagePosted { .. }
            | C::NoteAdded { .. }
            | C::CallStarted { .. } => self.left_out(id),
            C::ConversationTagged { .. }
            | C::ConversationCustomerChanged { .. }
            | C::ConversationRead { .. }
            | C::ConversationRated { .. }
            | C::CallRang { .. }
            | C::CallAnswered { .. }
            | C::CallJoined { .. }
            | C::CallDeclined { .. }
            | C::CallLeft { .. }
            | C::CallEscalated { .. }
            | C::AgentInvited { .. }
            | C::AgentJoined { .. }
            | C::AgentUpdated { .. }
            | C::AgentAvailability { .. }
            | C::AgentDeactivated { .. }
            | C::CustomerUpdated { .. }
            | C::SettingsChanged { .. }
            | C::ReplySaved { .. }
            | C::ReplyDeleted { .. } => None,
        }
    }

    /// In a complete list only resolved conversations are missing, and they stay so until they are reopened.
    fn left_out(&self, id: ConversationId) -> Option<ConversationId> {
        (!self.complete).then_some(id)
    }

    fn list(&mut self, conversation: ConversationView) {
        match conversation.waiting {
            Some(waiting) => {
                self.enqueue(QueueEntry::new(conversation.id, conversation.priority, waiting));
            }
            None => self.unqueue(conversation.id),
        }
        if conversation.status == Status::Resolved {
            return;
        }
        let index = self.conversations.partition_point(|it| it.activity > conversation.activity);
        self.conversations.insert(index, conversation);
        if self.conversations.len() > Self::CONVERSATIONS {
            self.conversations.pop();
            self.complete = false;
        }
    }

    fn enqueue(&mut self, entry: QueueEntry) {
        self.unqueue(entry.conversation_id);
        self.queue.insert(self.queue.partition_point(|other| other.key() < entry.key()), entry);
    }

    /// Moves a conversation that waits to where it belongs after a change.
    fn requeue(&mut self, conversation: ConversationId, change: impl FnOnce(QueueEntry) -> QueueEntry) {
        let waits = self.queue.iter().find(|entry| entry.conversation_id == conversation).copied();
        if let Some(entry) = waits {
            self.enqueue(change(entry));
        }
    }

    fn unqueue(&mut self, conversation: ConversationId) {
        self.queue.retain(|entry| entry.conversation_id != conversation);
    }

    fn fold_rest(&mut self, delta: &AgentDelta) {
        use AgentChange as C;
        match &delta.change {
            C::AgentInvited { agent } => self.enlist(agent.clone()),
            C::AgentJoined { agent_id, name, email, role, capacity } => {
                let skills = self.agent(*agent_id).map(|it| std::mem::take(&mut it.skills));
                self.enlist(AgentSummary {
                    joined: true,
                    skills: skills.unwrap_or_default(),
                    ..AgentSummary::invited(*agent_id, name.clone(), email.clone(), *role, *capacity)
                });
            }
            C::AgentUpdated { agent_id, name, role, capacity, skills } => {
                if let Some(agent) = self.agent(*agent_id) {
                    agent.name = name.clone().unwrap_or_else(|| agent.name.clone());
                    agent.role = role.unwrap_or(agent.role);
                    agent.capacity = capacity.unwrap_or(agent.capacity);
                    agent.skills = skills.clone().unwrap_or_else(|| agent.skills.clone());
                }
            }
            C::AgentAvailability { agent_id, availability, reason: _ } => {
                if let Some(agent) = self.agent(*agent_id) {
                    agent.availability = *availability;
                }
            }
            C::AgentDeactivated { agent_id, by: _ } => self.agents.retain(|it| it.id != *agent_id),
            C::CustomerUpdated { customer_id, changes: _ } => {
                for conversation in &mut self.conversations {
                    if conversation.customer.id == *customer_id && conversation.position < delta.position {
                        conversation.fold(delta);
                    }
                }
            }
            C::SettingsChanged { changes } => self.settings = self.settings.changed(changes),
            C::ReplySaved { reply } => self.keep(reply),
            C::ReplyDeleted { shortcut } => self.replies.retain(|it| it.shortcut != *shortcut),
            C::ConversationOpened { .. }
            | C::ConversationAssigned { .. }
            | C::ConversationUnassigned { .. }
            | C::ConversationResolved { .. }
            | C::ConversationReopened { .. }
            | C::ConversationSnoozed { .. }
            | C::ConversationTagged { .. }
            | C::ConversationPrioritized { .. }
            | C::ConversationRated { .. }
            | C::ConversationRead { .. }
            | C::ConversationCustomerChanged { .. }
            | C::MessagePosted { .. }
            | C::NoteAdded { .. }
            | C::CallStarted { .. }
            | C::CallRang { .. }
            | C::CallAnswered { .. }
            | C::CallJoined { .. }
            | C::CallDeclined { .. }
            | C::CallLeft { .. }
            | C::CallEscalated { .. }
            | C::CallEnded { .. } => {}
        }
    }

    fn keep(&mut self, reply: &CannedReply) {
        match self.replies.binary_search_by(|it| it.shortcut.cmp(&reply.shortcut)) {
            Ok(held) => self.replies[held] = reply.clone(),
            Err(place) => self.replies.insert(place, reply.clone()),
        }
    }

    fn enlist(&mut self, agent: AgentSummary) {
        self.agents.retain(|it| it.id != agent.id);
        let index = self.agents.partition_point(|it| it.id < agent.id);
        self.agents.insert(index, agent);
    }

    fn agent(&mut self, id: AgentId) -> Option<&mut AgentSummary> {
        self.agents.iter_mut().find(|agent| agent.id == id)
    }
}

impl AgentSummary {
    /// Somebody who has just been asked to join: offline, with no skills set yet.
    #[must_use]
    pub fn invited(id: AgentId, name: Name, email: Email, role: Role, capacity: u32) -> Self {
        let (availability, skills) = (Availability::Offline, Vec::new());
        Self { id, name, email, role, joined: false, availability, capacity, skills }
    }
}
