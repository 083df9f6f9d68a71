//! Plays the story into an empty database.

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    Actor, AgentId, BusinessId, CommandId, ConversationId, CustomerId, Email, ExternalUserId, Invalid, KeyId,
    MessageId, MessageText, Metadata, Name, Shortcut, Subject, Tag, UserId,
    agent::{Agent, AgentCommand, Availability, Role},
    business::{Business, BusinessCommand, KeyMode, KeyTerms, OriginMode, Permission, SettingsChanges},
    conversation::{
        AgentRef, AssignmentReason, Author, Channel, Conversation, ConversationCommand, CustomerRef,
        MessageBody, NewMessage, Priority,
    },
    customer::{Customer, CustomerCommand, ProfileChanges},
};
use tokio::sync::mpsc;
use tokio_postgres::Config;

use super::{
    Demo,
    story::{End, Line, OTHERS, REPLIES, RUNNING, SETTLED, Script},
};
use crate::{
    accounts::{AccountError, Accounts, ApiKey, Password, SignUpRefusal, Token, User},
    clock::Clock,
    store::{
        Aggregate, Aggregates, Appender, Context, ExecuteError, MigrateError, PoolSizes, Pools, StoreError,
        migrate,
    },
};

/// How far back the story begins.
const PAST: TimeDelta = TimeDelta::days(4);
/// How far back what runs today begins.
const TODAY: TimeDelta = TimeDelta::hours(3);
/// How long somebody takes to write the next line.
const PAUSE: TimeDelta = TimeDelta::seconds(50);

/// Why there is no sample business.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The schema could not be made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An account could not be made.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A person could not be signed up.
    #[error(transparent)]
    SignUp(#[from] SignUpRefusal),
    /// The story says what can't be said.
    #[error("the story has a text that can't be used: {0}")]
    Text(String),
    /// The story does what can't be done.
    #[error("the story can't go on: {0}")]
    Refused(String),
}

impl From<Invalid> for DemoError {
    fn from(invalid: Invalid) -> Self {
        Self::Text(invalid.to_string())
    }
}

/// Brings an empty database to where the story stands now.
///
/// # Errors
/// [`DemoError`]; the database is then of no use.
pub async fn seed(config: &Config, now: DateTime<Utc>) -> Result<Demo, DemoError> {
    migrate(config).await?;
    let pools = Pools::new(config, PoolSizes { requests: 2, workers: 4 });
    let clock = Clock::at(now - PAST);
    // Nobody listens yet: the server finds it all in the log when it starts.
    let (announce, _) = mpsc::unbounded_channel();
    let appender = Appender::start(pools.clone(), move |events| drop(announce.send(events)));
    let mut teller = Teller {
        aggregates: Aggregates::new(pools.clone(), appender, clock.clone()),
        accounts: Accounts::new(pools.clone(), clock.clone()),
        clock,
        tenant: BusinessId::from_uuid(uuid::Uuid::nil()),
        told: 0,
    };
    let demo = teller.tell(now).await;
    pools.close();
    demo
}

struct Teller {
    aggregates: Aggregates,
    accounts: Accounts,
    clock: Clock,
    tenant: BusinessId,
    told: usize,
}

impl Teller {
    async fn tell(&mut self, now: DateTime<Utc>) -> Result<Demo, DemoError> {
        let owner = self.person("Olivia Hart").await?;
        let olivia = self.found(&owner).await?;
        let mut team = vec![olivia.clone()];
        for name in ["Ana Ribeiro", "Ben Okafor", "Chloé Martin"] {
            team.push(self.hire(name, olivia.id).await?);
        }
        let (key, key_id) = self.key().await?;

        let settled = (0..=OTHERS.len()).flat_map(|round| {
            SETTLED.into_iter().enumerate().map(move |(n, script)| match round.checked_sub(1) {
                None => script,
                Some(other) => Script { customer: OTHERS[other][n], ..script },
            })
        });
        let rests = u8::try_from(SETTLED.len() * (1 + OTHERS.len())).map_or(1, i32::from);
        for (n, script) in (0..).zip(settled) {
            self.move_to(now - PAST + (PAST - TODAY) / rests * n);
            let agent = &team[self.told % team.len()];
            self.play(&script, agent, now).await?;
        }
        let running = i32::try_from(RUNNING.len()).unwrap_or(1);
        for (n, script) in (0..).zip(RUNNING) {
            self.move_to(now - TODAY + TODAY / running * n);
            let agent = &team[self.told % 3];
            self.play(&script, agent, now).await?;
        }
        self.move_to(now);
        self.go_to_work(&team).await?;
        let shopper = self.customer("Jane Cooper", "club").await?.id;
        let (_, end) = self.aggregates.state_at::<Customer>(self.tenant, shopper).await?;
        Ok(Demo { tenant: self.tenant, owner: owner.id, key, key_id, shopper, end })
    }

