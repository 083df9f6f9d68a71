//! Talking: the customer's conversation, its messages, typing, how far it was read, the rating.

use actix_web::{ResponseError as _, get, http::StatusCode, post, web::Data};
use openchat_domain::{
    MessageText,
    conversation::{Author, Conversation, ConversationCommand, Reader},
};
use openchat_projections::{Page, feed::OwnConversation, transcript::Message, typing::Typist};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use super::customers::{Begun, begun, current, existing, known, shown};
use crate::{
    app::App,
    http::{
        Blankable, Body, Customer, Faults, Input, Problem, Query, Reply,
        files::MessageContent,
        input::input,
        reply::settle,
        sign_in::Done,
        talk::{self, ClientMessageId, MessagesQuery, UpTo},
    },
    projector::viewed,
};

input! {
    /// A message to post.
    #[schema(example = json!({
        "message": {"type": "text", "text": "I need help with my order."}, "clientMessageId": "9b2e6c1a"
    }))]
    pub(super) closed struct OwnMessage {
        /// The message.
        message: MessageContent,
        /// Your own name for the message. Sent again under the same name, it is posted once, and answered with what
        /// was posted.
        client_message_id: Option<ClientMessageId>,
    }
}

input! {
    /// Whether the customer types.
    #[schema(example = json!({"typing": true}))]
    pub(super) closed struct OwnTyping {
        /// Renew `true` while it lasts: it ends by itself after 6 seconds.
        typing: bool,
    }
}

input! {
    /// How far the customer has read.
    #[schema(example = json!({"upTo": 42}))]
    pub(super) closed struct OwnRead {
        /// The `position` of the latest message that was seen.
        up_to: UpTo,
    }
}

input! {
    /// How the support was.
    #[schema(example = json!({"score": 5, "comment": "Quick and kind."}))]
    pub(super) closed struct OwnRating {
        /// 1 (bad) to 5 (excellent).
        score: Score,
        /// In words.
        #[schema(schema_with = Blankable::<MessageText>::schema, required = false)]
        comment: Blankable<MessageText>,
    }
}

/// How good something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Score(u8);

impl Input for Score {
    fn read(value: Value) -> Result<Self, Faults> {
        let score = i64::read(value).ok().and_then(|score| u8::try_from(score).ok());
        let fault = || Faults::of("must be a whole number from 1 to 5");
        score.filter(|score| (1..=5).contains(score)).map(Self).ok_or_else(fault)
    }
}

impl PartialSchema for Score {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(5)).into()
    }
}

impl ToSchema for Score {}

/// The conversation that the customer's pages show.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"conversation": {
    "id": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "status": "open",
    "channel": "widget",
    "subject": null,
    "assignee": {"id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Ana"},
    "queuePosition": null,
    "messages": [{
        "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
        "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
        "author": {"kind": "customer", "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": null},
        "type": "text",
        "text": "I need help with my order.",
        "createdAt": "2026-03-01T09:30:00Z",
        "position": 42,
        "clientMessageId": "9b2e6c1a"
    }],
    "hasEarlier": false,
    "marks": {"customerMessage": 42, "agentMessage": 0, "readByCustomer": 42, "readByAgents": 42},
    "call": null,
    "lastCall": null,
    "rating": null,
    "createdAt": "2026-03-01T09:30:00Z"
}}))]
pub(super) struct ShownConversation {
    /// The conversation; `null` before the first message.
    conversation: Option<OwnConversation>,
}

/// A message that was posted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"message": {
    "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
    "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
    "author": {"kind": "customer", "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": null},
    "type": "text",
    "text": "I need help with my order.",
    "createdAt": "2026-03-01T09:30:00Z",
    "position": 42,
    "clientMessageId": "9b2e6c1a"
}}))]
pub(super) struct PostedMessage {
    /// The message.
    message: Message,
}

/// Get the conversation.
///
/// The one that began last, as its customer sees it, with the latest messages.
#[utoipa::path(operation_id = "getOwnConversation", tag = "Webchat",
    responses((status = 200, description = "The conversation, if there is one.", body = ShownConversation)),
    security(("customer" = [])))]
#[get("/conversation")]
pub(super) async fn get_conversation(
    me: Customer,
    app: Data<App>,
) -> Result<Reply<ShownConversation>, Problem> {
    Ok(Reply::ok(ShownConversation { conversation: shown(&app, &me).await? }))
}

/// List the conversation's messages.
///
/// A page holds the latest messages, the oldest of them first; `nextCursor` leads to earlier ones.
#[utoipa::path(operation_id = "listOwnMessages", tag = "Webchat", params(MessagesQuery),
    responses((status = 200, description = "The messages.", body = Page<Message>, example = json!({
        "data": [{
            "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
            "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
            "author": {"kind": "agent", "id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Ana"},
            "type": "text",
            "text": "It is on its way.",
            "createdAt": "2026-03-01T09:45:00Z",
            "position": 61
        }],
        "nextCursor": "c3d"
    }))),
    security(("customer" = [])))]
#[get("/messages")]
pub(super) async fn list_messages(
    me: Customer,
    Query(wanted): Query<MessagesQuery>,
    app: Data<App>,
) -> Result<Reply<Page<Message>>, Problem> {
    let Some(conversation) = current(&app, &me).await? else {
        return Ok(Reply::ok(Page { data: vec![], next_cursor: None }));
    };
    let db = app.pools.tenant(me.tenant()).await?;
    Ok(Reply::ok(talk::messages(&db, me.tenant(), conversation, &wanted).await?))
}

