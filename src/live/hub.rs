//! Which rooms are open, and the task that runs each: everything a room hears comes through its mailbox in order.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use openchat_domain::{
    AgentId, BusinessId, ConversationId, Position, Recorded, SessionId, conversation::AgentRef,
};
use openchat_projections::{
    feed::{CustomerScope, close},
    typing::Typist,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    catch_up,
    outbox::Outbox,
    presence::Presence,
    room::{Coming, Room, SocketId, TooOld},
};
use crate::{
    clock::Clock,
    nodes::{Bus, LiveNews, News},
    projector::{Committed, Views, read_range},
    store::{Pools, StoreError, chain},
};

/// How long an empty room waits for somebody before it is closed.
const LINGER: Duration = Duration::from_secs(30);
/// How often a room looks for typing and viewing that has run out.
const EXPIRY_TICK: Duration = Duration::from_millis(500);
/// How many events a room reads at once when it has missed some.
const CHUNK: i64 = 2_000;

/// Sockets of all tenants of this process; clones share them.
#[derive(Clone)]
pub struct Hub {
    pools: Pools,
    clock: Clock,
    views: Views,
    bus: Bus,
    rooms: Arc<Mutex<HashMap<BusinessId, mpsc::UnboundedSender<Message>>>>,
    presence: Presence,
    closing: CancellationToken,
    sockets: Arc<AtomicI64>,
}

enum Message {
    Committed(Committed),
    JoinAgent {
        agent: AgentId,
        session: SessionId,
        after: Position,
        outbox: Outbox,
        reply: oneshot::Sender<Result<SocketId, TooOld>>,
    },
    JoinCustomer {
        scope: CustomerScope,
        session: SessionId,
        after: Position,
        outbox: Outbox,
        reply: oneshot::Sender<Result<SocketId, TooOld>>,
    },
    Leave(SocketId),
    Typing(ConversationId, Typist, bool),
    Look(SocketId, AgentRef, Option<ConversationId>),
    LookElsewhere(SocketId, AgentRef, ConversationId),
    LeaveElsewhere(SocketId),
    Elsewhere(BTreeSet<AgentId>),
    EndSession(SessionId),
    Sessions(oneshot::Sender<Vec<SessionId>>),
}

/// Why a socket could not join.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    /// The room remembers less than what the socket has missed.
    #[error("the room's memory begins later")]
    TooOld,
    /// The room could not be opened.
    #[error("the room could not be opened")]
    Closed,
}

impl Hub {
    /// A hub without rooms.
    #[must_use]
    pub fn new(pools: Pools, clock: Clock, views: Views, (presence, bus): (Presence, Bus)) -> Self {
        Self {
            pools,
            clock,
            views,
            bus,
            rooms: Arc::default(),
            presence,
            closing: CancellationToken::new(),
            sockets: Arc::default(),
        }
    }

    /// Passes on what the projector has committed, until it has ended.
    pub async fn follow(self, mut committed: mpsc::UnboundedReceiver<Committed>) {
        while let Some(news) = committed.recv().await {
            let room = self.rooms().get(&news.tenant).cloned();
            if let Some(room) = room {
                // A room that has just closed has nobody who would miss it.
                let _ = room.send(Message::Committed(news));
            }
        }
    }

    /// How many sockets are open.
    #[must_use]
    pub fn sockets(&self) -> i64 {
        self.sockets.load(Ordering::Relaxed)
    }

    /// Somebody types, or has stopped; without sockets nobody would see it.
    pub fn type_in(&self, tenant: BusinessId, conversation: ConversationId, who: Typist, typing: bool) {
        self.bus.say(|| News::Live(LiveNews::Typing { tenant, conversation, who: who.clone(), typing }));
        self.send(tenant, Message::Typing(conversation, who, typing));
    }

    /// What is true for a moment on another node.
    pub fn hear(&self, news: LiveNews) {
        match news {
            LiveNews::Typing { tenant, conversation, who, typing } => {
                self.send(tenant, Message::Typing(conversation, who, typing));
            }
            LiveNews::Viewing { tenant, window, agent, at } => {
                self.send(tenant, Message::LookElsewhere(window, agent, at));
            }
            LiveNews::Left { tenant, window } => self.send(tenant, Message::LeaveElsewhere(window)),
            LiveNews::Presence { .. } => self.presence.look(),
        }
    }

    /// The tenants whose rooms are open.
    pub(super) fn tenants(&self) -> Vec<BusinessId> {
        self.rooms().keys().copied().collect()
    }

