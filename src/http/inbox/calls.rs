//! Calling: an agent begins a call, joins one, ends one.

use actix_web::{post, web::Data};
use openchat_domain::{
    CallId, ConversationId, Decider as _,
    conversation::{Conversation, ConversationCommand},
};

use super::{
    answers::{CallAnswer, CallPass},
    desk::Desk,
    input::AgentCall,
};
use crate::{
    app::App,
    http::{Body, Id, Member, Problem, ProblemBody, Reply, refused, sign_in::Done},
};

/// Call the customer.
#[utoipa::path(operation_id = "startCall", tag = "Agents", request_body = AgentCall,
    params(("id" = ConversationId, Path)),
    responses((status = 201, description = "The call, and the way into its room.", body = CallAnswer),
        (status = 409, description = "It is resolved, or a call is going on. `current` is the conversation as it is now.
            conversation_resolved: This conversation is resolved; reopen it first.
            call_in_progress: This conversation already has a call going on.", body = ProblemBody<'static>),
        (status = 503, description = "There is no media server for calls.
            calls_not_configured: Calls are not set up on this server.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/conversations/{id}/calls")]
pub(super) async fn start_call(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(AgentCall { r#type: kind }): Body<AgentCall>,
    app: Data<App>,
) -> Result<Reply<CallAnswer>, Problem> {
    let (call_id, now) = (CallId::from_uuid(app.clock.uuid()), app.clock.now());
    let command = ConversationCommand::StartCall { call_id, kind, by: me.agent_ref().into(), now };
    let conversation: Conversation = app.aggregates.state(me.tenant(), id).await?;
    match conversation.decide(&command) {
        Ok(_) => Err(not_configured()),
        Err(refusal) => Err(Desk { app: &app, me: &me, id }.told(refused(&refusal)).await),
    }
}

/// Join a call.
#[utoipa::path(operation_id = "joinCall", tag = "Agents", params(("id" = CallId, Path)),
    responses((status = 200, description = "The way into the call's room.", body = CallPass),
        (status = 409, description = "It is over.
            call_over: This call is over.", body = ProblemBody<'static>),
        (status = 503, description = "There is no media server for calls.
            calls_not_configured: Calls are not set up on this server.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/calls/{id}/join")]
pub(super) async fn join_call(_: Member, _: Id<CallId>) -> Result<Reply<CallPass>, Problem> {
    Err(not_configured())
}

/// End a call.
#[utoipa::path(operation_id = "endCall", tag = "Agents", params(("id" = CallId, Path)),
    responses((status = 200, description = "It is over.", body = Done),
        (status = 503, description = "There is no media server for calls.
            calls_not_configured: Calls are not set up on this server.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/calls/{id}/end")]
pub(super) async fn end_call(_: Member, _: Id<CallId>) -> Result<Reply<Done>, Problem> {
    Err(not_configured())
}

fn not_configured() -> Problem {
    Problem::unavailable("calls_not_configured", "Calls are not set up on this server.")
}
