//! Carrying out commands: load the aggregate, let it decide, append, and keep its state at hand.
//!
//! Within a process the commands of one aggregate queue behind each other, so a conflict can only come from
//! another node; then the aggregate is loaded anew and decides again, a bounded number of times.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use openchat_domain::{
    Actor, AgentId, BusinessId, CommandId, ConversationId, CustomerId, Decider, DomainEvent, EventMetadata,
    Position, Recorded, Stream, Via,
    agent::{Agent, AgentEvent},
    business::{Business, BusinessEvent},
    conversation::{Conversation, ConversationEvent},
    customer::{Customer, CustomerEvent},
};
use openchat_projections::log;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use super::{
    StoreError,
    append::{Append, Appended, Condition, Fence},
    appender::Appender,
    cached,
    hearing::Slot,
    others::Others,
    pool::Pools,
    writer,
};
use crate::clock::Clock;

/// How often a command decides anew after a conflict before it gives up.
const ATTEMPTS: u32 = 50;
/// How long a state that the log has agreed to is taken for the present one where a moment's delay does no harm.
const RECENT: Duration = Duration::from_secs(1);

/// An aggregate that lives in the log.
pub trait Aggregate: Decider {
    /// Its stream.
    fn stream(id: Self::Id) -> Stream;
    /// Its event as any event.
    fn event(id: Self::Id, event: Self::Event) -> DomainEvent;
    /// Any event as its own, if it is.
    fn own(event: DomainEvent) -> Option<Self::Event>;
    #[doc(hidden)]
    fn cache(caches: &Caches) -> &Slots<Self>;
}

/// Who issues a command, through what, and under which conditions.
#[derive(Debug, Clone)]
pub struct Context {
    /// Whose log.
    pub tenant: BusinessId,
    /// Who.
    pub actor: Actor,
    /// Through what.
    pub via: Via,
    /// The request that carried it.
    pub request_id: Option<String>,
    /// The intent's name, when its sender may send it again; otherwise a fresh one is made.
    pub command: Option<CommandId>,
    /// The event that it answers, when it is a reaction: its position, and the intent that it belongs to.
    pub cause: Option<(Position, CommandId)>,
    /// What else must still hold when it is recorded.
    pub condition: Option<Condition>,
    /// The generation of leadership under which it is issued, when only the leader may.
    pub fence: Option<Fence>,
}

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Executed {
    /// What was recorded; empty when everything was already so.
    pub events: Vec<Arc<Recorded>>,
    /// The position of the aggregate's latest event.
    pub position: Position,
    /// Whether this was carried out before, under the same command id; `events` are that time's.
    pub replayed: bool,
}

/// Why a command led to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R: std::error::Error + 'static> {
    /// The aggregate refused.
    #[error(transparent)]
    Refused(R),
    /// The condition didn't hold any more.
    #[error("the facts behind the command have changed")]
    Unmet,
    /// The aggregate changed on other nodes faster than this one could decide.
    #[error("the aggregate is changing too fast")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The aggregates of this process.
#[derive(Clone)]
pub struct Aggregates {
    pub(super) pools: Pools,
    appender: Appender,
    clock: Clock,
    pub(super) caches: Arc<Caches>,
    pub(super) others: Others,
    pub(super) snapshots: Arc<Semaphore>,
}

#[doc(hidden)]
pub struct Caches {
    conversations: Slots<Conversation>,
    customers: Slots<Customer>,
    agents: Slots<Agent>,
    businesses: Slots<Business>,
}

type Slots<A> = Cache<(BusinessId, <A as Decider>::Id), Arc<Slot<A>>>;

macro_rules! aggregate {
    ($name:ident, $event:ident, $id:ident, $cache:ident) => {
        impl Aggregate for $name {
            fn stream(id: $id) -> Stream {
                Stream::$name(id)
            }
            fn event(id: $id, event: $event) -> DomainEvent {
                DomainEvent::$name(id, event)
            }
            fn own(event: DomainEvent) -> Option<$event> {
                if let DomainEvent::$name(_, event) = event { Some(event) } else { None }
            }
            fn cache(caches: &Caches) -> &Slots<Self> {
                &caches.$cache
            }
        }
    };
}
aggregate!(Conversation, ConversationEvent, ConversationId, conversations);
aggregate!(Customer, CustomerEvent, CustomerId, customers);
aggregate!(Agent, AgentEvent, AgentId, agents);
aggregate!(Business, BusinessEvent, BusinessId, businesses);