    /// Whose sockets are on other nodes.
    pub(super) fn note_elsewhere(&self, tenant: BusinessId, agents: BTreeSet<AgentId>) {
        self.send(tenant, Message::Elsewhere(agents));
    }

    /// Lets a room know, if it is open.
    fn send(&self, tenant: BusinessId, message: Message) {
        if let Some(room) = self.rooms().get(&tenant) {
            let _ = room.send(message);
        }
    }

    /// An agent's socket looks at a conversation, or at none any more.
    pub(super) fn look(
        &self,
        tenant: BusinessId,
        socket: SocketId,
        agent: AgentRef,
        at: Option<ConversationId>,
    ) {
        self.send(tenant, Message::Look(socket, agent, at));
    }

    /// A session has ended: its sockets are closed.
    pub fn end_session(&self, session: SessionId) {
        for room in self.rooms().values() {
            let _ = room.send(Message::EndSession(session));
        }
    }

    /// The sessions that have sockets open.
    pub async fn sessions(&self) -> Vec<SessionId> {
        let rooms: Vec<_> = self.rooms().values().cloned().collect();
        let mut sessions = Vec::new();
        for room in rooms {
            let (reply, answer) = oneshot::channel();
            if room.send(Message::Sessions(reply)).is_ok() {
                sessions.extend(answer.await.unwrap_or_default());
            }
        }
        sessions
    }

    /// Closes every socket with "restarting" and opens no more.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Whether the hub is closing.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Counts a socket for as long as the returned guard lives.
    pub(super) fn count_socket(&self) -> SocketCount {
        self.sockets.fetch_add(1, Ordering::Relaxed);
        SocketCount(Arc::clone(&self.sockets))
    }

    pub(super) async fn join_agent(
        &self,
        tenant: BusinessId,
        agent: AgentId,
        session: SessionId,
        after: Position,
        outbox: Outbox,
    ) -> Result<SocketId, JoinError> {
        let join = |reply| Message::JoinAgent { agent, session, after, outbox: outbox.clone(), reply };
        self.join(tenant, join).await
    }

    pub(super) async fn join_customer(
        &self,
        tenant: BusinessId,
        scope: CustomerScope,
        session: SessionId,
        after: Position,
        outbox: Outbox,
    ) -> Result<SocketId, JoinError> {
        let join = |reply| Message::JoinCustomer {
            scope: scope.clone(),
            session,
            after,
            outbox: outbox.clone(),
            reply,
        };
        self.join(tenant, join).await
    }

    /// A socket is gone.
    pub(super) fn leave(&self, tenant: BusinessId, socket: SocketId) {
        self.send(tenant, Message::Leave(socket));
    }

    async fn join(
        &self,
        tenant: BusinessId,
        message: impl Fn(oneshot::Sender<Result<SocketId, TooOld>>) -> Message,
    ) -> Result<SocketId, JoinError> {
        // A room may close at the very moment; then another is opened, once.
        for _ in 0..2 {
            let (reply, answer) = oneshot::channel();
            if self.room(tenant).send(message(reply)).is_ok()
                && let Ok(answer) = answer.await
            {
                return answer.map_err(|TooOld| JoinError::TooOld);
            }
        }
        Err(JoinError::Closed)
    }

