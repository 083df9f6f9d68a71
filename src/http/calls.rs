//! Calls as they are asked for and answered, whoever asks.

use std::sync::Arc;

use openchat_domain::{
    BusinessId, CallId, CommandId, ConversationId, Decider as _, DomainEvent,
    agent::{Agent, Availability},
    conversation::{
        AgentRef, Author, Call, CallEndReason, CallKind, Conversation, ConversationCommand,
        ConversationEvent, ConversationRefusal, Opened, Status,
    },
};
use openchat_projections::{inbox::CallView, log};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, Reply, refused, sign_in::Done, talk};
use crate::{
    app::App,
    calls::{Media, MediaError, Pass},
    store::{Context, Executed, StoreError, chain},
};

/// A call that has begun for a customer, and what it needs to take part in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "success": true,
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2lnbmF0dXJl",
    "roomName": "call_019aafc33b7c7d80a1b2c3d4e5f60718",
    "serverUrl": "wss://calls.example.com",
    "agent": {"id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Ana"},
    "call": {
        "id": "call_019aafc33b7c7d80a1b2c3d4e5f60718",
        "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
        "type": "video"
    }
}))]
pub(super) struct CustomerCall {
    /// Always `true`.
    pub(super) success: bool,
    /// What opens the room on the media server, for one participant.
    pub(super) token: String,
    /// The room's name there.
    pub(super) room_name: String,
    /// The media server's address.
    pub(super) server_url: String,
    /// The agent who has the conversation and whom the call rings.
    pub(super) agent: Option<AgentRef>,
    /// The call.
    pub(super) call: BegunCall,
}

/// A call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BegunCall {
    /// Its id.
    pub(super) id: CallId,
    /// In which conversation.
    pub(super) conversation_id: ConversationId,
    /// Audio or video.
    pub(super) r#type: CallKind,
}

/// The way into a call's room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "success": true,
    "token": "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
    "roomName": "call_019aafc33b7c7d80a1b2c3d4e5f60718_2f1c8d0e5b7a49638c1d0f2e3a4b5c6d",
    "serverUrl": "wss://calls.example.com"
}))]
pub(super) struct CallPass {
    /// Always `true`.
    pub(super) success: bool,
    /// Opens the room, to this participant only; for ten minutes, after which a new one has to be asked for.
    pub(super) token: String,
    /// The room.
    pub(super) room_name: String,
    /// The media server.
    pub(super) server_url: String,
}

/// A call that has begun.
pub(super) struct Started {
    pub(super) done: Executed,
    pub(super) call: CallView,
    pub(super) assignee: Option<AgentRef>,
    pub(super) pass: Pass,
}

/// A call that somebody asks for by its id, in a conversation that may be anybody's of the tenant.
pub(super) struct Asked<'a> {
    pub(super) app: &'a App,
    pub(super) context: Context,
    pub(super) conversation: ConversationId,
    pub(super) opened: Opened,
    pub(super) call: CallId,
}

impl From<Pass> for CallPass {
    fn from(Pass { token, room_name, server_url }: Pass) -> Self {
        Self { success: true, token, room_name, server_url }
    }
}

