//! Talking: messages, notes, typing, and how far the agent has read.

use actix_web::{post, web::Data};
use openchat_domain::{
    CommandId, ConversationId, MessageId,
    conversation::{AgentRef, ConversationCommand, NewMessage, Reader},
};
use openchat_projections::{transcript::TranscriptEntry, typing::Typist};

use super::{
    answers::MessageAnswer,
    desk::Desk,
    input::{AgentMessage, AgentRead, AgentTyping, NewNote},
};
use crate::{
    app::App,
    http::{Body, Id, Member, Problem, Reply, reply::head, sign_in::Done},
    store::Executed,
};

/// Write to the customer.
///
/// Who answers a conversation that is nobody's has it from then on.
#[utoipa::path(operation_id = "postMessage", tag = "Agents", request_body = AgentMessage,
    params(("id" = ConversationId, Path)),
    responses((status = 201, description = "The message as it was posted, now or under the same `clientMessageId` before.",
        body = MessageAnswer),
        (status = 404, description = "conversation_not_found: There is no such conversation.\n\
            file_not_found: There is no such file."),
        (status = 409, description = "file_already_sent: This file was sent already; upload it again to send it again.")),
    security(("session" = [])))]
#[post("/conversations/{id}/messages")]
pub(super) async fn post_message(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(new): Body<AgentMessage>,
    app: Data<App>,
) -> Result<Reply<MessageAnswer>, Problem> {
    let client_message_id = new.client_message_id.map(|it| it.0);
    let desk = Desk { app: &app, me: &me, id };
    desk.exists().await?;
    let (sender, mut context) = (me.agent().into(), me.context());
    let named = [&*id.to_string(), &*me.agent().to_string()];
    context.command = new.message.command(me.tenant(), &named, client_message_id.as_deref());
    let body = new.message.body(&app, me.tenant(), &sender, id, context.command).await?;
    let message = NewMessage { id: fresh_id(&app), body, client_message_id };
    let command = ConversationCommand::PostMessage { author: me.agent_ref().into(), message };
    let done = desk.execute(&context, &command).await?;
    said(&done)
}

/// Write a note for the team.
///
/// The customer never sees it.
#[utoipa::path(operation_id = "addNote", tag = "Agents", request_body = NewNote,
    params(("id" = ConversationId, Path)),
    responses((status = 201, description = "The note as it was added, now or under the same `clientMessageId` before.",
        body = MessageAnswer)),
    security(("session" = [])))]
#[post("/conversations/{id}/notes")]
pub(super) async fn add_note(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(new): Body<NewNote>,
    app: Data<App>,
) -> Result<Reply<MessageAnswer>, Problem> {
    let (note_id, author, mut context) = (fresh_id(&app), me.agent_ref(), me.context());
    let client_message_id = new.client_message_id.map(|it| it.0);
    context.command = client_message_id.as_deref().map(|name| {
        CommandId::derive(me.tenant(), &[&*id.to_string(), &*author.id.to_string(), "note", name])
    });
    let command = ConversationCommand::AddNote { note_id, author, text: new.text, client_message_id };
    let done = Desk { app: &app, me: &me, id }.execute(&context, &command).await?;
    said(&done)
}

/// Tell that the agent types.
///
/// The customer and the team see it at once; it is no part of the history.
#[utoipa::path(operation_id = "setTyping", tag = "Agents", request_body = AgentTyping,
    params(("id" = ConversationId, Path)),
    responses((status = 200, description = "It was told.", body = Done)),
    security(("session" = [])))]
#[post("/conversations/{id}/typing")]
pub(super) async fn set_typing(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(AgentTyping { typing }): Body<AgentTyping>,
    app: Data<App>,
) -> Result<Reply<Done>, Problem> {
    Desk { app: &app, me: &me, id }.exists().await?;
    let AgentRef { id: agent, name } = me.agent_ref();
    app.hub.type_in(me.tenant(), id, Typist::Agent { id: agent, name }, typing);
    Ok(Reply::ok(Done::DONE))
}

/// Tell how far the agent has read.
///
/// What one of the team has read counts as read by the team. A mark never moves back.
#[utoipa::path(operation_id = "markRead", tag = "Agents", request_body = AgentRead,
    params(("id" = ConversationId, Path)),
    responses((status = 200, description = "It is remembered.", body = Done)),
    security(("session" = [])))]
#[post("/conversations/{id}/read")]
pub(super) async fn mark_read(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(AgentRead { up_to }): Body<AgentRead>,
    app: Data<App>,
) -> Result<Reply<Done>, Problem> {
    // Nobody has read what isn't written yet.
    let up_to = up_to.0.min(head(&app, me.tenant()).await?);
    let command = ConversationCommand::MarkRead { reader: Reader::Agent(me.agent()), up_to };
    let done = Desk { app: &app, me: &me, id }.execute(&me.context(), &command).await?;
    Ok(Reply::ok(Done::DONE).at(done.position))
}

fn fresh_id(app: &App) -> MessageId {
    MessageId::from_uuid(app.clock.uuid())
}

/// The message or note that a command has recorded, now or when it was first carried out.
fn said(done: &Executed) -> Result<Reply<MessageAnswer>, Problem> {
    let message = done.events.iter().find_map(|event| TranscriptEntry::of(event));
    let message = message.ok_or_else(|| Problem::internal(&NothingSaid))?;
    Ok(Reply::created(MessageAnswer::new(message)).at(done.position))
}

/// A conversation took a message and recorded none.
#[derive(Debug, thiserror::Error)]
#[error("a message was taken but not recorded")]
struct NothingSaid;
