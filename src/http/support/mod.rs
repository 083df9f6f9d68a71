//! `/api/public/support`: what businesses' backends do with their integration key.

mod calls;
mod conversations;
mod customers;
mod handoffs;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handoffs::make_handoff)
        .service(conversations::open_conversation)
        .service(conversations::get_conversation)
        .service(conversations::list_messages)
        .service(conversations::post_message)
        .service(calls::start_call);
}