impl CustomerCall {
    pub(super) fn new(started: Started, conversation_id: ConversationId) -> Self {
        let Started { call, assignee, pass: Pass { token, room_name, server_url }, .. } = started;
        let call = BegunCall { id: call.id, conversation_id, r#type: call.r#type };
        Self { success: true, token, room_name, server_url, agent: assignee, call }
    }
}

/// Begins a call and lets it ring.
pub(super) async fn start(
    app: &App,
    context: &Context,
    conversation: ConversationId,
    kind: CallKind,
    by: impl FnOnce(&Opened) -> Author,
) -> Result<Started, Problem> {
    let tenant = context.tenant;
    let state = app.aggregates.state::<Conversation>(tenant, conversation).await?;
    let Conversation::Opened(opened) = &state else { return Err(refused(&ConversationRefusal::NotFound)) };
    let derived = context.command.map(|name| CommandId::derive(tenant, &[&name.uuid().to_string(), "call"]));
    let call_id = CallId::from_uuid(derived.map_or_else(|| app.clock.uuid(), CommandId::uuid));
    let assignee = match &opened.status {
        Status::Active(active) => active.assignee.clone(),
        Status::Resolved { .. } => None,
    };
    let (by, now) = (by(opened), app.clock.now());
    let rings = there(app, tenant, assignee.as_ref()).await?;
    let command = ConversationCommand::StartCall { call_id, kind, by: by.clone(), rings, now };
    // A call that can't be is not worth a room.
    state.decide(&command).map_err(|refusal| refused(&refusal))?;
    let media = media(app)?;
    media.open(call_id, now).await.map_err(|e| silent(&e))?;
    let done = app.aggregates.execute::<Conversation>(context, conversation, &command).await?;
    let call = begun(&done).ok_or_else(talk::taken)?;
    app.calls.nudge();
    let pass = media.pass(call.id, &by, call.r#type, now);
    Ok(Started { done, call, assignee, pass })
}

/// The agent who has the conversation, if it is there.
async fn there(
    app: &App,
    tenant: BusinessId,
    assignee: Option<&AgentRef>,
) -> Result<Option<AgentRef>, StoreError> {
    let Some(assignee) = assignee else { return Ok(None) };
    let agent = app.aggregates.state::<Agent>(tenant, assignee.id).await?;
    let is_there =
        matches!(agent, Agent::Joined { presence, .. } if presence.availability() == Availability::Online);
    Ok(is_there.then(|| assignee.clone()))
}

/// The call as it is after what was done began it.
fn begun(done: &Executed) -> Option<CallView> {
    let mut call = None;
    for event in &done.events {
        match &event.event {
            DomainEvent::Conversation(_, ConversationEvent::CallStarted { call_id, kind, by, at }) => {
                call = Some(CallView::started(*call_id, *kind, by.clone(), *at));
            }
            DomainEvent::Conversation(_, ConversationEvent::CallRang { agent, .. }) => {
                call.iter_mut().for_each(|call| call.rang(agent.as_ref()));
            }
            _ => {}
        }
    }
    call
}

impl<'a> Asked<'a> {
    /// Finds the call, going on or over.
    pub(super) async fn find(app: &'a App, context: Context, call: CallId) -> Result<Self, Problem> {
        let db = app.pools.tenant(context.tenant).await?;
        let found = log::conversation_of_call(&db, Some(context.tenant), call).await;
        drop(db);
        let (_, conversation) = found.map_err(StoreError::from)?.ok_or_else(unknown)?;
        match app.aggregates.state::<Conversation>(context.tenant, conversation).await? {
            Conversation::Opened(opened) => Ok(Self { app, context, conversation, opened: *opened, call }),
            Conversation::NotOpened => Err(unknown()),
        }
    }

    /// Lets somebody into the call's room.
    pub(super) async fn join(&self, by: Author) -> Result<Reply<CallPass>, Problem> {
        let media = media(self.app)?;
        let now = self.app.clock.now();
        let done = self
            .carry_out(&ConversationCommand::JoinCall { call_id: self.call, by: by.clone(), now })
            .await?;
        let kind = self.now().await?.ok_or_else(|| refused(&ConversationRefusal::CallOver))?.kind;
        Ok(Reply::ok(media.pass(self.call, &by, kind, now).into()).at(done.position))
    }

    /// Hangs up.
    pub(super) async fn end(&self, by: Author) -> Result<Reply<Done>, Problem> {
        let (reason, now) = (CallEndReason::HungUp, self.app.clock.now());
        let command = ConversationCommand::EndCall { call_id: self.call, reason, by: Some(by), now };
        self.finish(&command).await
    }

    /// Won't take it.
    pub(super) async fn decline(&self, by: Author) -> Result<Reply<Done>, Problem> {
        let now = self.app.clock.now();
        self.finish(&ConversationCommand::DeclineCall { call_id: self.call, by, now }).await
    }

    /// Lets it ring at another agent.
    pub(super) async fn invite(&self, agent: AgentRef) -> Result<Reply<Done>, Problem> {
        media(self.app)?;
        self.finish(&ConversationCommand::InviteToCall { call_id: self.call, agent }).await
    }

    /// Makes it a video call, for whoever is in it and whoever comes.
    pub(super) async fn escalate(&self, by: Author) -> Result<Reply<Done>, Problem> {
        let media = media(self.app)?;
        let done = self.carry_out(&ConversationCommand::EscalateCall { call_id: self.call, by }).await?;
        let now = self.app.clock.now();
        media.permit(self.call, CallKind::Video, now).await.map_err(|e| silent(&e))?;
        Ok(Reply::ok(Done::DONE).at(done.position))
    }

    async fn carry_out(&self, command: &ConversationCommand) -> Result<Executed, Problem> {
        let it = self.app.aggregates.execute::<Conversation>(&self.context, self.conversation, command);
        Ok(it.await?)
    }

    /// Carries a command out that may end the call; then its room is closed.
    async fn finish(&self, command: &ConversationCommand) -> Result<Reply<Done>, Problem> {
        let done = self.carry_out(command).await?;
        if let Some(media) = self.app.calls.media()
            && self.now().await?.is_none()
            && let Err(e) = media.close(self.call, self.app.clock.now()).await
        {
            tracing::warn!(error = chain(&e), "a call's room could not be closed; it closes by itself");
        }
        Ok(Reply::ok(Done::DONE).at(done.position))
    }

    /// The call as it is now; none when it is over.
    async fn now(&self) -> Result<Option<Call>, Problem> {
        let state = self.app.aggregates.state::<Conversation>(self.context.tenant, self.conversation).await?;
        Ok(match state {
            Conversation::Opened(opened) => opened.call(self.call).cloned(),
            Conversation::NotOpened => None,
        })
    }
}

/// The media server, or that there is none.
pub(super) fn media(app: &App) -> Result<&Arc<Media>, Problem> {
    app.calls.media().ok_or_else(not_configured)
}

/// There is no such call, or it is none of the asker's business.
pub(super) fn unknown() -> Problem {
    Problem::not_found("call_not_found", "There is no such call.")
}

/// The media server doesn't do its work.
fn silent(error: &MediaError) -> Problem {
    const SHORT: u64 = 5;
    tracing::error!(error = chain(error), "the media server doesn't do its work");
    Problem::unavailable("calls_unavailable", "Calls don't work at the moment; try again shortly.")
        .retry_after(SHORT)
}

/// No media server is set up.
fn not_configured() -> Problem {
    const LONG: u64 = 300;
    Problem::unavailable("calls_not_configured", "Calls are not set up on this server.").retry_after(LONG)
}
