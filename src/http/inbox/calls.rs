//! Calling: an agent begins a call, joins one, declines one, brings a colleague in, makes it a video call, ends it.

use actix_web::{post, web::Data};
use openchat_domain::{CallId, ConversationId};

use super::{
    answers::CallAnswer,
    desk::Desk,
    input::{AgentCall, Invitation},
    working::colleague,
};
use crate::{
    app::App,
    http::{
        Body, Id, Member, Problem, ProblemBody, Reply,
        calls::{self, Asked, CallPass},
        sign_in::Done,
    },
};

type Finished = Result<Reply<Done>, Problem>;

/// Call the customer.
///
/// It rings at the customer's page. Whoever begins a call is in it.
#[utoipa::path(operation_id = "startCall", tag = "Agents", request_body = AgentCall,
    params(("id" = ConversationId, Path)),
    responses((status = 201, description = "The call, and the way into its room.", body = CallAnswer),
        (status = 409, description = "It is resolved, or a call is going on. `current` is the conversation as it is now.
            conversation_resolved: This conversation is resolved; reopen it first.
            call_in_progress: This conversation already has a call going on.", body = ProblemBody<'static>),
        (status = 503, description = "There is no media server for calls, or it doesn't answer.
            calls_not_configured: Calls are not set up on this server.
            calls_unavailable: Calls don't work at the moment; try again shortly.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/conversations/{id}/calls")]
pub(super) async fn start_call(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(AgentCall { r#type: kind }): Body<AgentCall>,
    app: Data<App>,
) -> Result<Reply<CallAnswer>, Problem> {
    match calls::start(&app, &me.context(), id, kind, |_| me.agent_ref().into()).await {
        Ok(started) => {
            let position = started.done.position;
            Ok(Reply::created(CallAnswer::new(started)).at(position))
        }
        Err(problem) => Err(Desk { app: &app, me: &me, id }.told(problem).await),
    }
}

/// Join a call, or come back to it.
///
/// The first agent to join a customer's call answers it, and has the conversation if nobody had it.
#[utoipa::path(operation_id = "joinCall", tag = "Agents", params(("id" = CallId, Path)),
    responses((status = 200, description = "The way into the call's room.", body = CallPass),
        (status = 404, description = "There is no such call.
            call_not_found: There is no such call.", body = ProblemBody<'static>),
        (status = 409, description = "It is over.
            call_over: This call is over.", body = ProblemBody<'static>),
        (status = 503, description = "There is no media server for calls.
            calls_not_configured: Calls are not set up on this server.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/calls/{id}/join")]
pub(super) async fn join_call(
    me: Member,
    Id(id): Id<CallId>,
    app: Data<App>,
) -> Result<Reply<CallPass>, Problem> {
    Asked::find(&app, me.context(), id).await?.join(me.agent_ref().into()).await
}

/// Hang up.
///
/// While other agents are in the call, it goes on without this one; otherwise it is over for everybody.
#[utoipa::path(operation_id = "endCall", tag = "Agents", params(("id" = CallId, Path)),
    responses((status = 200, description = "It is over, or goes on without this agent.", body = Done),
        (status = 404, description = "There is no such call.
            call_not_found: There is no such call.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/calls/{id}/end")]
pub(super) async fn end_call(me: Member, Id(id): Id<CallId>, app: Data<App>) -> Finished {
    Asked::find(&app, me.context(), id).await?.end(me.agent_ref().into()).await
}

/// Decline a call.
///
/// A call that rang at this agent then rings at everybody else.
#[utoipa::path(operation_id = "declineCall", tag = "Agents", params(("id" = CallId, Path)),
    responses((status = 200, description = "It rings here no more.", body = Done),
        (status = 404, description = "There is no such call.
            call_not_found: There is no such call.", body = ProblemBody<'static>),
        (status = 409, description = "It is over.
            call_over: This call is over.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/calls/{id}/decline")]
pub(super) async fn decline_call(me: Member, Id(id): Id<CallId>, app: Data<App>) -> Finished {
    Asked::find(&app, me.context(), id).await?.decline(me.agent_ref().into()).await
}

/// Make an audio call a video call.
///
/// Whoever is in it may send pictures from now on, and share the screen.
#[utoipa::path(operation_id = "escalateCall", tag = "Agents", params(("id" = CallId, Path)),
    responses((status = 200, description = "It is a video call.", body = Done),
        (status = 404, description = "There is no such call.
            call_not_found: There is no such call.", body = ProblemBody<'static>),
        (status = 409, description = "It is over.
            call_over: This call is over.", body = ProblemBody<'static>),
        (status = 503, description = "There is no media server for calls, or it doesn't answer.
            calls_not_configured: Calls are not set up on this server.
            calls_unavailable: Calls don't work at the moment; try again shortly.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/calls/{id}/escalate")]
pub(super) async fn escalate_call(me: Member, Id(id): Id<CallId>, app: Data<App>) -> Finished {
    Asked::find(&app, me.context(), id).await?.escalate(me.agent_ref().into()).await
}

/// Bring a colleague into a call.
///
/// It rings there. Once the colleague has joined, hanging up hands the call over.
#[utoipa::path(operation_id = "inviteToCall", tag = "Agents", request_body = Invitation,
    params(("id" = CallId, Path)),
    responses((status = 200, description = "It rings there.", body = Done),
        (status = 404, description = "There is no such call, or no such agent.
            call_not_found: There is no such call.
            agent_not_found: There is no such agent.", body = ProblemBody<'static>),
        (status = 409, description = "It is over, or the agent can't be asked.
            call_over: This call is over.
            agent_not_joined: This agent has not accepted the invitation yet.
            agent_deactivated: This agent is no longer on the team.", body = ProblemBody<'static>),
        (status = 503, description = "There is no media server for calls.
            calls_not_configured: Calls are not set up on this server.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/calls/{id}/invite")]
pub(super) async fn invite_to_call(
    me: Member,
    Id(id): Id<CallId>,
    Body(Invitation { agent_id }): Body<Invitation>,
    app: Data<App>,
) -> Finished {
    let asked = Asked::find(&app, me.context(), id).await?;
    asked.invite(colleague(&app, me.tenant(), agent_id).await?).await
}
