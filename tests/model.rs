//! Random commands through the real store: after every step the log is dense, and snapshot plus deltas is a fresh
//! snapshot for the team and for every customer; in the end the read models are what a rebuild makes of the log.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use openchat::store::{Context, ExecuteError, Pools};
use openchat_domain::{
    AgentId, BusinessId, CallId, ConversationId, CustomerId, MessageId, MessageText, Name, Refusal, Shortcut,
    Tag,
    agent::{Agent, AgentCommand, Availability},
    business::{Business as BusinessAggregate, BusinessCommand, SettingsChanges},
    conversation::{
        AgentRef, Author, CallEndReason, CallKind, Channel, Conversation, ConversationCommand, CustomerRef,
        MessageBody, NewMessage, Priority, Reader,
    },
    customer::{Customer, CustomerCommand, ProfileChanges},
};
use openchat_projections::{
    Db as _, Projection,
    feed::{AgentDelta, AgentSnapshot, CustomerDelta, CustomerSnapshot, load},
    inbox::{self, ConversationView},
    transcript,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::Value;

use crate::{
    live::customer,
    projector::dump,
    support::{
        self,
        server::{Business, Client, Server},
        socket::{Frame, Socket},
    },
};

/// How long the sockets may take to be where the read models are.
const SOON: Duration = Duration::from_secs(5);
const AGENTS: usize = 3;
const CUSTOMERS: usize = 3;

/// What somebody does; numbers choose whom and what, modulo how many there are.
#[derive(Debug, Clone, Copy)]
enum Step {
    Open(usize),
    Say(usize),
    Answer(usize, usize),
    Note(usize, usize),
    Claim(usize, usize),
    Give(usize, usize, usize),
    Release(usize, usize),
    Resolve(usize, usize),
    Reopen(usize, usize),
    Snooze(usize, usize),
    Tag(usize, usize),
    Prioritize(usize, usize),
    ReadByCustomer(usize),
    ReadByAgent(usize, usize),
    Rate(usize, usize),
    Call(usize, usize),
    HangUp(usize),
    Rename(usize, usize),
    Available(usize, usize),
    Capacity(usize, usize),
    Welcome(usize),
    Reply(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..60_usize;
    prop_oneof![
        6 => n().prop_map(Step::Open),
        8 => n().prop_map(Step::Say),
        6 => (n(), n()).prop_map(|(a, c)| Step::Answer(a, c)),
        2 => (n(), n()).prop_map(|(a, c)| Step::Note(a, c)),
        4 => (n(), n()).prop_map(|(a, c)| Step::Claim(a, c)),
        3 => (n(), n(), n()).prop_map(|(a, b, c)| Step::Give(a, b, c)),
        3 => (n(), n()).prop_map(|(a, c)| Step::Release(a, c)),
        4 => (n(), n()).prop_map(|(a, c)| Step::Resolve(a, c)),
        3 => (n(), n()).prop_map(|(a, c)| Step::Reopen(a, c)),
        3 => (n(), n()).prop_map(|(a, c)| Step::Snooze(a, c)),
        2 => (n(), n()).prop_map(|(a, c)| Step::Tag(a, c)),
        3 => (n(), n()).prop_map(|(a, c)| Step::Prioritize(a, c)),
        2 => n().prop_map(Step::ReadByCustomer),
        3 => (n(), n()).prop_map(|(a, c)| Step::ReadByAgent(a, c)),
        2 => (n(), n()).prop_map(|(s, c)| Step::Rate(s, c)),
        2 => (n(), n()).prop_map(|(a, c)| Step::Call(a, c)),
        1 => n().prop_map(Step::HangUp),
        2 => (n(), n()).prop_map(|(c, name)| Step::Rename(c, name)),
        3 => (n(), n()).prop_map(|(a, it)| Step::Available(a, it)),
        1 => (n(), n()).prop_map(|(a, it)| Step::Capacity(a, it)),
        1 => n().prop_map(Step::Welcome),
        2 => (n(), n()).prop_map(|(name, text)| Step::Reply(name, text)),
    ]
}

/// A business with a team and customers, each with an open socket.
struct World {
    server: Server,
    business: Business,
    agents: Vec<AgentRef>,
    customers: Vec<CustomerRef>,
    conversations: Vec<(ConversationId, usize)>,
    team: View<AgentSnapshot>,
    chats: Vec<View<CustomerSnapshot>>,
}

/// What a client knows: a snapshot, and the deltas since, folded in as they come.
struct View<S> {
    socket: Socket,
    snapshot: S,
    messages: Vec<Value>,
    missing: Vec<ConversationId>,
}

trait Folding: Sized + serde::Serialize + serde::de::DeserializeOwned {
    /// Folds a delta; answers which conversation is not held and has to be fetched.
    fn fold_delta(&mut self, frame: &Value) -> Option<ConversationId>;
    /// Takes in a conversation that was fetched.
    fn supply(&mut self, fetched: ConversationView);
}

impl Folding for AgentSnapshot {
    fn fold_delta(&mut self, frame: &Value) -> Option<ConversationId> {
        let delta: AgentDelta = serde_json::from_value(frame.clone()).unwrap();
        self.fold(&delta)
    }

    fn supply(&mut self, fetched: ConversationView) {
        self.insert(fetched);
    }
}

impl Folding for CustomerSnapshot {
    fn fold_delta(&mut self, frame: &Value) -> Option<ConversationId> {
        let delta: CustomerDelta = serde_json::from_value(frame.clone()).unwrap();
        self.fold(&delta);
        None
    }

    fn supply(&mut self, fetched: ConversationView) {
        unreachable!("a customer's feed leaves nothing to be fetched, not {fetched:?}");
    }
}

impl<S: Folding> View<S> {
    async fn open(mut socket: Socket) -> Self {
        let hello = socket.next("hello").await;
        let snapshot = serde_json::from_value(hello["snapshot"].clone()).unwrap();
        Self { socket, snapshot, messages: vec![], missing: vec![] }
    }

    /// Folds what comes, until what is known is what a fresh snapshot says.
    async fn becomes(&mut self, pools: &Pools, tenant: BusinessId, fresh: impl AsyncFn() -> S) {
        let started = Instant::now();
        loop {
            while let Some(id) = self.missing.pop() {
                let db = pools.tenant(tenant).await.unwrap();
                self.snapshot.supply(inbox::get(&db, tenant, id).await.unwrap().unwrap());
            }
            let known = serde_json::to_value(&self.snapshot).unwrap();
            let wanted = serde_json::to_value(fresh().await).unwrap();
            if known == wanted {
                return;
            }
            if started.elapsed() > SOON {
                for (member, value) in wanted.as_object().unwrap() {
                    assert_eq!(&known[member], value, "snapshot + deltas, fresh snapshot: {member}");
                }
            }
            if let Ok(frame) = tokio::time::timeout(Duration::from_millis(200), self.socket.frame()).await {
                self.take(frame);
            }
        }
    }

    fn take(&mut self, frame: Frame) {
        let Frame::Json(frame) = frame else { panic!("the socket closed: {frame:?}") };
        match frame["type"].as_str().unwrap() {
            "hello" => self.snapshot = serde_json::from_value(frame["snapshot"].clone()).unwrap(),
            "typing" | "presence" => {}
            kind => {
                if kind == "message.posted" {
                    self.messages.push(frame["data"]["message"].clone());
                }
                self.missing.extend(self.snapshot.fold_delta(&frame));
            }
        }
    }
}

impl World {
    async fn new() -> Self {
        let server = Server::start().await;
        let business = server.business("Acme").await;
        let backend = business.backend(&server).await;
        let mut agents = Vec::new();
        for n in 0..AGENTS {
            let agent = business.agent(&server, &format!("Agent {n}")).await;
            let me = agent.get("/api/auth/me").await.is(200);
            let id: AgentId = me.text("/agent/id").parse().unwrap();
            agents.push(AgentRef { id, name: Name::new(&format!("Agent {n}")).unwrap() });
        }
        let mut customers = Vec::new();
        let mut chats = Vec::new();
        for n in 0..CUSTOMERS {
            let client: Client = customer(&server, &backend, &format!("ext-{n}")).await;
            let id = CustomerId::of_external(business.id, &format!("ext-{n}"));
            customers.push(CustomerRef {
                id,
                external_user_id: Some(openchat_domain::ExternalUserId::new(&format!("ext-{n}")).unwrap()),
                name: Some(Name::new("Jane Customer").unwrap()),
                email: Some(openchat_domain::Email::new("jane@example.com").unwrap()),
                phone: None,
                metadata: openchat_domain::Metadata::default(),
            });
            server.settled(business.id).await;
            chats.push(View::open(client.chat_socket(None).await).await);
        }
        let team = View::open(business.owner.inbox_socket(None).await).await;
        Self { server, business, agents, customers, conversations: vec![], team, chats }
    }

    fn fresh<T>(&self, wrap: impl Fn(uuid::Uuid) -> T) -> T {
        wrap(self.server.running.app.clock.uuid())
    }

    fn message(&self, text: &str) -> NewMessage {
        NewMessage {
            id: self.fresh(MessageId::from_uuid),
            body: MessageBody::Text { text: MessageText::new(text).unwrap() },
            client_message_id: None,
        }
    }

    /// Does it; what is refused leaves nothing behind.
    async fn act(&mut self, step: Step) {
        let now = self.server.running.app.clock.now();
        let agent = |n: usize| self.agents[n % self.agents.len()].clone();
        let owner = |index: usize| self.customers[self.conversations[index].1].clone();
        let pick = |n: usize| n % self.conversations.len().max(1);
        use ConversationCommand as C;
        let (index, command) = match step {
            Step::Open(c) => {
                let c = c % self.customers.len();
                let id = self.fresh(ConversationId::from_uuid);
                let command = C::Open {
                    customer: self.customers[c].clone(),
                    channel: Channel::Handoff,
                    subject: None,
                    message: Some(self.message("Hello?")),
                };
                self.conversations.push((id, c));
                (self.conversations.len() - 1, command)
            }
            Step::Rename(c, n) => {
                let id = self.customers[c % self.customers.len()].id;
                let name = Some(Some(Name::new(&format!("Name {n}")).unwrap()));
                let changes = ProfileChanges { name, ..ProfileChanges::default() };
                return self.execute::<Customer>(id, CustomerCommand::ChangeProfile { changes }).await;
            }
            Step::Available(a, n) => {
                let availability = [Availability::Online, Availability::Away, Availability::Offline][n % 3];
                return self
                    .execute::<Agent>(agent(a).id, AgentCommand::SetAvailability { availability })
                    .await;
            }
            Step::Capacity(a, n) => {
                let capacity = u32::try_from(n % 4).unwrap();
                return self.execute::<Agent>(agent(a).id, AgentCommand::SetCapacity { capacity }).await;
            }
            Step::Welcome(n) => {
                let welcome_message = Some(Some(MessageText::new(&format!("Welcome {n}")).unwrap()));
                let changes = SettingsChanges { welcome_message, ..SettingsChanges::default() };
                let command = BusinessCommand::ChangeSettings { changes };
                return self.execute::<BusinessAggregate>(self.business.id, command).await;
            }
            Step::Reply(name, n) => {
                let shortcut = Shortcut::new(&format!("reply-{}", name % 3)).unwrap();
                let text = MessageText::new(&format!("Reply {n}")).unwrap();
                let command = if n % 4 == 0 {
                    BusinessCommand::DeleteReply { shortcut }
                } else {
                    BusinessCommand::SaveReply { shortcut, text }
                };
                return self.execute::<BusinessAggregate>(self.business.id, command).await;
            }
            _ if self.conversations.is_empty() => return,
            Step::Say(n) => (
                pick(n),
                C::PostMessage { author: (&owner(pick(n))).into(), message: self.message("Anybody?") },
            ),
            Step::Answer(a, n) => {
                (pick(n), C::PostMessage { author: agent(a).into(), message: self.message("Yes.") })
            }
            Step::Note(a, n) => {
                let (note_id, text) = (self.fresh(MessageId::from_uuid), MessageText::new("secret").unwrap());
                (pick(n), C::AddNote { note_id, author: agent(a), text, client_message_id: None })
            }
            Step::Claim(a, n) => (pick(n), C::Assign { to: agent(a), by: agent(a).id, from: None }),
            Step::Give(a, b, n) => {
                (pick(n), C::Assign { to: agent(b), by: agent(a).id, from: Some(agent(a).id) })
            }
            Step::Release(a, n) => {
                let reason = openchat_domain::conversation::UnassignmentReason::Released { by: agent(a).id };
                (pick(n), C::Unassign { from: agent(a).id, reason })
            }
            Step::Resolve(a, n) => (pick(n), C::Resolve { by: agent(a), now }),
            Step::Reopen(a, n) => (pick(n), C::Reopen { by: agent(a) }),
            Step::Snooze(a, n) => {
                (pick(n), C::Snooze { until: now + TimeDelta::hours(1), by: agent(a), now })
            }
            Step::Tag(a, n) => {
                let tags = vec![Tag::new(&format!("tag {}", n % 4)).unwrap()];
                (pick(n), C::SetTags { tags, by: agent(a) })
            }
            Step::Prioritize(a, n) => {
                let priority = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent][a % 4];
                (pick(n), C::SetPriority { priority, by: agent(a) })
            }
            Step::ReadByCustomer(n) | Step::ReadByAgent(_, n) => {
                let reader = match step {
                    Step::ReadByAgent(a, _) => Reader::Agent(agent(a).id),
                    _ => Reader::Customer,
                };
                let up_to = self.server.running.app.views.position(self.business.id);
                (pick(n), C::MarkRead { reader, up_to })
            }
            Step::Rate(score, n) => {
                (pick(n), C::Rate { score: u8::try_from(score % 7).unwrap(), comment: None })
            }
            Step::Call(a, n) => {
                let call_id = self.fresh(CallId::from_uuid);
                let by: Author = if a % 2 == 0 { agent(a).into() } else { (&owner(pick(n))).into() };
                (pick(n), C::StartCall { call_id, kind: CallKind::Audio, by, rings: None, now })
            }
            Step::HangUp(n) => {
                let state = &self.server.running.app.aggregates;
                let id = self.conversations[pick(n)].0;
                let state = state.state::<Conversation>(self.business.id, id).await.unwrap();
                let call = serde_json::to_value(&state).unwrap();
                let Some(call_id) = call.pointer("/Opened/status/Active/call/id").and_then(Value::as_str)
                else {
                    return;
                };
                let call_id = call_id.parse().unwrap();
                let reason = if n % 2 == 0 { CallEndReason::Missed } else { CallEndReason::HungUp };
                (pick(n), C::EndCall { call_id, reason, by: None, now })
            }
        };
        self.execute::<Conversation>(self.conversations[index].0, command).await;
    }

    async fn execute<A: openchat::store::Aggregate>(&self, id: A::Id, command: A::Command) {
        let context = Context::system(self.business.id, "test");
        match self.server.running.app.aggregates.execute::<A>(&context, id, &command).await {
            Ok(_) => {}
            Err(ExecuteError::Refused(refusal)) => assert!(!refusal.code().is_empty()),
            Err(e) => panic!("{e}"),
        }
    }

    /// What must hold after every step.
    async fn check(&mut self) {
        let tenant = self.business.id;
        self.server.settled(tenant).await;
        let db = support::client(&self.server.config).await;
        let holes: i64 = db
            .query_one(
                "select count(*) from (
                     select position - row_number() over (order by position) as gap,
                            sequence - row_number() over (partition by aggregate_id order by position) as step
                     from events where tenant_id = $1) it where gap <> 0 or step <> 0",
                &[&tenant.uuid()],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(holes, 0, "the log is dense, and so is every stream");
        let pools = self.server.running.app.pools.clone();
        let owner: AgentId = self.business.owner_agent.parse().unwrap();
        self.team
            .becomes(&pools, tenant, async || {
                let mut db = pools.tenant(tenant).await.unwrap();
                let tx = db.begin_snapshot().await.unwrap();
                load::agent(&tx, tenant, owner, false).await.unwrap().unwrap()
            })
            .await;
        for (chat, customer) in self.chats.iter_mut().zip(&self.customers) {
            chat.becomes(&pools, tenant, async || {
                let mut db = pools.tenant(tenant).await.unwrap();
                let tx = db.begin_snapshot().await.unwrap();
                load::customer(&tx, tenant, customer.id).await.unwrap().unwrap()
            })
            .await;
        }
    }

    /// What must hold in the end.
    async fn finish(mut self) {
        // A change that everybody is told and nobody can fetch: who knows of it has taken in all that came before it.
        self.act(Step::Welcome(usize::MAX)).await;
        self.check().await;
        for (n, chat) in self.chats.iter().enumerate() {
            let ids: Vec<String> =
                self.conversations.iter().filter(|(_, c)| *c == n).map(|(id, _)| id.to_string()).collect();
            let seen_by_team: Vec<&Value> = self
                .team
                .messages
                .iter()
                .filter(|m| ids.iter().any(|id| m["conversationId"] == *id))
                .collect();
            // A fresh `hello` in between holds what it replaces, so a customer may have been sent fewer, never others.
            let mut team = seen_by_team.into_iter();
            for seen in &chat.messages {
                assert!(
                    team.any(|told| told == seen),
                    "customer {n} was sent {} out of the team's order",
                    seen["id"]
                );
            }
        }
        for (id, _) in &self.conversations {
            let told: Vec<Value> = self
                .team
                .messages
                .iter()
                .filter(|m| m["conversationId"] == id.to_string())
                .cloned()
                .collect();
            let db = self.server.running.app.pools.tenant(self.business.id).await.unwrap();
            let page = transcript::messages(&db, self.business.id, *id, None, 100).await.unwrap();
            let kept: Vec<Value> = page.data.iter().map(|m| serde_json::to_value(m).unwrap()).collect();
            assert_eq!(kept, told, "what both sides read is what the team was sent, in that order");
        }
        self.no_call_goes_on().await;
        let live = dump(&self.server.config).await;
        let now = self.server.running.app.clock.now();
        let rebuilt = openchat::projector::rebuild(&self.server.config, Projection::ALL, now).await.unwrap();
        assert!(rebuilt.iter().all(|it| it.parked == 0));
        assert_eq!(dump(&self.server.config).await, live, "the live read models are what a rebuild makes");
        self.server.stop().await;
    }

    /// Without a media server every call is ended sooner or later, and then nothing moves any more.
    async fn no_call_goes_on(&self) {
        let db = self.server.running.app.pools.tenant(self.business.id).await.unwrap();
        let calls = "select from inbox where data->>'call' is not null";
        let over = async {
            while !db.query(calls, &[]).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), over).await.expect("calls end");
    }
}

/// Does one step after the other in a world of its own, and checks after each and in the end.
fn play(steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new().await;
        for step in steps {
            world.act(step).await;
            world.check().await;
        }
        world.finish().await;
    });
}

#[test]
fn whatever_happens_every_reader_agrees_with_the_log() {
    let config = ProptestConfig {
        cases: 10,
        max_shrink_iters: 2,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 40..70), |steps| {
            play(steps);
            Ok(())
        })
        .unwrap();
}

/// The team fetches the conversation that is reopened, and with it the message of which it is about to be told.
#[test]
fn a_message_that_reopens_reaches_everybody_though_it_was_fetched_before() {
    play(vec![Step::Open(1), Step::Resolve(0, 0), Step::Say(0)]);
}
