//! What agents do: look through the inbox, read a conversation, answer it, and move it on.

pub(super) mod answers;
mod availability;
mod calls;
mod customers;
mod desk;
mod files;
pub(super) mod input;
mod reading;
mod talking;
mod working;

use utoipa_actix_web::service_config::ServiceConfig;

/// Adds the routes.
pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(reading::list_inbox)
        .service(reading::list_queue)
        .service(reading::get_conversation)
        .service(reading::list_messages)
        .service(reading::list_events)
        .service(reading::list_colleagues)
        .service(customers::get_customer)
        .service(customers::list_conversations)
        .service(talking::post_message)
        .service(talking::add_note)
        .service(talking::set_typing)
        .service(talking::mark_read)
        .service(working::assign)
        .service(working::resolve)
        .service(working::reopen)
        .service(working::snooze)
        .service(working::tag)
        .service(working::prioritize)
        .service(files::upload_file)
        .service(files::get_file)
        .service(calls::start_call)
        .service(calls::join_call)
        .service(calls::end_call)
        .service(calls::decline_call)
        .service(calls::escalate_call)
        .service(calls::invite_to_call)
        .service(availability::get_myself)
        .service(availability::set_availability);
}
