//! Which rooms are open, and the task that runs each: everything a room hears comes through its mailbox in order.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use openchat_domain::{AgentId, BusinessId, ConversationId, Position, SessionId, conversation::AgentRef};
use openchat_projections::{feed::CustomerScope, typing::Typist};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

mod run;

use super::{
    outbox::Outbox,
    presence::Presence,
    room::{SocketId, TooOld},
};
use crate::{
    clock::Clock,
    nodes::{Bus, LiveNews, News},
    projector::{Committed, Views},
    store::Pools,
};

/// Sockets of all tenants of this process; clones share them.
#[derive(Clone)]
pub struct Hub {
    pools: Pools,
    clock: Clock,
    begun: (DateTime<Utc>, Instant),
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
            begun: (clock.now(), Instant::now()),
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

    /// The time by a clock that nobody sets: who types ends in time, whatever becomes of the wall's.
    fn now(&self) -> DateTime<Utc> {
        let (time, instant) = self.begun;
        time + instant.elapsed()
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
}

/// One open socket in the count.
pub(super) struct SocketCount(Arc<AtomicI64>);

impl Drop for SocketCount {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
