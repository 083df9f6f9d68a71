//! The HTTP interface: every route, who may use it, and what it answers.
//!
//! A handler is 6 to 15 lines: who asks, what is meant, the command, the answer.
//!
//! ```ignore
//! input! {
//!     /// Resolves a conversation.
//!     #[schema(example = json!({"text": "Thanks!"}))]
//!     closed struct NewNote {            // `open` for integrators' bodies: unknown fields are ignored
//!         /// What it says.
//!         text: MessageText,             // a domain type: its checks and its schema come with it
//!     }
//! }
//!
//! /// Write a note for the team.
//! ///
//! /// What else there is to say, for the OpenAPI document.
//! #[utoipa::path(operation_id = "addNote", tag = "Agents", request_body = NewNote,
//!     params(("id" = ConversationId, Path)),
//!     responses((status = 201, description = "The note.", body = NoteAnswer),
//!               (status = 409, description = "conversation_resolved: This conversation is resolved.")),
//!     security(("session" = [])))]
//! #[post("/conversations/{id}/notes")]
//! async fn add_note(
//!     me: Member,                        // who asks comes first, so that 401 and 403 come before anything else
//!     Id(id): Id<ConversationId>,        // 404 when it isn't one
//!     Body(new): Body<NewNote>,          // 400, 413, 415, 422 with every faulty field
//!     app: Data<App>,
//! ) -> Result<Reply<NoteAnswer>, Problem> {
//!     let command = ConversationCommand::AddNote { note_id: .., author: me.agent_ref(), text: new.text };
//!     let done = app.aggregates.execute::<Conversation>(&me.context(), id, &command).await?;
//!     Ok(Reply::created(NoteAnswer { .. }).at(done.position))
//! }
//! ```
//!
//! - Who asks: [`ApiKey<Read>`], [`ApiKey<Write>`], [`ApiKey<Calls>`] (backends; 403 to browsers), [`WidgetKey`],
//!   [`Person`], [`Member`], [`Manager`], [`Customer`]. Each gives the tenant and the [`Context`] for commands, in
//!   which an Idempotency-Key already names the command: an intent that takes several commands gives each its own
//!   `context.step("…")`, and derives ids that it makes from `context.command`.
//! - Everything that goes wrong is a [`Problem`], by `?`.
//! - The middleware of a scope has done the rest: rate limit, idempotency, CSRF, waiting for `X-OC-Position`.
//! - The errors that every route of a kind can answer, their examples, and common headers are added to the OpenAPI
//!   document by [`openapi`]: which, follows from the route's security (`apiKey`, `session`, `customer`), body,
//!   parameters and path. A handler names the errors that are its own, in the description, a line each:
//!   `code: sentence`.
//! - After a change of routes or schemas: `openchat openapi > openapi/openapi.json`.
//!
//! [`Context`]: crate::store::Context

mod audit;
mod business;
mod by_customer;
mod by_key;
mod by_session;
mod calls;
mod demo;
mod edge;
mod envelope;
mod files;
mod idempotency;
mod inbox;
mod input;
mod keys;
mod launch;
mod limits;
mod livekit;
mod openapi;
mod ops;
mod pages;
mod problem;
mod public_config;
mod replies;
mod reply;
mod server;
mod sign_in;
mod sockets;
mod support;
mod talk;
mod team;
mod webchat;

use actix_web::{
    Error, HttpRequest, ResponseError,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data},
};
use utoipa_actix_web::{scope, service_config::ServiceConfig};

pub use by_customer::Customer;
pub use by_key::{Allows, ApiKey, Calls, Read, WidgetKey, Write};
pub use by_session::{Manager, Member, Person};
pub use edge::{Edge, keep_house};
pub use input::{
    Blankable, Body, Count, Faults, Fields, Id, Input, Limit, OptionalBody, Patch, Query, QueryInput,
};
pub use openapi::{openapi, socket_schema};
pub use problem::{Problem, ProblemBody, refused};
pub use reply::Reply;
pub use server::serve;

use crate::app::App;

/// The largest request body, in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// The whole service: every route, inside the envelope.
pub fn service(
    app: Data<App>,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let shop = demo::shop(&app);
    actix_web::App::new()
        .app_data(app)
        .configure(|config| routes(&mut ServiceConfig::new(config)))
        .configure(openapi::docs)
        .configure(pages::pages)
        .configure(shop)
        .default_service(web::to(no_route))
        .wrap(from_fn(envelope::envelop))
}

/// The route table, by audience.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(ops::healthz)
        .service(ops::readyz)
        .service(ops::metrics)
        .service(livekit::webhook)
        .service(scope("/api/public/support").configure(integrators).wrap(from_fn(by_key::by_key)))
        .service(scope("/api/auth").configure(people).wrap(from_fn(by_session::by_session)))
        .service(scope("/api/business").configure(business).wrap(from_fn(by_session::by_session)))
        .service(scope("/api/admin/support").configure(agents).wrap(from_fn(by_session::by_session)))
        .service(scope("/api/webchat").configure(customers).wrap(from_fn(by_customer::by_customer)));
}

/// `/api/public/support`, by integration key.
fn integrators(config: &mut ServiceConfig<'_>) {
    config.service(public_config::get_config);
    support::routes(config);
}

/// `/api/auth`, to become a signed-in person and to stop being one.
fn people(config: &mut ServiceConfig<'_>) {
    config
        .service(sign_in::sign_up)
        .service(sign_in::sign_in)
        .service(sign_in::sign_out)
        .service(sign_in::get_me)
        .service(sign_in::accept_invite);
}

/// `/api/business`, by session.
fn business(config: &mut ServiceConfig<'_>) {
    config
        .service(business::set_up)
        .service(business::get_settings)
        .service(business::change_settings)
        .service(launch::get_checklist)
        .service(keys::list_keys)
        .service(keys::create_key)
        .service(keys::change_key)
        .service(keys::rotate_key)
        .service(keys::revoke_key)
        .service(replies::save_reply)
        .service(replies::delete_reply)
        .service(team::list_team)
        .service(team::invite_agent)
        .service(team::change_agent)
        .service(team::remove_agent)
        .service(audit::list_events)
        .service(audit::export_events)
        .service(audit::conversation_as_of);
}

/// `/api/admin/support`, by an agent's session.
fn agents(config: &mut ServiceConfig<'_>) {
    config.service(sockets::agent_socket).service(replies::list_replies);
    inbox::configure(config);
}

/// `/api/webchat`, by a customer's session.
fn customers(config: &mut ServiceConfig<'_>) {
    config.service(sockets::customer_socket);
    webchat::routes(config);
}

/// What no route answers: 405 when the path has other methods, else 404.
async fn no_route(req: HttpRequest) -> impl actix_web::Responder {
    let problem = match openapi::methods(req.path()) {
        Some(allow) => Problem::method_not_allowed(allow),
        None => Problem::not_found("not_found", "There is nothing at this address."),
    };
    problem.error_response()
}