    /// Time only goes on.
    fn move_to(&self, time: DateTime<Utc>) {
        self.clock.advance((time - self.clock.now()).max(TimeDelta::zero()));
    }

    async fn person(&self, name: &str) -> Result<User, DemoError> {
        let password = Token::generate().map_err(|e| AccountError::Secret(e.to_string()))?;
        let password = Password::new(password.reveal())?;
        Ok(self
            .accounts
            .sign_up(&Name::new(name)?, &address(name, "acme-outdoor.example")?, password)
            .await?)
    }

    async fn found(&mut self, owner: &User) -> Result<AgentRef, DemoError> {
        let name = Name::new("Acme Outdoor")?;
        let reserved = self.accounts.reserve_business(owner.id, &name).await?;
        self.tenant = reserved.tenant;
        self.accounts.join(owner.id, reserved.tenant, reserved.agent).await?;
        let (slug, channel, id) = (reserved.slug, reserved.channel, owner.id);
        let set_up = BusinessCommand::SetUp { name, slug, domain: None, owner: id, channel };
        self.business(&set_up).await?;
        let changes = SettingsChanges {
            welcome_message: Some(Some(MessageText::new(
                "Hi! Questions about gear, orders or returns? Ask us.",
            )?)),
            away_message: Some(Some(MessageText::new(
                "We are out on the trail. Leave a message, we answer by tomorrow.",
            )?)),
            color: Some("#166534".to_owned()),
            // Nobody is sent home while a visitor looks around.
            offline_grace_seconds: Some(3_600),
            ..SettingsChanges::default()
        };
        self.business(&BusinessCommand::ChangeSettings { changes }).await?;
        for (shortcut, text) in REPLIES {
            let (shortcut, text) = (Shortcut::new(shortcut)?, MessageText::new(text)?);
            self.business(&BusinessCommand::SaveReply { shortcut, text }).await?;
        }
        let enroll = AgentCommand::Enroll { user: id, email: owner.email.clone(), name: owner.name.clone() };
        self.agent(reserved.agent, id, &enroll).await?;
        Ok(AgentRef { id: reserved.agent, name: owner.name.clone() })
    }

    async fn hire(&self, name: &str, by: AgentId) -> Result<AgentRef, DemoError> {
        let user = self.person(name).await?;
        let id = AgentId::from_uuid(self.clock.uuid());
        let (name, email) = (user.name.clone(), user.email.clone());
        let invite = AgentCommand::Invite {
            email: email.clone(),
            name: name.clone(),
            role: Role::Agent,
            capacity: 5,
            by,
        };
        self.agent(id, user.id, &invite).await?;
        self.accounts.join(user.id, self.tenant, id).await?;
        self.agent(id, user.id, &AgentCommand::Join { user: user.id, email, name: None }).await?;
        Ok(AgentRef { id, name })
    }

    /// Who is there now, and has room: what a visitor asks goes to the owner, whom the visitor may be.
    async fn go_to_work(&self, team: &[AgentRef]) -> Result<(), DemoError> {
        let user = UserId::from_uuid(self.clock.uuid());
        for (agent, availability, capacity) in [
            (0, Availability::Online, 12),
            (1, Availability::Online, 1),
            (2, Availability::Online, 1),
            (3, Availability::Away, 5),
        ] {
            let id = team[agent].id;
            self.agent(id, user, &AgentCommand::SetCapacity { capacity }).await?;
            self.agent(id, user, &AgentCommand::SetAvailability { availability }).await?;
        }
        Ok(())
    }

    async fn key(&self) -> Result<(String, KeyId), DemoError> {
        let id = KeyId::from_uuid(self.clock.uuid());
        let key = ApiKey::generate(KeyMode::Live, id).map_err(|e| AccountError::Secret(e.to_string()))?;
        let terms = KeyTerms {
            name: Name::new("Website")?,
            permissions: vec![Permission::SupportRead],
            origin_mode: OriginMode::Hotspot,
            allowed_origins: vec![],
        };
        let (prefix, hash) = (key.prefix(), key.hash());
        self.business(&BusinessCommand::CreateKey { key: id, terms, mode: KeyMode::Live, prefix, hash })
            .await?;
        Ok((key.reveal(), id))
    }

    async fn customer(&self, name: &str, plan: &str) -> Result<CustomerRef, DemoError> {
        let external = ExternalUserId::new(&format!("shop-{}", slug(name)))?;
        let id = CustomerId::of_external(self.tenant, external.as_str());
        let email = address(name, "example.com")?;
        let metadata = Metadata::new([("plan".to_owned(), plan.into())].into())?;
        let profile = ProfileChanges {
            name: Some(Some(Name::new(name)?)),
            email: Some(Some(email.clone())),
            metadata: Some(metadata.clone()),
            ..ProfileChanges::default()
        };
        let command = CustomerCommand::Upsert { external_user_id: external.clone(), profile };
        self.execute::<Customer>(id, Actor::System("demo"), &command).await?;
        let (external_user_id, name) = (Some(external), Some(Name::new(name)?));
        Ok(CustomerRef { id, external_user_id, name, email: Some(email), phone: None, metadata })
    }

