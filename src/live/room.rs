//! One tenant's live feed: its recent deltas, its queue, and the sockets that follow it.
//!
//! A room is plain state without input or output of its own: it is handed committed events and pushes frames into
//! outboxes. Its ring of recent events lets a socket catch up exactly, places in the queue included, because the
//! queue as it was before the ring's first event is kept with it.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use openchat_domain::{
    AgentId, ConversationId, DomainEvent, Position, Recorded, SessionId, agent::AgentEvent,
    conversation::ConversationEvent,
};
use openchat_projections::{
    feed::{
        AgentDelta, AgentFrame, CustomerFeed, CustomerScope, CustomerStep, Notice, QueueOrder, ServerFrame,
        close,
    },
    typing::TypingView,
    viewing::ViewingView,
};
use serde::Serialize;

mod moment;

use super::{outbox::Outbox, wire::Frame};

/// How many recent events a room remembers.
const RING: usize = 1024;
/// How many sockets stand for all.
const SAMPLE: usize = 16;
/// So few sockets are written to at once.
const FEW: usize = 256;

/// Names a socket within its room.
pub(super) type SocketId = u64;

/// The room's ring begins after the position that a socket wants to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooOld;

/// One tenant's live feed.
pub(super) struct Room {
    position: Position,
    queue: QueueOrder,
    ring: VecDeque<Past>,
    /// The position before the ring's first event, and the queue there.
    base: (Position, QueueOrder),
    last_agent_delta: Position,
    agents: HashMap<SocketId, AgentSocket>,
    customers: HashMap<SocketId, CustomerSocket>,
    by_conversation: HashMap<ConversationId, HashSet<SocketId>>,
    typing: TypingView,
    viewing: ViewingView,
    /// The agents whose sockets are on other nodes.
    elsewhere: BTreeSet<AgentId>,
    next_socket: SocketId,
}

struct Past {
    event: Arc<Recorded>,
    agent_frame: Option<Frame>,
}

struct AgentSocket {
    agent: AgentId,
    session: SessionId,
    outbox: Outbox,
}

struct CustomerSocket {
    feed: CustomerFeed,
    previous: Position,
    session: SessionId,
    outbox: Outbox,
}

/// Who has come or gone, as the hub wants to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coming {
    /// The agent whose first socket came or whose last one went.
    pub(super) agent: AgentId,
    /// Whether it came.
    pub(super) present: bool,
}

impl Room {
    /// A room that follows the log from a position, at which the queue was as given. Its sockets are numbered from
    /// behind `next_socket`, so that they are told apart from those of the same room on other nodes.
    pub(super) fn new(queue: QueueOrder, next_socket: SocketId) -> Self {
        let position = queue.position();
        Self {
            position,
            base: (position, queue.clone()),
            queue,
            ring: VecDeque::new(),
            // It doesn't know. To whoever is caught up, the events since the last one told nothing.
            last_agent_delta: 0,
            agents: HashMap::new(),
            customers: HashMap::new(),
            by_conversation: HashMap::new(),
            typing: TypingView::default(),
            viewing: ViewingView::default(),
            elsewhere: BTreeSet::new(),
            next_socket,
        }
    }

