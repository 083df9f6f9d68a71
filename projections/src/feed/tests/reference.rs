//! Snapshots made straight from the log, without deltas: what folding deltas must come to.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use openchat_domain::{
    AgentId, ConversationId, CustomerId, DomainEvent, EventType, MessageText, Position, Recorded, Shortcut,
    agent::{AgentEvent, Availability},
    business::{BusinessEvent, Settings},
    conversation::{Author, ConversationEvent, Priority},
    customer::{CustomerEvent, Profile, ProfileChanges},
};
use openchat_projections::{
    audit::ConversationAsOf,
    feed::{
        AgentSnapshot, AgentSummary, CustomerScope, CustomerSnapshot, OwnConversation, OwnProfile, OwnStatus,
        PublicBusiness, QueueOrder,
    },
    inbox::{ConversationView, LastMessage, Resolution, Status},
    replies::CannedReply,
    routing_queue::{QueueEntry, Standing},
    settings::BusinessIdentity,
    transcript::Message,
};

use super::world::business;

/// All that a prefix of the log says.
pub(super) struct Known {
    position: Position,
    business: BusinessIdentity,
    settings: Settings,
    replies: BTreeMap<Shortcut, MessageText>,
    agents: BTreeMap<AgentId, AgentSummary>,
    customers: HashMap<CustomerId, Profile>,
    /// The position of each customer's latest change of profile.
    profiled: HashMap<CustomerId, Position>,
    conversations: BTreeMap<ConversationId, ConversationAsOf>,
    activity: HashMap<ConversationId, (usize, usize)>,
    log: Vec<Recorded>,
}

impl Known {
    pub(super) fn from(log: &[Recorded]) -> Self {
        let Some(DomainEvent::Business(_, BusinessEvent::SetUp { name, slug, domain, .. })) =
            log.first().map(|first| &first.event)
        else {
            panic!("a log begins with its business");
        };
        let mut known = Self {
            position: log.len() as Position,
            business: BusinessIdentity {
                id: business(),
                name: name.clone(),
                slug: slug.clone(),
                domain: domain.clone(),
            },
            settings: Settings::default(),
            replies: BTreeMap::new(),
            agents: BTreeMap::new(),
            customers: HashMap::new(),
            profiled: HashMap::new(),
            conversations: BTreeMap::new(),
            activity: HashMap::new(),
            log: log.to_vec(),
        };
        for (index, event) in log.iter().enumerate() {
            known.learn(index, event);
        }
        known
    }

    fn learn(&mut self, index: usize, recorded: &Recorded) {
        match &recorded.event {
            DomainEvent::Business(_, event) => {
                if let BusinessEvent::SettingsChanged { changes } = event {
                    self.settings = self.settings.changed(changes);
                }
                if let BusinessEvent::ReplySaved { shortcut, text } = event {
                    self.replies.insert(shortcut.clone(), text.clone());
                }
                if let BusinessEvent::ReplyDeleted { shortcut } = event {
                    self.replies.remove(shortcut);
                }
            }
            DomainEvent::Agent(id, event) => self.learn_agent(*id, event),
            DomainEvent::Customer(id, event) => self.learn_customer(*id, event, recorded.position),
            DomainEvent::Conversation(id, event) => {
                let (updated, active) = self.activity.entry(*id).or_default();
                if !matches!(event, ConversationEvent::Read { .. }) {
                    *updated = index;
                }
                if brings_up(event) {
                    *active = index;
                }
                let mut conversation = self.conversations.remove(id);
                ConversationAsOf::apply(&mut conversation, recorded);
                self.conversations.insert(*id, conversation.unwrap());
            }
        }
    }

    fn learn_agent(&mut self, id: AgentId, event: &AgentEvent) {
        let agent = self.agents.get_mut(&id);
        match (event.clone(), agent) {
            (AgentEvent::Invited { email, name, role, capacity, .. }, _) => {
                let (availability, joined) = (Availability::Offline, false);
                let skills = vec![];
                let agent = AgentSummary { id, name, email, role, joined, availability, capacity, skills };
                self.agents.insert(id, agent);
            }
            (AgentEvent::Joined { email, name, role, capacity, .. }, Some(agent)) => {
                agent.joined = true;
                (agent.email, agent.name, agent.role, agent.capacity) = (email, name, role, capacity);
            }
            (AgentEvent::RoleChanged { role, .. }, Some(agent)) => agent.role = role,
            (AgentEvent::Renamed { name }, Some(agent)) => agent.name = name,
            (AgentEvent::CapacityChanged { capacity }, Some(agent)) => agent.capacity = capacity,
            (AgentEvent::SkillsChanged { skills }, Some(agent)) => agent.skills = skills,
            (AgentEvent::AvailabilityChanged { availability, .. }, Some(agent)) => {
                agent.availability = availability;
            }
            (AgentEvent::Deactivated { .. }, _) => {
                self.agents.remove(&id);
            }
            (_, _) => {}
        }
    }

