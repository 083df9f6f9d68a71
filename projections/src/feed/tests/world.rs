//! Plausible logs: a small business in which anything that may happen happens in any order.

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    Actor, AgentId, BusinessId, CallId, ChannelId, CommandId, ConversationId, CustomerId, DomainEvent, Email,
    EventMetadata, ExternalUserId, File, FileId, FileName, KeyId, MediaType, MessageId, MessageText,
    Metadata, Name, Position, Recorded, Shortcut, Subject, Tag, UserId, Via,
    agent::{AgentEvent, Availability, AvailabilityReason, Role},
    business::{BusinessEvent, Hours, Language, SettingsChanges},
    conversation::{
        AgentRef, AssignmentReason, Author, CallEndReason, CallKind, Candidate, Channel, ConversationEvent,
        CustomerRef, MessageBody, Priority, ReopenCause, Side, UnassignmentReason,
    },
    customer::{CustomerEvent, Profile, ProfileChanges},
};
use proptest::prelude::*;
use uuid::Uuid;

/// What no customer may ever read, in notes, labels, skills, rules, addresses and metadata.
pub(super) const SECRET: &str = "secret";
/// A load that no customer may ever read.
pub(super) const LOAD: u32 = 987_654;

/// One thing that happens: what, and up to three choices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) what: u8,
    pub(super) a: u8,
    pub(super) b: u8,
    pub(super) c: u8,
}

/// A log in the making, with what is needed to go on plausibly.
pub(super) struct World {
    pub(super) log: Vec<Recorded>,
    agents: Vec<Member>,
    customers: Vec<Person>,
    conversations: Vec<Talk>,
    made: u128,
}

struct Member {
    agent: AgentRef,
    standing: Membership,
}

#[derive(Clone, Copy, PartialEq)]
enum Membership {
    Invited,
    Active,
    Left,
}

struct Person {
    id: CustomerId,
    external: Option<ExternalUserId>,
    profile: Profile,
    merged: bool,
}

#[derive(Clone)]
struct Talk {
    id: ConversationId,
    customer: usize,
    status: Status,
    assignee: Option<usize>,
    call: Option<CallId>,
    read: [Position; 2],
}

#[derive(Clone, Copy, PartialEq)]
enum Status {
    Open,
    Snoozed,
    Resolved,
}

pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (0..30_u8, any::<u8>(), any::<u8>(), any::<u8>());
    proptest::collection::vec(step.prop_map(|(what, a, b, c)| Step { what, a, b, c }), 1..most)
}

pub(super) fn business() -> BusinessId {
    BusinessId::from_uuid(Uuid::from_u128(1))
}

pub(super) fn agent_id(n: usize) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(0xa000 + n as u128))
}

pub(super) fn customer_id(n: usize) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(0xc000 + n as u128))
}

fn text(s: &str) -> MessageText {
    MessageText::new(s).unwrap()
}

fn name(s: &str) -> Name {
    Name::new(s).unwrap()
}

fn tag(s: &str) -> Tag {
    Tag::new(s).unwrap()
}

/// Told by the clocks of a zone that no customer may ever read.
fn hours() -> Hours {
    let zone = format!("Etc/{SECRET}");
    serde_json::from_value(serde_json::json!({"timeZone": zone, "week": []})).unwrap()
}

fn metadata(key: &str, value: &serde_json::Value) -> Metadata {
    Metadata::new([(key.to_owned(), value.clone())].into()).unwrap()
}

impl World {
    /// A business with four customers (two of them anonymous) and two agents.
    pub(super) fn new() -> Self {
        let mut world =
            Self { log: vec![], agents: vec![], customers: vec![], conversations: vec![], made: 0 };
        world.push(DomainEvent::Business(
            business(),
            BusinessEvent::SetUp {
                name: name("Acme"),
                slug: "acme".to_owned(),
                domain: None,
                owner: UserId::from_uuid(Uuid::from_u128(2)),
                channel: ChannelId::from_uuid(Uuid::from_u128(3)),
            },
        ));
        for agent in 0..2 {
            world.invite();
            world.join(agent);
        }
        for _ in 0..4 {
            world.arrive();
        }
        world
    }

