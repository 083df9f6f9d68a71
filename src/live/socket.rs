//! One socket's life: greet or resume, then frames out and in until somebody closes it.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream};
use futures_util::StreamExt;
use openchat_domain::{
    Actor, AgentId, BusinessId, ConversationId, CustomerId, Position, SessionId, Via,
    conversation::{AgentRef, Conversation, ConversationCommand, Reader},
};
use openchat_projections::{
    feed::{AgentFrame, ClientFrame, Notice, close},
    typing::Typist,
};
use tokio::sync::mpsc;

use super::{
    catch_up,
    hub::JoinError,
    outbox::{Outbox, Signal, Signals, outbox},
    room::{SocketId, frame},
    wire::{Frame, Wire},
};
use crate::{
    app::App,
    store::{Context, StoreError, chain},
};

/// How often an idle client is asked whether it is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(50);
/// How long one frame may take to be accepted.
const WRITE: Duration = Duration::from_secs(10);
/// The largest frame a client may send, in bytes.
const FRAME: usize = 16 * 1024;

/// Whose socket it is.
#[derive(Debug, Clone)]
pub enum Who {
    /// An agent's: the whole team's feed.
    Agent(AgentRef),
    /// A customer's: its own conversations'.
    Customer(CustomerId),
}

/// What a socket may follow, and for whom.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// The business.
    pub tenant: BusinessId,
    /// The session that opened it; when that ends, so does the socket.
    pub session: SessionId,
    /// Whose it is.
    pub who: Who,
    /// The position from behind which it wants to go on, if it has been here before.
    pub after: Option<Position>,
}

/// Turns an authenticated request into a socket that follows the feed.
///
/// # Errors
/// When the request is no websocket handshake.
pub fn open(
    app: App,
    request: &HttpRequest,
    body: web::Payload,
    subscriber: Subscriber,
) -> actix_web::Result<HttpResponse> {
    let (response, _, stream) = actix_ws::handle(request, body)?;
    let (wire, response) = Wire::of(response);
    let stream = stream.max_frame_size(FRAME).aggregate_continuations().max_continuation_size(FRAME);
    actix_web::rt::spawn(async move {
        let count = app.hub.count_socket();
        let code = run(&app, &wire, stream, subscriber).await;
        drop(count);
        if let Some(code) = code {
            // What a client that is behind has not been sent yet is forgotten; one that never reads again notices that the
            // connection is gone.
            wire.close(code);
        }
    });
    Ok(response)
}

/// A socket between its greeting and its end.
struct Socket<'a> {
    app: &'a App,
    subscriber: Subscriber,
    /// The way into the queue that is being written.
    frames: mpsc::Sender<Frame>,
    heard: Instant,
    /// The position with which it was greeted.
    greeted: Position,
    /// Its place in the room, while it has one.
    seat: Option<SocketId>,
}

/// Runs the socket; the code is what to close it with, none when the client has gone.
async fn run(
    app: &App,
    wire: &Wire,
    mut stream: AggregatedMessageStream,
    subscriber: Subscriber,
) -> Option<u16> {
    let (frames, _) = mpsc::channel(1);
    let mut socket = Socket { app, subscriber, frames, heard: Instant::now(), greeted: 0, seat: None };
    loop {
        if app.hub.is_closing() {
            return Some(close::RESTARTING);
        }
        let (outbox, mut signals, queue) = outbox();
        socket.frames = outbox.frames();
        // What only a greeting needs is given back once it is over, and so below what only a command needs.
        let joined = match Box::pin(socket.join(outbox, queue, wire)).await {
            Ok(Some(joined)) => joined,
            Ok(None) => continue,
            Err(Unjoined::Gone) => return None,
            Err(Unjoined::NotAllowed) => return Some(close::NOT_ALLOWED),
            Err(Unjoined::Failed(e)) => {
                tracing::warn!(error = chain(&e), "a socket could not be served");
                return Some(close::RESTARTING);
            }
        };
        socket.seat = Some(joined);
        let end = socket.pump(&mut signals, &mut stream).await;
        app.hub.leave(socket.subscriber.tenant, joined);
        match end {
            End::Renew => {}
            End::Close(code) => return Some(code),
            End::Gone => return None,
        }
    }
}