    fn learn_customer(&mut self, id: CustomerId, event: &CustomerEvent, position: Position) {
        match event {
            CustomerEvent::Registered { profile, .. } | CustomerEvent::VisitorArrived { profile } => {
                self.customers.insert(id, profile.clone());
            }
            CustomerEvent::ProfileChanged { changes } => {
                let profile = self.customers.entry(id).or_default();
                *profile = profile.changed(changes);
                self.profiled.insert(id, position);
                for conversation in self.conversations.values_mut().filter(|it| it.customer.id == id) {
                    lay_over(&mut conversation.customer, changes);
                }
            }
            CustomerEvent::Merged { .. } => {}
        }
    }

    pub(super) fn queue(&self) -> Vec<QueueEntry> {
        let mut queue: Vec<_> = self
            .conversations
            .values()
            .filter_map(|it| {
                let waiting = it.waiting?;
                Some(QueueEntry {
                    conversation_id: it.id,
                    priority: it.priority,
                    waiting_since: waiting.since,
                    position: waiting.position,
                    missed_call: waiting.missed_call,
                })
            })
            .collect();
        queue.sort_by_key(|entry| (Reverse(entry.missed_call), Reverse(entry.priority), entry.position));
        queue
    }

    /// The queue as a server loads it: only the rows that it asks for.
    pub(super) fn queue_order(&self) -> QueueOrder {
        let standings = self.conversations.values().filter_map(|it| {
            let snoozed = it.status == Status::Snoozed;
            let unusual = snoozed || it.priority != Priority::Normal || it.waiting.is_some();
            unusual.then_some(Standing {
                conversation_id: it.id,
                priority: it.priority,
                snoozed,
                waiting: it.waiting,
            })
        });
        QueueOrder::new(self.position, standings)
    }

    pub(super) fn agents(&self, me: AgentId) -> AgentSnapshot {
        let mut conversations: Vec<_> = self
            .conversations
            .values()
            .filter(|it| it.status != Status::Resolved)
            .map(|it| self.summary(it.id))
            .collect();
        conversations.sort_by_key(|it| Reverse(it.activity));
        let complete = conversations.len() <= AgentSnapshot::CONVERSATIONS;
        conversations.truncate(AgentSnapshot::CONVERSATIONS);
        AgentSnapshot {
            me,
            business: self.business.clone(),
            settings: self.settings.clone(),
            agents: self.agents.values().cloned().collect(),
            conversations,
            queue: self.queue(),
            replies: self.replies(),
            complete,
            calls: false,
        }
    }

    fn replies(&self) -> Vec<CannedReply> {
        let reply = |(shortcut, text): (&Shortcut, &MessageText)| CannedReply {
            shortcut: shortcut.clone(),
            text: text.clone(),
        };
        self.replies.iter().map(reply).collect()
    }