/// Write to the team.
///
/// The first message begins the conversation; one that was resolved is open again with it.
#[utoipa::path(operation_id = "postOwnMessage", tag = "Webchat", request_body = OwnMessage,
    responses(
        (status = 201, description = "The message.", body = PostedMessage),
        (status = 200, description = "The message as it was posted before under this `clientMessageId`.", body = PostedMessage),
        (status = 404, description = "file_not_found: There is no such file."),
        (status = 409, description = "file_already_sent: This file was sent already; upload it again to send it again.")),
    security(("customer" = [])))]
#[post("/messages")]
pub(super) async fn post_message(
    me: Customer,
    Body(new): Body<OwnMessage>,
    app: Data<App>,
) -> Result<Reply<PostedMessage>, Problem> {
    let customer = known(&app, &me).await?;
    let (tenant, sender, mut context) = (me.tenant(), me.id().into(), me.context());
    let name = new.client_message_id.as_ref().map(|name| &*name.0);
    context.command = new.message.command(tenant, &[&me.id().to_string()], name);
    // No conversation begins with a file that isn't there.
    new.message.look(&app, tenant, &sender, context.command).await?;
    let Begun { conversation, just_now } = begun(&app, &me).await?;
    let body = new.message.body(&app, tenant, &sender, conversation, context.command).await?;
    let message = talk::new_message(&app, body, new.client_message_id);
    let command = ConversationCommand::PostMessage { author: Author::from(&customer), message };
    let done = app.aggregates.execute::<Conversation>(&context, conversation, &command).await?;
    if just_now {
        // What comes next, such as the socket, begins with the conversation.
        settle(&app, me.tenant(), done.position).await;
    }
    let answer = PostedMessage { message: talk::posted(&done)? };
    Ok(if done.replayed { Reply::ok(answer) } else { Reply::created(answer) }.at(done.position))
}

/// Tell that the customer types.
///
/// The team sees it at once; it is no part of the history.
#[utoipa::path(operation_id = "setOwnTyping", tag = "Webchat", request_body = OwnTyping,
    responses((status = 200, description = "It was told.", body = Done)),
    security(("customer" = [])))]
#[post("/typing")]
pub(super) async fn set_typing(
    me: Customer,
    Body(OwnTyping { typing }): Body<OwnTyping>,
    app: Data<App>,
) -> Result<Reply<Done>, Problem> {
    // Before the first message there is nobody to tell.
    if let Some(conversation) = current(&app, &me).await? {
        app.hub.type_in(me.tenant(), conversation, Typist::Customer { id: me.id() }, typing);
    }
    Ok(Reply::ok(Done::DONE))
}

/// Tell how far the customer has read.
///
/// A mark never moves back.
#[utoipa::path(operation_id = "markOwnRead", tag = "Webchat", request_body = OwnRead,
    responses(
        (status = 200, description = "It is remembered.", body = Done),
        (status = 404, description = "no_conversation: There is no conversation yet; it begins with a message.")),
    security(("customer" = [])))]
#[post("/read")]
pub(super) async fn mark_read(
    me: Customer,
    Body(OwnRead { up_to }): Body<OwnRead>,
    app: Data<App>,
) -> Result<Reply<Done>, Problem> {
    let conversation = existing(&app, &me).await?;
    // Nobody has read what isn't shown yet.
    let seen = viewed(&app.pools.tenant(me.tenant()).await?, me.tenant()).await?;
    let command = ConversationCommand::MarkRead { reader: Reader::Customer, up_to: up_to.0.min(seen) };
    let done = app.aggregates.execute::<Conversation>(&me.context(), conversation, &command).await?;
    Ok(Reply::ok(Done::DONE).at(done.position))
}

/// Rate the support.
///
/// Once the conversation is resolved; the latest rating counts.
#[utoipa::path(operation_id = "rateConversation", tag = "Webchat", request_body = OwnRating,
    responses(
        (status = 200, description = "Thank you.", body = Done),
        (status = 404, description = "no_conversation: There is no conversation yet; it begins with a message."),
        (status = 409, description = "not_rateable: A conversation can be rated once it is resolved.")),
    security(("customer" = [])))]
#[post("/rating")]
pub(super) async fn rate(
    me: Customer,
    Body(OwnRating { score, comment }): Body<OwnRating>,
    app: Data<App>,
) -> Result<Reply<Done>, Problem> {
    let conversation = existing(&app, &me).await?;
    let command = ConversationCommand::Rate { score: score.0, comment: comment.0 };
    match app.aggregates.execute::<Conversation>(&me.context(), conversation, &command).await {
        Ok(done) => Ok(Reply::ok(Done::DONE).at(done.position)),
        Err(error) => Err(told(&app, &me, error.into()).await),
    }
}

/// A problem; if it is a conflict, with the conversation as it is now.
pub(super) async fn told(app: &App, me: &Customer, problem: Problem) -> Problem {
    if problem.status_code() != StatusCode::CONFLICT {
        return problem;
    }
    match shown(app, me).await {
        Ok(Some(conversation)) => problem.current(conversation),
        Ok(None) | Err(_) => problem,
    }
}