impl Context {
    /// A command that OpenChat issues by itself.
    #[must_use]
    pub const fn system(tenant: BusinessId, part: &'static str) -> Self {
        Self {
            tenant,
            actor: Actor::System(part),
            via: Via::Internal,
            request_id: None,
            command: None,
            cause: None,
            condition: None,
            fence: None,
        }
    }

    /// The same as what only the leader may do.
    #[must_use]
    pub fn under(&self, fence: Fence) -> Self {
        Self { fence: Some(fence), ..self.clone() }
    }

    /// The same under a name, so that carrying it out twice does it once.
    #[must_use]
    pub fn once(&self, command: CommandId) -> Self {
        Self { command: Some(command), ..self.clone() }
    }

    /// The same as one step of several that one intent sets off: its name is the intent's plus the step's.
    #[must_use]
    pub fn step(&self, name: &str) -> Self {
        let command = self.command.map(|c| CommandId::derive(self.tenant, &[&c.uuid().to_string(), name]));
        Self { command, ..self.clone() }
    }
}

impl Aggregates {
    /// Aggregates that are loaded from these pools and recorded through this appender.
    #[must_use]
    pub fn new(pools: Pools, appender: Appender, clock: Clock) -> Self {
        let caches = Caches {
            conversations: Cache::new(100_000),
            customers: Cache::new(50_000),
            agents: Cache::new(10_000),
            businesses: Cache::new(10_000),
        };
        let (caches, others) = (Arc::new(caches), Others::default());
        Self { pools, appender, clock, caches, others, snapshots: Arc::new(Semaphore::new(2)) }
    }

    /// The same beside other writers of which this is known; otherwise there may always be some.
    #[must_use]
    pub fn beside(self, others: Others) -> Self {
        Self { others, ..self }
    }