    pub(super) fn summary(&self, id: ConversationId) -> ConversationView {
        let it = self.conversations[&id].clone();
        let (updated, active) = self.activity[&id];
        let answered = it.messages.iter().rfind(|message| matches!(message.author, Author::Agent { .. }));
        let known = it.marks.read_by_agents.max(answered.map_or(0, |message| message.position));
        let profile = self.profiled.get(&it.customer.id).copied().unwrap_or_default();
        let mut unread: Vec<_> = it
            .messages
            .iter()
            .filter(|message| matches!(message.author, Author::Customer { .. }))
            .map(|message| message.position)
            .filter(|position| *position > known)
            .collect();
        let latest = unread.split_off(unread.len().saturating_sub(ConversationView::UNREAD));
        let name = |message: &Message| message.file.as_ref().map(|file| file.name.to_string());
        let last_message = it.messages.last().map(|message| LastMessage {
            author: message.author.clone(),
            text: Some(message.text.clone())
                .filter(|text| !text.is_empty())
                .or_else(|| name(message))
                .unwrap_or_default()
                .chars()
                .take(140)
                .collect(),
            created_at: message.created_at,
            position: message.position,
        });
        ConversationView {
            id,
            status: it.status,
            snoozed_until: it.snoozed_until,
            channel: it.channel,
            subject: it.subject,
            customer: it.customer,
            assignee: it.assignee,
            queue_position: None,
            tags: it.tags,
            priority: it.priority,
            last_message,
            unread: !latest.is_empty(),
            unread_messages: latest,
            marks: it.marks,
            waiting: it.waiting,
            resolved: self.resolution(id).filter(|_| it.status == Status::Resolved),
            rating: it.rating,
            call: it.call,
            last_call: it.last_call,
            created_at: it.created_at,
            updated_at: self.log[updated].at,
            activity: self.log[active].position,
            position: it.position.max(profile),
        }
    }

    /// How the conversation was resolved last.
    fn resolution(&self, id: ConversationId) -> Option<Resolution> {
        self.log.iter().rev().find_map(|recorded| match &recorded.event {
            DomainEvent::Conversation(of, ConversationEvent::Resolved { by }) if *of == id => {
                Some(Resolution { by: by.clone(), at: recorded.at })
            }
            DomainEvent::Conversation(..)
            | DomainEvent::Customer(..)
            | DomainEvent::Agent(..)
            | DomainEvent::Business(..) => None,
        })
    }

    pub(super) fn scope(&self, customer: CustomerId) -> CustomerScope {
        let own = self.conversations.values().filter(|it| it.customer.id == customer).map(|it| it.id);
        CustomerScope::new(customer, own)
    }

    pub(super) fn customer(&self, id: CustomerId) -> CustomerSnapshot {
        let Profile { name, email, phone, metadata: _ } = self.customers[&id].clone();
        let Settings { welcome_message, away_message, branding, preferences, hours: _ } =
            self.settings.clone();
        let own = self.conversations.values().filter(|it| it.customer.id == id);
        CustomerSnapshot {
            customer: OwnProfile { id, name, email, phone },
            business: PublicBusiness {
                name: self.business.name.clone(),
                welcome_message,
                away_message,
                branding,
                language: preferences.language,
            },
            conversation: own.max_by_key(|it| it.id).map(|it| self.own(it)),
        }
    }

    fn own(&self, it: &ConversationAsOf) -> OwnConversation {
        let it = it.clone();
        let mut messages = it.messages;
        let latest = messages.split_off(messages.len().saturating_sub(OwnConversation::MESSAGES));
        let place = self.queue().iter().position(|entry| entry.conversation_id == it.id);
        OwnConversation {
            id: it.id,
            status: match it.status {
                Status::Open | Status::Snoozed => OwnStatus::Open,
                Status::Resolved => OwnStatus::Resolved,
            },
            channel: it.channel,
            subject: it.subject,
            assignee: it.assignee,
            queue_position: place.map(|index| u32::try_from(index + 1).unwrap()),
            messages: latest,
            has_earlier: !messages.is_empty(),
            marks: it.marks,
            call: it.call.map(crate::inbox::CallView::for_customer),
            last_call: it.last_call,
            rating: it.rating,
            created_at: it.created_at,
        }
    }
}

/// Opening, saying, noting, giving, taking back, ending, reopening and calling bring a conversation to the top.
fn brings_up(event: &ConversationEvent) -> bool {
    let up = [
        "ConversationOpened",
        "MessagePosted",
        "NoteAdded",
        "ConversationAssigned",
        "ConversationUnassigned",
        "ConversationResolved",
        "ConversationReopened",
        "CallStarted",
    ];
    up.contains(&event.event_type())
}

fn lay_over(customer: &mut openchat_domain::conversation::CustomerRef, changes: &ProfileChanges) {
    if let Some(name) = &changes.name {
        customer.name.clone_from(name);
    }
    if let Some(email) = &changes.email {
        customer.email.clone_from(email);
    }
    if let Some(phone) = &changes.phone {
        customer.phone.clone_from(phone);
    }
    if let Some(metadata) = &changes.metadata {
        customer.metadata = customer.metadata.merged(metadata);
    }
}