    /// One conversation, from its first line to where it stands now.
    async fn play(&mut self, script: &Script, agent: &AgentRef, now: DateTime<Utc>) -> Result<(), DemoError> {
        use ConversationCommand as C;
        let customer = self.customer(script.customer, script.plan).await?;
        let id = ConversationId::from_uuid(self.clock.uuid());
        self.told += 1;
        let channel = if self.told.is_multiple_of(3) { Channel::Handoff } else { Channel::Widget };
        let subject = script.subject.map(Subject::new).transpose()?;
        let (mut lines, theirs) = (script.lines.iter(), Actor::Customer(customer.id));
        let first = match lines.next() {
            Some(Line::Customer(text) | Line::Agent(text) | Line::Note(text)) => Some(self.message(text)?),
            None => None,
        };
        let open = C::Open { customer: customer.clone(), channel, subject, message: first };
        self.execute::<Conversation>(id, theirs, &open).await?;
        let ours = Actor::Agent(agent.id);
        if script.end != End::Waiting {
            self.clock.advance(PAUSE);
            let (to, reason) = (agent.clone(), AssignmentReason::Claimed);
            self.execute::<Conversation>(id, ours, &C::Route { to, reason }).await?;
        }
        if script.urgent {
            let command = C::SetPriority { priority: Priority::Urgent, by: agent.clone() };
            self.execute::<Conversation>(id, ours, &command).await?;
        }
        for line in lines {
            self.clock.advance(PAUSE);
            let (actor, command) = match line {
                Line::Customer(text) => {
                    (theirs, C::PostMessage { author: (&customer).into(), message: self.message(text)? })
                }
                Line::Agent(text) => {
                    let author = Author::from(agent.clone());
                    (ours, C::PostMessage { author, message: self.message(text)? })
                }
                Line::Note(text) => {
                    let note_id = MessageId::from_uuid(self.clock.uuid());
                    let (author, text) = (agent.clone(), MessageText::new(text)?);
                    (ours, C::AddNote { note_id, author, text, client_message_id: None })
                }
            };
            self.execute::<Conversation>(id, actor, &command).await?;
        }
        if !script.tags.is_empty() {
            let tags = script.tags.iter().map(|tag| Tag::new(tag)).collect::<Result<_, _>>()?;
            self.execute::<Conversation>(id, ours, &C::SetTags { tags, by: agent.clone() }).await?;
        }
        self.clock.advance(PAUSE);
        self.end(id, script.end, agent, theirs, now).await
    }

    async fn end(
        &self,
        id: ConversationId,
        end: End,
        agent: &AgentRef,
        customer: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), DemoError> {
        use ConversationCommand as C;
        let ours = Actor::Agent(agent.id);
        match end {
            End::Open | End::Waiting => Ok(()),
            End::Snoozed => {
                let until = now + TimeDelta::hours(18);
                let command = C::Snooze { until, by: agent.clone(), now: self.clock.now() };
                self.execute::<Conversation>(id, ours, &command).await
            }
            End::Resolved(rating) => {
                let resolve = C::Resolve { by: agent.clone(), now: self.clock.now() };
                self.execute::<Conversation>(id, ours, &resolve).await?;
                let Some((score, comment)) = rating else { return Ok(()) };
                let comment = comment.map(MessageText::new).transpose()?;
                self.execute::<Conversation>(id, customer, &C::Rate { score, comment }).await
            }
        }
    }

    fn message(&self, text: &str) -> Result<NewMessage, Invalid> {
        let body = MessageBody::Text { text: MessageText::new(text)? };
        Ok(NewMessage { id: MessageId::from_uuid(self.clock.uuid()), body, client_message_id: None })
    }

    async fn business(&self, command: &BusinessCommand) -> Result<(), DemoError> {
        self.execute::<Business>(self.tenant, Actor::System("demo"), command).await
    }

    async fn agent(&self, id: AgentId, user: UserId, command: &AgentCommand) -> Result<(), DemoError> {
        self.execute::<Agent>(id, Actor::User(user), command).await
    }

    async fn execute<A: Aggregate>(
        &self,
        id: A::Id,
        actor: Actor,
        command: &A::Command,
    ) -> Result<(), DemoError> {
        let mut context = Context::system(self.tenant, "demo").once(CommandId::from_uuid(self.clock.uuid()));
        context.actor = actor;
        match self.aggregates.execute::<A>(&context, id, command).await {
            Ok(_) => Ok(()),
            Err(ExecuteError::Store(e)) => Err(e.into()),
            Err(e) => Err(DemoError::Refused(e.to_string())),
        }
    }
}

/// A name as a part of an address.
fn slug(name: &str) -> String {
    name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn address(name: &str, domain: &str) -> Result<Email, Invalid> {
    Email::new(&format!("{}@{domain}", slug(name)))
}
