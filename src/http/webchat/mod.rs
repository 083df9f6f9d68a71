//! `/api/webchat`: what customers do, in the widget's frame and on the support page.
//!
//! A session opens one customer's own conversations, and there the one that began last: the customer's pages show one
//! conversation, in which a message that comes after a resolution goes on.

mod calls;
mod customers;
mod files;
mod merge;
mod preflight;
mod profile;
mod session;
mod talking;

use openchat_domain::KeyId;
use utoipa_actix_web::service_config::ServiceConfig;

use super::Problem;
use crate::app::App;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(preflight::preflight)
        .service(session::begin_session)
        .service(session::get_session)
        .service(session::end_session)
        .service(profile::change_profile)
        .service(talking::get_conversation)
        .service(talking::list_messages)
        .service(talking::post_message)
        .service(talking::set_typing)
        .service(talking::mark_read)
        .service(talking::rate)
        .service(files::upload_file)
        .service(files::get_file)
        .service(calls::start_call)
        .service(calls::join_call)
        .service(calls::end_call)
        .service(calls::decline_call)
        .service(calls::escalate_call);
}

/// Counts a request of somebody who has no session yet by the widget's key.
fn count(app: &App, key: KeyId) -> Result<(), Problem> {
    let (allowance, checked) = app.edge.limiters.keys.check(&key);
    checked.map_err(|problem| problem.allowance(allowance))
}
