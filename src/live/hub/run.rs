//! The task that runs one room.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use openchat_domain::{BusinessId, ConversationId, Position, Recorded, conversation::AgentRef};
use openchat_projections::feed::close;
use tokio::{sync::mpsc, time::Instant};

use super::{Hub, Message};
use crate::{
    clock::Clock,
    live::{
        catch_up,
        outbox::Outbox,
        room::{Coming, Room, SocketId},
    },
    nodes::{LiveNews, News},
    projector::{Committed, read_range},
    store::{StoreError, chain},
};

/// How long an empty room waits for somebody before it is closed.
const LINGER: Duration = Duration::from_secs(30);
/// How often a room looks for typing and viewing that has run out.
const EXPIRY_TICK: Duration = Duration::from_millis(500);
/// How many events a room reads at once when it has missed some.
const CHUNK: i64 = 2_000;
/// How many events are told at once before sockets are given the time to write them: a fraction of what may wait for one.
const BURST: usize = 256;
/// How long they are given. Who has no room then, doesn't read.
const PATIENCE: Duration = Duration::from_millis(500);
/// The longest that they are given otherwise: what is gathered meanwhile has to fit into their queues.
const LONGEST: Duration = Duration::from_millis(25);
/// How exact timers are: whoever waits for less waits for this long.
const TICK: Duration = Duration::from_millis(1);

impl Hub {
    pub(super) async fn run_room(self, tenant: BusinessId, mut mailbox: mpsc::UnboundedReceiver<Message>) {
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
                    Some(message) => {
                        let before = room.position();
                        // What has come meanwhile goes out in the same writes.
                        let meanwhile = mailbox.len();
                        self.handle(tenant, &mut room, message).await;
                        for _ in 0..meanwhile {
                            let Ok(message) = mailbox.try_recv() else { break };
                            self.handle(tenant, &mut room, message).await;
                        }
                        if room.position() > before {
                            written(&room).await;
                        }
                    }
                    None => return,
                },
                _ = tick.tick() => room.expire(self.now()),
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
                room.type_in(conversation, who, typing, self.now());
            }
            // One that has left meanwhile looks at nothing.
            Message::Look(socket, agent, at) if room.is_agents(socket) => {
                room.look(socket, &agent, at, self.now());
                self.bus.say(|| News::Live(looking(tenant, socket, agent, at)));
            }
            Message::Look(..) => {}
            Message::LookElsewhere(window, agent, at) => {
                room.look(window, &agent, Some(at), self.now());
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
        tell_all(room, news.events).await;
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
            tell_all(room, missed).await;
        }
        Ok(())
    }
}

/// Waits until the room's sockets have written what they were told, and as long again: that leaves half of the cores to
/// others, and what comes meanwhile goes out in one write with what follows it.
async fn written(room: &Room) {
    let told = Instant::now();
    let mut sample: FuturesUnordered<_> = room.sample().map(Outbox::emptied).collect();
    // Whoever reads slowly holds up nobody else.
    let most = sample.len() * 3 / 4;
    let _ = tokio::time::timeout(LONGEST, sample.by_ref().take(most).count()).await;
    let again = told.elapsed();
    if again >= TICK {
        tokio::time::sleep(again).await;
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

/// Tells the room of events. What it has to catch up with is more than fits between two writes of a socket that reads.
async fn tell_all(room: &mut Room, events: Vec<Arc<Recorded>>) {
    let catching_up = events.len() > BURST;
    for (n, event) in events.into_iter().enumerate() {
        if catching_up && n % BURST == 0 {
            let written = join_all(room.outboxes().map(|outbox| outbox.has_room(2 * BURST)));
            let _ = tokio::time::timeout(PATIENCE, written).await;
        }
        room.tell(event);
    }
}

#[cfg(test)]
mod tests {
    use openchat_domain::{AgentId, SessionId};
    use openchat_projections::feed::QueueOrder;
    use uuid::Uuid;

    use super::*;
    use crate::live::{outbox::outbox, wire::Frame};

    /// A room with so many of one agent's sockets, and what each has to write: who joins is told who is there.
    fn room(sockets: usize) -> (Room, Vec<mpsc::Receiver<Frame>>) {
        let (agent, session) = (AgentId::from_uuid(Uuid::nil()), SessionId::from_uuid(Uuid::nil()));
        let mut room = Room::new(QueueOrder::new(0, []), 0);
        let mut queues = Vec::new();
        for _ in 0..sockets {
            let (outbox, _signals, queue) = outbox();
            room.join_agent(agent, session, 0, outbox).unwrap();
            queues.push(queue);
        }
        (room, queues)
    }

    fn write(queues: &mut [mpsc::Receiver<Frame>]) {
        queues.iter_mut().for_each(|queue| while queue.try_recv().is_ok() {});
    }

    async fn takes(room: &Room) -> Duration {
        let begun = Instant::now();
        written(room).await;
        begun.elapsed()
    }

    #[tokio::test]
    async fn many_sockets_are_given_as_long_again_as_they_took_to_write() {
        let (room, mut queues) = room(1_000);
        let took = Duration::from_millis(8);
        let writing = async {
            tokio::time::sleep(took).await;
            write(&mut queues);
        };
        let (given, ()) = tokio::join!(takes(&room), writing);
        assert!(given >= 2 * took, "{given:?}");
        assert!(takes(&room).await < took, "nothing waits any more");
    }

    #[tokio::test]
    async fn who_does_not_read_holds_up_others_for_a_moment_and_a_few_hold_up_nobody() {
        let (many, mut queues) = room(1_000);
        let given = takes(&many).await;
        assert!(given >= 2 * LONGEST && given < PATIENCE, "{given:?}");
        write(&mut queues);
        // However the room numbers them, as many as a quarter of those that are looked at.
        for stuck in many.sample().take(4) {
            stuck.push(Frame::ping());
        }
        assert!(takes(&many).await < LONGEST);
        let (few, _queues) = room(10);
        assert!(takes(&few).await < LONGEST);
    }
}