    pub(super) fn of(steps: &[Step]) -> Self {
        let mut world = Self::new();
        for step in steps {
            world.happen(*step);
        }
        world
    }

    /// How many customers there have ever been.
    pub(super) fn customers(&self) -> usize {
        self.customers.len()
    }

    pub(super) fn happen(&mut self, step: Step) {
        let Step { what, a, b, c } = step;
        match what {
            0 | 1 => self.open(a, b),
            2 => self.settings(a, b),
            3 => self.agent_changes(a, b, c),
            4 => self.profile(a, b),
            5 => self.keys_and_arrivals(a),
            6 => self.merge(a, b),
            _ if self.conversations.is_empty() => self.open(a, b),
            _ => {
                let talk = usize::from(a) % self.conversations.len();
                self.talk(talk, what, b, c);
            }
        }
    }

    fn talk(&mut self, talk: usize, what: u8, b: u8, c: u8) {
        match what {
            7..=9 => self.customer_writes(talk),
            10 | 11 => self.agent_writes(talk, b),
            12 => self.note(talk, b),
            13..=15 => self.assign(talk, b, c),
            16 | 17 => self.unassign(talk, c),
            18 => self.snooze(talk, b, c),
            19 | 20 => self.resolve(talk, b),
            21 | 22 => self.reopen(talk, b, c),
            23 => self.tag(talk, b),
            24 | 25 => self.prioritize(talk, b, c),
            26 | 27 => self.read(talk, b, c),
            28 => self.rate(talk, b),
            _ => self.call(talk, b, c),
        }
    }

    pub(super) fn open(&mut self, a: u8, b: u8) {
        let customer = usize::from(a) % self.customers.len();
        if self.customers[customer].merged {
            return;
        }
        // Ids whose order is not that of the openings: servers' clocks differ.
        let id = ConversationId::from_uuid(Uuid::from_u128((self.fresh() * 7_919) % 10_007));
        self.conversations.push(Talk {
            id,
            customer,
            status: Status::Open,
            assignee: None,
            call: None,
            read: [0, 0],
        });
        let channel = [Channel::Widget, Channel::Handoff, Channel::Api][usize::from(b) % 3];
        let customer = self.customer_ref(customer);
        let subject = (b > 127).then(|| Subject::new("Order 4711").unwrap());
        self.push(DomainEvent::Conversation(id, ConversationEvent::Opened { customer, channel, subject }));
    }

    pub(super) fn customer_writes(&mut self, talk: usize) {
        let Talk { customer, status, assignee, .. } = self.conversations[talk].clone();
        if status != Status::Open {
            let keeper = assignee.filter(|_| status == Status::Snoozed);
            self.reopened(talk, ReopenCause::CustomerMessage, keeper);
        }
        let author = (&self.customer_ref(customer)).into();
        self.say(talk, author, "hello, it is me");
    }

    fn agent_writes(&mut self, talk: usize, b: u8) {
        let Some(agent) = self.active(b) else { return };
        let Talk { status, assignee, .. } = self.conversations[talk];
        if status == Status::Open && assignee.is_none() {
            self.assigned(talk, agent, AssignmentReason::Answered);
        }
        let author = self.agents[agent].agent.clone().into();
        self.say(talk, author, "how can I help?");
    }