    /// The present state of an aggregate.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn state<A: Aggregate>(&self, tenant: BusinessId, id: A::Id) -> Result<A, StoreError> {
        self.state_at(tenant, id).await.map(|(state, _)| state)
    }

    /// The same, and the position of its latest event: what a [`Condition`] on it needs.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn state_at<A: Aggregate>(
        &self,
        tenant: BusinessId,
        id: A::Id,
    ) -> Result<(A, Position), StoreError> {
        self.state_within(tenant, id, Duration::ZERO).await
    }

    /// The state of an aggregate as it is, or was at most a second ago if another node has changed it since: without
    /// asking the database while there is no other node, or while all that others record is heard of here, and mostly
    /// otherwise. For what is then decided by a command, which checks, or merely told.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn recent<A: Aggregate>(&self, tenant: BusinessId, id: A::Id) -> Result<A, StoreError> {
        self.state_within(tenant, id, RECENT).await.map(|(state, _)| state)
    }

    async fn state_within<A: Aggregate>(
        &self,
        tenant: BusinessId,
        id: A::Id,
        age: Duration,
    ) -> Result<(A, Position), StoreError> {
        let slot = self.slot::<A>(tenant, id);
        let mut known = slot.known.lock().await;
        let loaded = match known.take() {
            Some(loaded) if self.holds(&slot, &loaded, tenant, age) => loaded,
            Some(mut loaded) => {
                let asked = Instant::now();
                if self.latest::<A>(tenant, id).await? == loaded.sequence {
                    loaded.confirmed = asked;
                    loaded
                } else {
                    self.load::<A>(tenant, id).await?
                }
            }
            None => self.load::<A>(tenant, id).await?,
        };
        let loaded = known.insert(loaded);
        Ok((loaded.state.clone(), loaded.position))
    }

    /// Carries out a command: its events are durable when this returns.
    ///
    /// # Errors
    /// [`ExecuteError`]; then nothing was recorded, except that after [`StoreError::Unavailable`] it is unknown
    /// and the same command may be sent again under its id.
    pub async fn execute<A: Aggregate>(
        &self,
        context: &Context,
        id: A::Id,
        command: &A::Command,
    ) -> Result<Executed, ExecuteError<A::Refusal>> {
        // Named once, so that it is done once even when nobody hears the database's first answer.
        let command_id = context.command.unwrap_or_else(|| CommandId::from_uuid(self.clock.uuid()));
        let slot = self.slot::<A>(context.tenant, id);
        let mut known = slot.known.lock().await;
        let mut outdated = None;
        for _ in 0..ATTEMPTS {
            // Taken out, so that a caller who is gone in the middle leaves no state of which nobody knows the truth.
            let (mut loaded, fresh) = match (known.take(), outdated.take()) {
                (Some(loaded), _) if loaded.shared > 0 => {
                    (self.catch_up::<A>(context.tenant, id, loaded).await?, true)
                }
                (Some(loaded), _) if !slot.is_told_of(&loaded) => {
                    let mut caught_up = self.catch_up::<A>(context.tenant, id, loaded).await?;
                    // Who is told of what the others do needn't look for it.
                    caught_up.shared = 0;
                    (caught_up, true)
                }
                (Some(loaded), _) => (loaded, false),
                // At once and by what is missing only: another node is as fast, and whoever is slower never gets its turn.
                (None, Some(known)) => (self.catch_up::<A>(context.tenant, id, known).await?, true),
                (None, None) => (self.load::<A>(context.tenant, id).await?, true),
            };
            let decided = loaded.state.decide(command);
            let idle = decided.as_ref().map_or(true, Vec::is_empty);
            if idle && !fresh && self.latest::<A>(context.tenant, id).await? != loaded.sequence {
                outdated = Some(loaded);
                continue;
            }
            let events = match decided {
                Ok(events) if !events.is_empty() => events,
                nothing => {
                    let replayed = match context.command {
                        Some(command_id) => self.replay(context.tenant, command_id).await?,
                        None => None,
                    };
                    let position = loaded.position;
                    *known = Some(loaded);
                    if let Some(replayed) = replayed {
                        writer::flush(&self.pools).await.map_err(StoreError::from)?;
                        return Ok(replayed);
                    }
                    nothing.map_err(ExecuteError::Refused)?;
                    return Ok(Executed { events: vec![], position, replayed: false });
                }
            };
            let asked = Instant::now();
            match self.append::<A>(context, command_id, (id, loaded.sequence), events).await? {
                Appended::Recorded(events) => {
                    loaded.confirmed = asked;
                    events.iter().for_each(|recorded| loaded.record(recorded));
                    let position = loaded.position;
                    self.save_snapshot_when_due(context.tenant, id, &loaded, events.len());
                    self.others.record(context.tenant, position, asked);
                    *known = Some(loaded);
                    return Ok(Executed { events, position, replayed: false });
                }
                Appended::Done(_) => {
                    if let Some(replayed) = self.replay(context.tenant, command_id).await? {
                        return Ok(replayed);
                    }
                }
                Appended::Unmet => {
                    *known = Some(loaded);
                    return Err(ExecuteError::Unmet);
                }
                Appended::Conflict => outdated = Some(loaded),
            }
        }
        Err(ExecuteError::Contended)
    }

    fn slot<A: Aggregate>(&self, tenant: BusinessId, id: A::Id) -> Arc<Slot<A>> {
        cached(A::cache(&self.caches), &(tenant, id), || Arc::new(Slot::empty()))
    }

    async fn append<A: Aggregate>(
        &self,
        context: &Context,
        command: CommandId,
        (id, expected): (A::Id, i64),
        events: Vec<A::Event>,
    ) -> Result<Appended, StoreError> {
        let correlation = context.cause.map_or(command, |(_, correlation)| correlation);
        let mut metadata = EventMetadata::new(context.tenant, context.actor, context.via, correlation);
        metadata.request_id.clone_from(&context.request_id);
        if let Some((position, _)) = context.cause {
            metadata = metadata.caused_by(position);
        }
        let append = Append {
            tenant: context.tenant,
            stream: A::stream(id),
            expected,
            command,
            metadata,
            at: self.clock.now(),
            condition: context.condition,
            fence: context.fence,
            events: events.into_iter().map(|e| A::event(id, e)).collect(),
        };
        Ok(self.appender.append(append).await?)
    }

    /// What the command did when it was carried out before, if it was.
    async fn replay(&self, tenant: BusinessId, command: CommandId) -> Result<Option<Executed>, StoreError> {
        let db = self.pools.tenant(tenant).await?;
        let events = log::of_command(&db, tenant, command).await?;
        Ok(events.last().map(|last| last.position).map(|position| Executed {
            events: events.into_iter().map(Arc::new).collect(),
            position,
            replayed: true,
        }))
    }
}
