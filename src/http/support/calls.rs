//! Calls that a backend starts for a customer.

use actix_web::{post, web::Data};
use openchat_domain::{
    ConversationId,
    conversation::{Author, CallKind, Opened},
};

use crate::{
    app::App,
    http::{
        ApiKey, Body, Calls, Problem, Reply,
        calls::{self, CustomerCall},
        input::input,
    },
};

input! {
    /// A call to start.
    #[schema(example = json!({
        "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
        "type": "video"
    }))]
    open struct NewCall {
        /// In which conversation.
        conversation_id: ConversationId,
        /// With or without pictures.
        r#type: CallKind,
    }
}

/// Start a call in a conversation.
///
/// It rings in the team's inbox. The customer's side connects to `serverUrl` with the token.
#[utoipa::path(operation_id = "startSupportCall", tag = "Integrators", request_body = NewCall,
    responses(
        (status = 201, description = "The call has begun.", body = CustomerCall),
        (status = 404, description = "conversation_not_found: There is no such conversation."),
        (status = 409, description = "call_in_progress: This conversation already has a call going on.\n\
            conversation_resolved: This conversation is resolved; reopen it first."),
        (status = 503, description = "calls_not_configured: Calls are not set up on this server.\n\
            calls_unavailable: Calls don't work at the moment; try again shortly.")),
    security(("apiKey" = [])))]
#[post("/calls")]
pub(super) async fn start_call(
    key: ApiKey<Calls>,
    Body(new): Body<NewCall>,
    app: Data<App>,
) -> Result<Reply<CustomerCall>, Problem> {
    let by = |it: &Opened| Author::Customer { id: it.customer, name: None };
    let started = calls::start(&app, &key.context(), new.conversation_id, new.r#type, by).await?;
    let position = started.done.position;
    Ok(Reply::created(CustomerCall::new(started, new.conversation_id)).at(position))
}