    fn say(&mut self, talk: usize, author: Author, words: &str) {
        let n = self.fresh();
        let words = text(&format!("{words} {}", "…".repeat(n as usize % 300)));
        let file = || File {
            id: FileId::from_uuid(Uuid::from_u128(n)),
            name: FileName::new(&format!("photo {n}.png")),
            media_type: MediaType::new("image/png").unwrap(),
            size: 1 + n as u64,
        };
        let body = match n % 5 {
            0 => MessageBody::File { file: file(), text: None },
            1 => MessageBody::File { file: file(), text: Some(words) },
            _ => MessageBody::Text { text: words },
        };
        let client_message_id = n.is_multiple_of(2).then(|| format!("client-{n}"));
        let message_id = MessageId::from_uuid(Uuid::from_u128(n));
        self.tell(talk, ConversationEvent::MessagePosted { message_id, author, body, client_message_id });
    }

    fn note(&mut self, talk: usize, b: u8) {
        let Some(agent) = self.active(b) else { return };
        let n = self.fresh();
        let note_id = MessageId::from_uuid(Uuid::from_u128(n));
        let client_message_id = n.is_multiple_of(2).then(|| format!("client-{n}"));
        let (author, text) = (self.agents[agent].agent.clone(), text(SECRET));
        self.tell(talk, ConversationEvent::NoteAdded { note_id, author, text, client_message_id });
    }

    fn assign(&mut self, talk: usize, b: u8, c: u8) {
        let Some(agent) = self.active(b) else { return };
        let Talk { status, assignee, .. } = self.conversations[talk];
        if status == Status::Resolved || assignee == Some(agent) {
            return;
        }
        let reason = match c % 4 {
            0 if status == Status::Open && assignee.is_none() => AssignmentReason::Routed {
                rule: SECRET.to_owned(),
                candidates: vec![Candidate {
                    agent: agent_id(agent),
                    load: LOAD,
                    capacity: LOAD,
                    last_assigned: 0,
                }],
                waited_seconds: i64::from(LOAD),
            },
            1 => AssignmentReason::Claimed,
            _ => AssignmentReason::Given { by: agent_id(0) },
        };
        self.assigned(talk, agent, reason);
    }

    fn assigned(&mut self, talk: usize, agent: usize, reason: AssignmentReason) {
        let previous = self.conversations[talk].assignee.map(agent_id);
        self.conversations[talk].assignee = Some(agent);
        let assignee = self.agents[agent].agent.clone();
        self.tell(talk, ConversationEvent::Assigned { assignee, previous, reason });
    }

    fn unassign(&mut self, talk: usize, c: u8) {
        let Some(agent) = self.conversations[talk].assignee.take() else { return };
        let reason = match c % 3 {
            0 => UnassignmentReason::Released { by: agent_id(agent) },
            1 => UnassignmentReason::AgentOffline,
            2 => UnassignmentReason::CallMissed,
            _ => UnassignmentReason::AgentDeactivated,
        };
        self.tell(talk, ConversationEvent::Unassigned { previous: agent_id(agent), reason });
    }

    fn snooze(&mut self, talk: usize, b: u8, c: u8) {
        let Some(agent) = self.active(b) else { return };
        if self.conversations[talk].status == Status::Resolved {
            return;
        }
        self.conversations[talk].status = Status::Snoozed;
        let by = self.agents[agent].agent.clone();
        let until = time(1_000_000 + i64::from(c));
        self.tell(talk, ConversationEvent::Snoozed { until, by });
    }

    fn resolve(&mut self, talk: usize, b: u8) {
        let Some(agent) = self.active(b) else { return };
        if self.conversations[talk].status == Status::Resolved {
            return;
        }
        let by = self.agents[agent].agent.clone();
        if let Some(call_id) = self.conversations[talk].call.take() {
            let (reason, ended_by) = (CallEndReason::Resolved, Some(by.clone().into()));
            self.tell(
                talk,
                ConversationEvent::CallEnded { call_id, reason, by: ended_by, duration_seconds: 7 },
            );
        }
        self.conversations[talk].status = Status::Resolved;
        self.conversations[talk].assignee = None;
        self.tell(talk, ConversationEvent::Resolved { by });
    }