    fn room(&self, tenant: BusinessId) -> mpsc::UnboundedSender<Message> {
        let mut rooms = self.rooms();
        match rooms.get(&tenant) {
            Some(room) if !room.is_closed() => room.clone(),
            _ => {
                let (room, mailbox) = mpsc::unbounded_channel();
                rooms.insert(tenant, room.clone());
                tokio::spawn(self.clone().run_room(tenant, mailbox));
                room
            }
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<BusinessId, mpsc::UnboundedSender<Message>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run_room(self, tenant: BusinessId, mut mailbox: mpsc::UnboundedReceiver<Message>) {
        // The mailbox is open already, and the tenant is watched, so nothing that is committed from here on is missed.
        let _watched = self.views.watch(tenant);
        let mut room = match catch_up::room(&self.pools, tenant, first_socket(&self.clock)).await {
            Ok(room) => room,
            Err(e) => {
                tracing::warn!(error = chain(&e), "a live feed could not be opened");
                return;
            }
        };
        let mut tick = tokio::time::interval(EXPIRY_TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut empty_since = Instant::now();
        loop {
            tokio::select! {
                message = mailbox.recv() => match message {
                    Some(message) => self.handle(tenant, &mut room, message).await,
                    None => return,
                },
                _ = tick.tick() => room.expire(self.clock.now()),
                () = self.closing.cancelled() => {
                    room.end_session(|_| true, close::RESTARTING);
                    return;
                }
            }
            if !room.is_empty() {
                empty_since = Instant::now();
            } else if empty_since.elapsed() > LINGER {
                let mut rooms = self.rooms();
                // Nobody can have found the mailbox since it was looked at, because finding it needs this lock.
                if mailbox.is_empty() {
                    rooms.remove(&tenant);
                    return;
                }
            }
        }
    }

    async fn handle(&self, tenant: BusinessId, room: &mut Room, message: Message) {
        match message {
            Message::Committed(news) => self.tell(tenant, room, news).await,
            Message::JoinAgent { agent, session, after, outbox, reply } => {
                self.reach(tenant, room, after).await;
                let joined = room.join_agent(agent, session, after, outbox);
                let answer = joined.map(|(id, coming)| {
                    self.note(tenant, coming);
                    id
                });
                if let Err(Ok(socket)) = reply.send(answer) {
                    self.note(tenant, room.leave(socket));
                }
            }
            Message::JoinCustomer { scope, session, after, outbox, reply } => {
                self.reach(tenant, room, after).await;
                if let Err(Ok(socket)) = reply.send(room.join_customer(&scope, session, after, outbox)) {
                    room.leave(socket);
                }
            }
            Message::Leave(socket) => {
                if room.is_agents(socket) {
                    self.bus.say(|| News::Live(LiveNews::Left { tenant, window: socket }));
                }
                self.note(tenant, room.leave(socket));
            }
            Message::Typing(conversation, who, typing) => {
                room.type_in(conversation, who, typing, self.clock.now());
            }
            // One that has left meanwhile looks at nothing.
            Message::Look(socket, agent, at) if room.is_agents(socket) => {
                room.look(socket, &agent, at, self.clock.now());
                self.bus.say(|| News::Live(looking(tenant, socket, agent, at)));
            }
            Message::Look(..) => {}
            Message::LookElsewhere(window, agent, at) => {
                room.look(window, &agent, Some(at), self.clock.now());
            }
            Message::LeaveElsewhere(window) => room.look_away(window),
            Message::Elsewhere(agents) => room.note_elsewhere(agents),
            Message::EndSession(ended) => room.end_session(|session| session == ended, close::SESSION_ENDED),
            Message::Sessions(reply) => {
                let _ = reply.send(room.sessions().collect());
            }
        }
    }

    fn note(&self, tenant: BusinessId, coming: Option<Coming>) {
        if let Some(Coming { agent, present }) = coming {
            self.presence.note(tenant, agent, present);
        }
    }

    /// Brings the room to where a joining socket has been: a snapshot can be a moment ahead of the news.
    async fn reach(&self, tenant: BusinessId, room: &mut Room, position: Position) {
        if room.position() < position {
            self.tell(tenant, room, Committed { tenant, position, events: vec![] }).await;
        }
    }

    /// Tells the room what is new; what the news leaves out is read from the log, because positions are dense.
    async fn tell(&self, tenant: BusinessId, room: &mut Room, news: Committed) {
        let first = news.events.first().map_or(news.position + 1, |e| e.position);
        if let Err(e) = self.tell_missed(tenant, room, first - 1).await {
            // The next news, or the next socket, makes the room look again.
            tracing::warn!(error = chain(&e), "a live feed fell behind");
            return;
        }
        tell_all(room, news.events);
    }

    async fn tell_missed(
        &self,
        tenant: BusinessId,
        room: &mut Room,
        upto: Position,
    ) -> Result<(), StoreError> {
        while room.position() < upto {
            let db = self.pools.worker().await?;
            let missed = read_range(&db, tenant, room.position(), upto, CHUNK).await?;
            if missed.is_empty() {
                break;
            }
            tell_all(room, missed);
        }
        Ok(())
    }
}

fn looking(tenant: BusinessId, window: SocketId, agent: AgentRef, at: Option<ConversationId>) -> LiveNews {
    match at {
        Some(at) => LiveNews::Viewing { tenant, window, agent, at },
        None => LiveNews::Left { tenant, window },
    }
}

/// Behind which a room's sockets are numbered: nowhere near those of the same room on another node.
fn first_socket(clock: &Clock) -> SocketId {
    clock.uuid().as_u64_pair().1 << 20
}

fn tell_all(room: &mut Room, events: Vec<Arc<Recorded>>) {
    for event in events {
        room.tell(event);
    }
}

/// One open socket in the count.
pub(super) struct SocketCount(Arc<AtomicI64>);

impl Drop for SocketCount {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