    /// The position of the last event that the room has told.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// Whether nobody is there.
    pub(super) fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.customers.is_empty()
    }

    /// What waits for each socket.
    pub(super) fn outboxes(&self) -> impl Iterator<Item = &Outbox> {
        let agents = self.agents.values().map(|s| &s.outbox);
        agents.chain(self.customers.values().map(|s| &s.outbox))
    }

    /// What waits for some of the team's sockets, evenly among them in the order in which they are told; for none when they
    /// are few.
    pub(super) fn sample(&self) -> impl Iterator<Item = &Outbox> {
        let sockets = self.agents.values().map(|socket| &socket.outbox);
        let step = (self.agents.len() / SAMPLE).max(1);
        sockets.skip(step - 1).step_by(step).take(if self.agents.len() < FEW { 0 } else { SAMPLE })
    }

    /// The sessions whose sockets are here.
    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        let agents = self.agents.values().map(|s| s.session);
        agents.chain(self.customers.values().map(|s| s.session))
    }

    /// Lets everybody know of the log's next event; one that was told before is passed over.
    pub(super) fn tell(&mut self, event: Arc<Recorded>) {
        if event.position <= self.position {
            return;
        }
        self.position = event.position;
        let queue_moved = self.queue.apply(&event);
        let agent_frame = AgentDelta::for_agents(&event).map(|delta| {
            let frame = Frame::from(delta.to_json(self.last_agent_delta));
            self.last_agent_delta = event.position;
            frame
        });
        if let Some(frame) = &agent_frame {
            self.agents.retain(|_, socket| socket.outbox.push(frame.clone()));
        }
        self.tell_customers(&event, queue_moved);
        if let Some(typing) = self.typing.apply(&event) {
            self.tell_typing(&typing);
        }
        if let DomainEvent::Agent(agent, AgentEvent::Deactivated { .. }) = &event.event {
            self.agents
                .values()
                .filter(|s| s.agent == *agent)
                .for_each(|s| s.outbox.close(close::NOT_ALLOWED));
        }
        self.remember(Past { event, agent_frame });
    }

    fn tell_customers(&mut self, event: &Recorded, queue_moved: bool) {
        let narrow = match &event.event {
            DomainEvent::Conversation(id, change) if !queue_moved && !is_ownership(change) => Some(*id),
            DomainEvent::Agent(..) => return,
            DomainEvent::Conversation(..) | DomainEvent::Customer(..) | DomainEvent::Business(..) => None,
        };
        let concerned: Vec<SocketId> = match narrow {
            // Most events: only the sockets of the one conversation.
            Some(id) => self.by_conversation.get(&id).into_iter().flatten().copied().collect(),
            None => self.customers.keys().copied().collect(),
        };
        for id in concerned {
            let Some(socket) = self.customers.get_mut(&id) else { continue };
            let current = socket.feed.scope().current();
            if !socket.step(event, &self.queue) {
                self.leave(id);
            } else if let Some(now) = socket.feed.scope().current().filter(|now| Some(*now) != current) {
                self.by_conversation.entry(now).or_default().insert(id);
            }
        }
    }

    fn remember(&mut self, past: Past) {
        self.ring.push_back(past);
        if self.ring.len() > RING
            && let Some(oldest) = self.ring.pop_front()
        {
            self.base.0 = oldest.event.position;
            self.base.1.apply(&oldest.event);
        }
    }

    /// The events that the ring holds after a position.
    fn since(&self, after: Position) -> Result<impl Iterator<Item = &Past>, TooOld> {
        if after < self.base.0 {
            return Err(TooOld);
        }
        let known = self.ring.partition_point(|past| past.event.position <= after);
        Ok(self.ring.range(known..))
    }

    /// Lets an agent's socket follow from behind a position. Answers its id and whether the agent came with it.
    pub(super) fn join_agent(
        &mut self,
        agent: AgentId,
        session: SessionId,
        after: Position,
        outbox: Outbox,
    ) -> Result<(SocketId, Option<Coming>), TooOld> {
        for past in self.since(after)? {
            if let Some(frame) = &past.agent_frame {
                outbox.push(frame.clone());
            }
        }
        for typing in self.typing.iter() {
            outbox.push(frame(&AgentFrame::Notice(Notice::Typing(typing))));
        }
        let came = !self.agents.values().any(|socket| socket.agent == agent);
        let mut online = self.elsewhere.clone();
        online.extend(self.agents.values().map(|socket| socket.agent));
        for other in online {
            outbox.push(moment::presence(other, true));
        }
        for viewing in self.viewing.all() {
            outbox.push(frame(&AgentFrame::Notice(Notice::Viewing(viewing))));
        }
        let id = self.new_id();
        self.agents.insert(id, AgentSocket { agent, session, outbox });
        if came && !self.elsewhere.contains(&agent) {
            self.tell_presence(agent, true);
        }
        Ok((id, came.then_some(Coming { agent, present: true })))
    }

    /// Lets a customer's socket follow from behind a position; `scope` is the customer's as of the room's position
    /// or later.
    pub(super) fn join_customer(
        &mut self,
        scope: &CustomerScope,
        session: SessionId,
        after: Position,
        outbox: Outbox,
    ) -> Result<SocketId, TooOld> {
        let missed: Vec<Arc<Recorded>> = self.since(after)?.map(|past| Arc::clone(&past.event)).collect();
        let begun_since: HashSet<ConversationId> = missed.iter().filter_map(|e| begun(e)).collect();
        let earlier = scope.conversations().filter(|id| !begun_since.contains(id));
        let scope_then = CustomerScope::new(scope.customer(), earlier);
        let mut queue = self.base.1.clone();
        for past in self.ring.iter().take_while(|past| past.event.position <= after) {
            queue.apply(&past.event);
        }
        let place = scope_then.current().and_then(|id| queue.place(id));
        let feed = CustomerFeed::new(scope_then, place);
        let mut socket = CustomerSocket { feed, previous: after, session, outbox };
        for event in &missed {
            queue.apply(event);
            socket.step(event, &queue);
        }
        let id = self.new_id();
        for conversation in socket.feed.scope().conversations() {
            self.by_conversation.entry(conversation).or_default().insert(id);
        }
        self.customers.insert(id, socket);
        Ok(id)
    }

    /// A socket is gone. Answers the agent who went with it, if it was the agent's last.
    pub(super) fn leave(&mut self, id: SocketId) -> Option<Coming> {
        if let Some(socket) = self.customers.remove(&id) {
            for conversation in socket.feed.scope().conversations() {
                if let Some(sockets) = self.by_conversation.get_mut(&conversation) {
                    sockets.remove(&id);
                    if sockets.is_empty() {
                        self.by_conversation.remove(&conversation);
                    }
                }
            }
        }
        let agent = self.agents.remove(&id)?.agent;
        self.look_away(id);
        if self.agents.values().any(|socket| socket.agent == agent) {
            return None;
        }
        if !self.elsewhere.contains(&agent) {
            self.tell_presence(agent, false);
        }
        Some(Coming { agent, present: false })
    }

    /// Whether a socket is here and an agent's.
    pub(super) fn is_agents(&self, socket: SocketId) -> bool {
        self.agents.contains_key(&socket)
    }

    /// Closes the sockets of a session.
    pub(super) fn end_session(&self, ended: impl Fn(SessionId) -> bool, code: u16) {
        let agents = self.agents.values().map(|s| (s.session, &s.outbox));
        let customers = self.customers.values().map(|s| (s.session, &s.outbox));
        for (_, outbox) in agents.chain(customers).filter(|(session, _)| ended(*session)) {
            outbox.close(code);
        }
    }

    fn new_id(&mut self) -> SocketId {
        self.next_socket += 1;
        self.next_socket
    }
}

impl CustomerSocket {
    /// Tells the customer what the event changes for it; answers whether the socket goes on.
    fn step(&mut self, event: &Recorded, queue: &QueueOrder) -> bool {
        match self.feed.advance(event, queue) {
            CustomerStep::Silent => true,
            CustomerStep::Delta(delta) => {
                let frame = delta.to_json(self.previous);
                self.previous = delta.position;
                self.outbox.push(frame.into())
            }
            CustomerStep::Snapshot => {
                self.outbox.renew();
                false
            }
        }
    }
}

/// The conversation that an event began.
fn begun(event: &Recorded) -> Option<ConversationId> {
    match &event.event {
        DomainEvent::Conversation(id, ConversationEvent::Opened { .. }) => Some(*id),
        _ => None,
    }
}

/// Whether the event says whose a conversation is.
const fn is_ownership(change: &ConversationEvent) -> bool {
    matches!(change, ConversationEvent::Opened { .. } | ConversationEvent::CustomerChanged { .. })
}

/// A frame as it travels.
pub(super) fn frame<S: Serialize, C: Serialize>(frame: &ServerFrame<S, C>) -> Frame {
    serde_json::to_string(frame).unwrap_or_else(|_| unreachable!("frames are plain data")).into()
}