enum End {
    Renew,
    Close(u16),
    Gone,
}

/// Why a socket is in no room.
enum Unjoined {
    Gone,
    NotAllowed,
    Failed(StoreError),
}

impl<E: Into<StoreError>> From<E> for Unjoined {
    fn from(e: E) -> Self {
        Self::Failed(e.into())
    }
}

impl Socket<'_> {
    /// Greets or resumes, then joins the room where that ends; none when it is to be tried anew.
    async fn join(
        &mut self,
        outbox: Outbox,
        queue: mpsc::Receiver<Frame>,
        wire: &Wire,
    ) -> Result<Option<SocketId>, Unjoined> {
        let after = match self.subscriber.after.take() {
            Some(after) if catch_up::can_resume(self.app, self.subscriber.tenant, after).await? => {
                Some(after)
            }
            Some(_) | None => None,
        };
        match self.subscriber.who.clone() {
            Who::Agent(agent) => {
                // What it has missed may be more than fits into the queue.
                wire.switch(queue);
                self.join_agent(agent.id, after, &outbox).await.map(Some)
            }
            Who::Customer(customer) => {
                let joined = self.join_customer(customer, after, outbox).await?;
                // A try that is to be made anew has said nothing.
                if joined.is_some() {
                    wire.switch(queue);
                }
                Ok(joined)
            }
        }
    }

    async fn join_agent(
        &mut self,
        agent: AgentId,
        after: Option<Position>,
        outbox: &Outbox,
    ) -> Result<SocketId, Unjoined> {
        let Subscriber { tenant, session, .. } = self.subscriber;
        let mut position = match after {
            Some(after) => {
                self.write(resumed(after)).await?;
                after
            }
            None => {
                let hello =
                    catch_up::agent_hello(self.app, tenant, agent).await?.ok_or(Unjoined::NotAllowed)?;
                self.write(hello.frame).await?;
                hello.position
            }
        };
        self.greeted = position;
        loop {
            match self.app.hub.join_agent(tenant, agent, session, position, outbox.clone()).await {
                Ok(socket) => return Ok(socket),
                Err(JoinError::Closed) => return Err(StoreError::Unavailable.into()),
                // The room remembers less: what lies before is in the log.
                Err(JoinError::TooOld) => {
                    let (frames, upto) = catch_up::agent_deltas(self.app, tenant, position).await?;
                    for frame in frames {
                        self.write(frame).await?;
                    }
                    position = upto;
                }
            }
        }
    }

    async fn join_customer(
        &mut self,
        customer: CustomerId,
        after: Option<Position>,
        outbox: Outbox,
    ) -> Result<Option<SocketId>, Unjoined> {
        let Subscriber { tenant, session, .. } = self.subscriber;
        let (position, scope) = match after {
            Some(after) => {
                outbox.push(resumed(after));
                (after, catch_up::customer_scope(self.app, tenant, customer).await?)
            }
            None => {
                let (hello, scope) = catch_up::customer_hello(self.app, tenant, customer)
                    .await?
                    .ok_or(Unjoined::NotAllowed)?;
                outbox.push(hello.frame);
                (hello.position, scope)
            }
        };
        self.greeted = position;
        match self.app.hub.join_customer(tenant, scope, session, position, outbox).await {
            Ok(socket) => Ok(Some(socket)),
            // The outbox, and what was put into it, is forgotten; the next try greets.
            Err(JoinError::TooOld) => Ok(None),
            Err(JoinError::Closed) => Err(StoreError::Unavailable.into()),
        }
    }

    async fn write(&self, frame: Frame) -> Result<(), Unjoined> {
        match tokio::time::timeout(WRITE, self.frames.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Unjoined::Gone),
        }
    }

    /// Frames in, until the end; those that go out do so by themselves.
    async fn pump(&mut self, signals: &mut Signals, stream: &mut AggregatedMessageStream) -> End {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        heartbeat.tick().await;
        loop {
            tokio::select! {
                biased;
                changed = signals.changed() => {
                    let signal = *signals.borrow_and_update();
                    match signal {
                        Signal::Close(code) => return End::Close(code),
                        Signal::Renew => return End::Renew,
                        // The room is gone without a word.
                        Signal::Open if changed.is_err() => return End::Renew,
                        Signal::Open => {}
                    }
                }
                message = stream.next() => match message {
                    Some(Ok(message)) => {
                        if let ControlFlow::Break(end) = self.hear(message).await {
                            return end;
                        }
                    }
                    Some(Err(_)) | None => return End::Gone,
                },
                _ = heartbeat.tick() => {
                    if self.heard.elapsed() > SILENCE || self.frames.is_closed() {
                        return End::Gone;
                    }
                    self.say(Frame::ping());
                }
            }
        }
    }

    /// Says something that a client which is too far behind can do without.
    fn say(&self, frame: Frame) {
        let _ = self.frames.try_send(frame);
    }

    async fn hear(&mut self, message: AggregatedMessage) -> ControlFlow<End> {
        self.heard = Instant::now();
        match message {
            AggregatedMessage::Text(text) => Box::pin(self.heed(&text)).await,
            AggregatedMessage::Ping(payload) => self.say(Frame::pong(payload)),
            AggregatedMessage::Close(_) => return ControlFlow::Break(End::Gone),
            AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_) => {}
        }
        ControlFlow::Continue(())
    }

    /// Does what a client's frame asks; one that can't be read asks for nothing.
    async fn heed(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(ClientFrame::Ping) => {
                self.say(frame(&AgentFrame::Notice(Notice::Pong)));
            }
            Ok(ClientFrame::Typing { conversation_id, typing }) => {
                self.type_in(conversation_id, typing).await;
            }
            Ok(ClientFrame::Viewing { conversation_id }) => {
                // Where a customer looks is nobody's concern.
                if let (Who::Agent(agent), Some(seat)) = (&self.subscriber.who, self.seat) {
                    self.app.hub.look(self.subscriber.tenant, seat, agent.clone(), conversation_id);
                }
            }
            Ok(ClientFrame::Read { conversation_id, up_to }) => self.read(conversation_id, up_to).await,
            Err(e) => tracing::debug!(error = %e, "a client sent what can't be read"),
        }
    }

    async fn type_in(&self, conversation: ConversationId, typing: bool) {
        let who = match &self.subscriber.who {
            Who::Agent(AgentRef { id, name }) => Typist::Agent { id: *id, name: name.clone() },
            Who::Customer(customer) => {
                if !self.owns(conversation).await {
                    return;
                }
                Typist::Customer { id: *customer }
            }
        };
        self.app.hub.type_in(self.subscriber.tenant, conversation, who, typing);
    }

    async fn read(&self, conversation: ConversationId, up_to: Position) {
        let tenant = self.subscriber.tenant;
        let (actor, reader) = match &self.subscriber.who {
            Who::Agent(agent) => (Actor::Agent(agent.id), Reader::Agent(agent.id)),
            Who::Customer(customer) => {
                if !self.owns(conversation).await {
                    return;
                }
                (Actor::Customer(*customer), Reader::Customer)
            }
        };
        let mut context = Context::system(tenant, "live");
        context.actor = actor;
        context.via = Via::Session(self.subscriber.session);
        // Nobody can have read what hasn't been told yet.
        let up_to = up_to.min(self.app.views.position(tenant).max(self.greeted));
        let command = ConversationCommand::MarkRead { reader, up_to };
        if let Err(e) = self.app.aggregates.execute::<Conversation>(&context, conversation, &command).await {
            tracing::debug!(error = chain(&e), "a read mark was not recorded");
        }
    }

    async fn owns(&self, conversation: ConversationId) -> bool {
        let Who::Customer(customer) = self.subscriber.who else { return true };
        let owner = self.app.aggregates.recent::<Conversation>(self.subscriber.tenant, conversation).await;
        matches!(owner, Ok(Conversation::Opened(it)) if it.customer == customer)
    }
}

fn resumed(position: Position) -> Frame {
    frame(&AgentFrame::Notice(Notice::Resumed { position }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_socket_keeps_no_room_for_its_greeting_or_a_command() {
        fn size<F>(
            _: impl Fn(&'static App, &'static Wire, AggregatedMessageStream, Subscriber) -> F,
        ) -> usize {
            size_of::<F>()
        }
        assert!(size(run) <= 1536, "{} bytes", size(run));
    }
}
