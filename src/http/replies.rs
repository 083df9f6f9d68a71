//! The canned replies: written by managers, used by the whole team.

use actix_web::{FromRequest, HttpRequest, delete, dev::Payload, get, put, web::Data};
use openchat_domain::{
    MessageText, Shortcut,
    business::{Business, BusinessCommand},
};
use openchat_projections::{
    Page,
    replies::{self, CannedReply},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Body, Manager, Member, Problem, Reply, input::input, reply::settle, sign_in::Done};
use crate::app::App;

input! {
    /// A canned reply to keep.
    #[schema(example = json!({"text": "Dear {{customer.name}}, your refund is on its way."}))]
    closed struct SaveReply {
        /// What it says. `{{customer.name}}`, `{{customer.email}}`, `{{agent.name}}` and `{{business.name}}` stand
        /// for what the inbox puts in their place.
        text: MessageText,
    }
}

/// A canned reply that is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"reply": {
    "shortcut": "refund", "text": "Dear {{customer.name}}, your refund is on its way."
}}))]
struct ReplyAnswer {
    /// The reply.
    reply: CannedReply,
}

/// The shortcut in the path. Extracting it answers 404 when it isn't one: there is nothing of that name.
struct Named(Shortcut);

impl FromRequest for Named {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = req.match_info().get("shortcut").and_then(|name| Shortcut::new(name).ok());
        let sentence = "A shortcut has lower-case letters, digits and hyphens only, like refund.";
        std::future::ready(name.map(Self).ok_or_else(|| Problem::not_found("not_found", sentence)))
    }
}

/// List the canned replies.
///
/// What the team answers often, by name.
#[utoipa::path(operation_id = "listReplies", tag = "Agents", security(("session" = [])), responses(
    (status = 200, description = "All canned replies, on one page.", body = Page<CannedReply>),
))]
#[get("/replies")]
pub(super) async fn list_replies(me: Member, app: Data<App>) -> Result<Reply<Page<CannedReply>>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let data = replies::list(&db, me.tenant()).await?;
    Ok(Reply::ok(Page { data, next_cursor: None }))
}

/// Keep a canned reply.
///
/// Instead of the one that has this name, if there is one.
#[utoipa::path(operation_id = "saveReply", tag = "Business", request_body = SaveReply,
    params(("shortcut" = Shortcut, Path, description = "What it is called by.")), security(("session" = [])),
    responses(
        (status = 200, description = "The reply.", body = ReplyAnswer),
        (status = 404, description =
            "not_found: A shortcut has lower-case letters, digits and hyphens only, like refund."),
        (status = 409, description = "too_many_replies: A business can have at most 500 canned replies."),
    ))]
#[put("/replies/{shortcut}")]
pub(super) async fn save_reply(
    Manager(me): Manager,
    Named(shortcut): Named,
    Body(SaveReply { text }): Body<SaveReply>,
    app: Data<App>,
) -> Result<Reply<ReplyAnswer>, Problem> {
    let reply = CannedReply { shortcut: shortcut.clone(), text: text.clone() };
    let command = BusinessCommand::SaveReply { shortcut, text };
    let done = app.aggregates.execute::<Business>(&me.context(), me.tenant(), &command).await?;
    settle(&app, me.tenant(), done.position).await;
    Ok(Reply::ok(ReplyAnswer { reply }).at(done.position))
}

/// Throw a canned reply away.
#[utoipa::path(operation_id = "deleteReply", tag = "Business",
    params(("shortcut" = Shortcut, Path, description = "What it is called by.")), security(("session" = [])),
    responses(
        (status = 200, description = "There is none of that name.", body = Done),
        (status = 404, description =
            "not_found: A shortcut has lower-case letters, digits and hyphens only, like refund."),
    ))]
#[delete("/replies/{shortcut}")]
pub(super) async fn delete_reply(
    Manager(me): Manager,
    Named(shortcut): Named,
    app: Data<App>,
) -> Result<Reply<Done>, Problem> {
    let command = BusinessCommand::DeleteReply { shortcut };
    let done = app.aggregates.execute::<Business>(&me.context(), me.tenant(), &command).await?;
    settle(&app, me.tenant(), done.position).await;
    Ok(Reply::ok(Done::DONE).at(done.position))
}
