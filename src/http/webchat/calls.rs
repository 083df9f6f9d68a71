//! Calling: the customer begins a call, answers one, declines one, makes it a video call, ends it.

use actix_web::{post, web::Data};
use openchat_domain::{
    CallId,
    conversation::{Author, CallKind},
};

use super::{
    customers::{existing, known},
    talking::told,
};
use crate::{
    app::App,
    http::{
        Body, Customer, Id, Problem, Reply,
        calls::{self, Asked, CallPass, CustomerCall},
        input::input,
        sign_in::Done,
    },
};

type Finished = Result<Reply<Done>, Problem>;

input! {
    /// A call to start.
    #[schema(example = json!({"type": "video"}))]
    pub(super) closed struct OwnCall {
        /// With or without pictures.
        r#type: CallKind,
    }
}

/// Call the team.
///
/// It rings at the agent who has the conversation and is there, otherwise at everybody.
#[utoipa::path(operation_id = "startOwnCall", tag = "Webchat", request_body = OwnCall,
    responses(
        (status = 201, description = "The call has begun.", body = CustomerCall),
        (status = 404, description = "no_conversation: There is no conversation yet; it begins with a message."),
        (status = 409, description = "call_in_progress: This conversation already has a call going on.\n\
            conversation_resolved: This conversation is resolved; reopen it first."),
        (status = 503, description = "calls_not_configured: Calls are not set up on this server.\n\
            calls_unavailable: Calls don't work at the moment; try again shortly.")),
    security(("customer" = [])))]
#[post("/calls")]
pub(super) async fn start_call(
    me: Customer,
    Body(OwnCall { r#type: kind }): Body<OwnCall>,
    app: Data<App>,
) -> Result<Reply<CustomerCall>, Problem> {
    let id = existing(&app, &me).await?;
    let caller = caller(&app, &me).await?;
    match calls::start(&app, &me.context(), id, kind, |_| caller).await {
        Ok(started) => {
            let position = started.done.position;
            Ok(Reply::created(CustomerCall::new(started, id)).at(position))
        }
        Err(problem) => Err(told(&app, &me, problem).await),
    }
}

/// Answer a call, or come back to it.
#[utoipa::path(operation_id = "joinOwnCall", tag = "Webchat", params(("id" = CallId, Path)),
    responses(
        (status = 200, description = "The way into the call's room.", body = CallPass),
        (status = 404, description = "call_not_found: There is no such call."),
        (status = 409, description = "call_over: This call is over."),
        (status = 503, description = "calls_not_configured: Calls are not set up on this server.")),
    security(("customer" = [])))]
#[post("/calls/{id}/join")]
pub(super) async fn join_call(
    me: Customer,
    Id(id): Id<CallId>,
    app: Data<App>,
) -> Result<Reply<CallPass>, Problem> {
    own(&app, &me, id).await?.join(caller(&app, &me).await?).await
}

/// Hang up.
#[utoipa::path(operation_id = "endOwnCall", tag = "Webchat", params(("id" = CallId, Path)),
    responses(
        (status = 200, description = "It is over.", body = Done),
        (status = 404, description = "call_not_found: There is no such call.")),
    security(("customer" = [])))]
#[post("/calls/{id}/end")]
pub(super) async fn end_call(me: Customer, Id(id): Id<CallId>, app: Data<App>) -> Finished {
    own(&app, &me, id).await?.end(caller(&app, &me).await?).await
}

/// Decline a call.
#[utoipa::path(operation_id = "declineOwnCall", tag = "Webchat", params(("id" = CallId, Path)),
    responses(
        (status = 200, description = "It is over.", body = Done),
        (status = 404, description = "call_not_found: There is no such call."),
        (status = 409, description = "call_over: This call is over.")),
    security(("customer" = [])))]
#[post("/calls/{id}/decline")]
pub(super) async fn decline_call(me: Customer, Id(id): Id<CallId>, app: Data<App>) -> Finished {
    own(&app, &me, id).await?.decline(caller(&app, &me).await?).await
}

/// Make an audio call a video call.
///
/// Whoever is in it may send pictures from now on, and share the screen.
#[utoipa::path(operation_id = "escalateOwnCall", tag = "Webchat", params(("id" = CallId, Path)),
    responses(
        (status = 200, description = "It is a video call.", body = Done),
        (status = 404, description = "call_not_found: There is no such call."),
        (status = 409, description = "call_over: This call is over."),
        (status = 503, description = "calls_not_configured: Calls are not set up on this server.\n\
            calls_unavailable: Calls don't work at the moment; try again shortly.")),
    security(("customer" = [])))]
#[post("/calls/{id}/escalate")]
pub(super) async fn escalate_call(me: Customer, Id(id): Id<CallId>, app: Data<App>) -> Finished {
    own(&app, &me, id).await?.escalate(caller(&app, &me).await?).await
}

/// The call, if it is in a conversation of the customer's own.
async fn own<'a>(app: &'a App, me: &Customer, id: CallId) -> Result<Asked<'a>, Problem> {
    let asked = Asked::find(app, me.context(), id).await?;
    if asked.opened.customer == me.id() { Ok(asked) } else { Err(calls::unknown()) }
}

/// The customer as who takes part.
async fn caller(app: &App, me: &Customer) -> Result<Author, Problem> {
    Ok(Author::from(&known(app, me).await?))
}