    fn reopen(&mut self, talk: usize, b: u8, c: u8) {
        let Talk { status, assignee, .. } = self.conversations[talk];
        let Some(agent) = self.active(b) else { return };
        match status {
            Status::Open => {}
            Status::Snoozed if c.is_multiple_of(2) => {
                self.reopened(talk, ReopenCause::SnoozeElapsed, assignee);
            }
            Status::Snoozed | Status::Resolved => {
                self.reopened(talk, ReopenCause::Agent { by: agent_id(agent) }, Some(agent));
            }
        }
    }

    fn reopened(&mut self, talk: usize, cause: ReopenCause, keeper: Option<usize>) {
        self.conversations[talk].status = Status::Open;
        self.conversations[talk].assignee = keeper;
        let assignee = keeper.map(|agent| self.agents[agent].agent.clone());
        self.tell(talk, ConversationEvent::Reopened { cause, assignee });
    }

    fn tag(&mut self, talk: usize, b: u8) {
        let by = self.agents[0].agent.clone();
        let tags = (0..b % 3).map(|n| tag(&format!("{SECRET} {n}"))).collect();
        self.tell(talk, ConversationEvent::Tagged { tags, by });
    }

    fn prioritize(&mut self, talk: usize, b: u8, c: u8) {
        let Some(agent) = self.active(b) else { return };
        let by = self.agents[agent].agent.clone();
        let all = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent];
        self.tell(talk, ConversationEvent::Prioritized { priority: all[usize::from(c) % all.len()], by });
    }

    fn read(&mut self, talk: usize, b: u8, c: u8) {
        let (reader, side) = if b.is_multiple_of(2) { (Side::Customer, 0) } else { (Side::Agent, 1) };
        let head = self.log.len() as Position;
        let mark = self.conversations[talk].read[side];
        let up_to = mark + (head - mark) * Position::from(c) / 255;
        if up_to > mark {
            self.conversations[talk].read[side] = up_to;
            let agent = (side == 1).then(|| agent_id(0));
            self.tell(talk, ConversationEvent::Read { reader, agent, up_to });
        }
    }

    fn rate(&mut self, talk: usize, b: u8) {
        if self.conversations[talk].status == Status::Resolved {
            let comment = (b > 127).then(|| text("thank you"));
            self.tell(talk, ConversationEvent::Rated { score: 1 + b % 5, comment });
        }
    }

    fn call(&mut self, talk: usize, b: u8, c: u8) {
        let by = match self.active(b) {
            Some(agent) if c.is_multiple_of(2) => self.agents[agent].agent.clone().into(),
            _ => (&self.customer_ref(self.conversations[talk].customer)).into(),
        };
        let at = time(self.log.len() as i64);
        match self.conversations[talk].call {
            None if self.conversations[talk].status == Status::Resolved => {}
            None => {
                let call_id = CallId::from_uuid(Uuid::from_u128(self.fresh()));
                self.conversations[talk].call = Some(call_id);
                self.tell(talk, ConversationEvent::CallStarted { call_id, kind: CallKind::Audio, by, at });
            }
            Some(call_id) if b < 192 => {
                let agent = self.active(b).map(|agent| self.agents[agent].agent.clone());
                let event = match c % 7 {
                    0 => ConversationEvent::CallRang { call_id, agent },
                    1 => ConversationEvent::CallRang { call_id, agent: None },
                    2 => ConversationEvent::CallAnswered { call_id, by, at },
                    3 => ConversationEvent::CallDeclined { call_id, by },
                    4 => ConversationEvent::CallLeft { call_id, by },
                    5 => ConversationEvent::CallEscalated { call_id, by },
                    _ => ConversationEvent::CallJoined { call_id, by },
                };
                self.tell(talk, event);
            }
            Some(call_id) => {
                self.conversations[talk].call = None;
                let (reason, by) = if c.is_multiple_of(3) {
                    (CallEndReason::Missed, None)
                } else {
                    (CallEndReason::HungUp, Some(by))
                };
                self.tell(talk, ConversationEvent::CallEnded { call_id, reason, by, duration_seconds: 3 });
            }
        }
    }

    fn settings(&mut self, a: u8, b: u8) {
        let message = (b > 64).then(|| text(&format!("welcome {b}")));
        let changes = match a % 6 {
            0 => SettingsChanges { welcome_message: Some(message), ..SettingsChanges::default() },
            1 => SettingsChanges { away_message: Some(message), ..SettingsChanges::default() },
            4 => SettingsChanges {
                language: Some((b > 64).then_some(Language::Es)),
                ..SettingsChanges::default()
            },
            5 => SettingsChanges { hours: Some((b > 64).then(hours)), ..SettingsChanges::default() },
            2 => SettingsChanges { color: Some(format!("#0000{b:02x}")), ..SettingsChanges::default() },
            _ => SettingsChanges { default_capacity: Some(LOAD), ..SettingsChanges::default() },
        };
        self.push(DomainEvent::Business(business(), BusinessEvent::SettingsChanged { changes }));
    }

    fn agent_changes(&mut self, a: u8, b: u8, c: u8) {
        if a > 220 {
            return self.invite();
        }
        let agent = usize::from(a) % self.agents.len();
        match self.agents[agent].standing {
            Membership::Invited if c > 200 => return self.join(agent),
            Membership::Invited | Membership::Active => {}
            Membership::Left => return,
        }
        let event = match b % 7 {
            0 => AgentEvent::RoleChanged {
                role: if c > 127 { Role::Admin } else { Role::Agent },
                by: agent_id(0),
            },
            1 => {
                let name = name(&format!("Agent {agent} the {c}th"));
                self.agents[agent].agent.name = name.clone();
                AgentEvent::Renamed { name }
            }
            2 => AgentEvent::CapacityChanged { capacity: u32::from(c) },
            3 => AgentEvent::SkillsChanged { skills: vec![tag(&format!("{SECRET} {c}"))] },
            4 if agent > 0 => {
                self.agents[agent].standing = Membership::Left;
                AgentEvent::Deactivated { by: agent_id(0) }
            }
            _ if self.agents[agent].standing == Membership::Invited => return,
            _ => AgentEvent::AvailabilityChanged {
                availability: [Availability::Online, Availability::Away, Availability::Offline]
                    [usize::from(c) % 3],
                reason: AvailabilityReason::Chosen,
            },
        };
        self.push(DomainEvent::Agent(agent_id(agent), event));
    }

    fn invite(&mut self) {
        let n = self.agents.len();
        let agent = AgentRef { id: agent_id(n), name: name(&format!("Agent {n}")) };
        self.agents.push(Member { agent: agent.clone(), standing: Membership::Invited });
        let invited = AgentEvent::Invited {
            email: Email::new(&format!("agent{n}@{SECRET}.example")).unwrap(),
            name: agent.name,
            role: Role::Agent,
            capacity: 5,
            by: agent_id(0),
        };
        self.push(DomainEvent::Agent(agent.id, invited));
    }

    fn join(&mut self, n: usize) {
        self.agents[n].standing = Membership::Active;
        let agent = self.agents[n].agent.clone();
        let user = UserId::from_uuid(Uuid::from_u128(n as u128));
        let email = Email::new(&format!("joined{n}@{SECRET}.example")).unwrap();
        let joined = AgentEvent::Joined { user, email, name: agent.name, role: Role::Agent, capacity: 5 };
        self.push(DomainEvent::Agent(agent.id, joined));
    }

    fn profile(&mut self, a: u8, b: u8) {
        let n = usize::from(a) % self.customers.len();
        let mut changes = ProfileChanges::default();
        match b % 4 {
            0 => changes.name = Some((b > 64).then(|| name(&format!("Name of {n}. {b}")))),
            1 => changes.email = Some(Some(Email::new(&format!("cus{n}-{b}@example.com")).unwrap())),
            2 => changes.metadata = Some(metadata(SECRET, &b.into())),
            _ => changes.metadata = Some(metadata(SECRET, &serde_json::Value::Null)),
        }
        self.customers[n].profile = self.customers[n].profile.changed(&changes);
        self.push(DomainEvent::Customer(customer_id(n), CustomerEvent::ProfileChanged { changes }));
    }

    fn keys_and_arrivals(&mut self, a: u8) {
        if a > 200 {
            return self.arrive();
        }
        if a > 100 {
            let shortcut = Shortcut::new(["refund", "hours", "hello"][usize::from(a) % 3]).unwrap();
            let text = text(&format!("{SECRET} {a}"));
            let event = if a.is_multiple_of(4) {
                BusinessEvent::ReplyDeleted { shortcut }
            } else {
                BusinessEvent::ReplySaved { shortcut, text }
            };
            return self.push(DomainEvent::Business(business(), event));
        }
        let key = KeyId::from_uuid(Uuid::from_u128(u128::from(a)));
        self.push(DomainEvent::Business(business(), BusinessEvent::KeyRevoked { key }));
    }

    fn arrive(&mut self) {
        let n = self.customers.len();
        let id = customer_id(n);
        let profile = Profile { name: Some(name(&format!("Name of {n}."))), ..Profile::default() };
        let external = n.is_multiple_of(2).then(|| ExternalUserId::new(&format!("external {n}.")).unwrap());
        let event = match external.clone() {
            Some(external_user_id) => {
                CustomerEvent::Registered { external_user_id, profile: profile.clone() }
            }
            None => CustomerEvent::VisitorArrived { profile: profile.clone() },
        };
        self.customers.push(Person { id, external, profile, merged: false });
        self.push(DomainEvent::Customer(id, event));
    }

    fn merge(&mut self, a: u8, b: u8) {
        let (visitor, known) = (usize::from(a) % self.customers.len(), usize::from(b) % self.customers.len());
        let fine = !self.customers[visitor].merged
            && self.customers[visitor].external.is_none()
            && self.customers[known].external.is_some();
        if !fine {
            return;
        }
        self.customers[visitor].merged = true;
        let into = customer_id(known);
        self.push(DomainEvent::Customer(customer_id(visitor), CustomerEvent::Merged { into }));
        for talk in 0..self.conversations.len() {
            if self.conversations[talk].customer == visitor {
                self.conversations[talk].customer = known;
                let (customer, previous) = (self.customer_ref(known), customer_id(visitor));
                self.tell(talk, ConversationEvent::CustomerChanged { customer, previous });
            }
        }
    }

    fn active(&self, n: u8) -> Option<usize> {
        let n = usize::from(n) % self.agents.len();
        (self.agents[n].standing == Membership::Active).then_some(n)
    }

    fn customer_ref(&self, n: usize) -> CustomerRef {
        let Person { id, external, profile, .. } = &self.customers[n];
        let Profile { name, email, phone, metadata } = profile.clone();
        CustomerRef { id: *id, external_user_id: external.clone(), name, email, phone, metadata }
    }

    fn fresh(&mut self) -> u128 {
        self.made += 1;
        self.made
    }

    fn tell(&mut self, talk: usize, event: ConversationEvent) {
        self.push(DomainEvent::Conversation(self.conversations[talk].id, event));
    }

    fn push(&mut self, event: DomainEvent) {
        let position = self.log.len() as Position + 1;
        let sequence = 1 + self.log.iter().filter(|it| it.event.stream() == event.stream()).count() as i64;
        let correlation = CommandId::from_uuid(Uuid::from_u128(position as u128));
        let metadata = EventMetadata::new(business(), Actor::System("test"), Via::Internal, correlation);
        self.log.push(Recorded {
            tenant: business(),
            position,
            sequence,
            at: time(position),
            metadata,
            event,
        });
    }
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}
