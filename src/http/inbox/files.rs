//! Files: an agent uploads what it sends, and reads what was sent.

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Payload},
};
use openchat_domain::{ConversationId, FileId};

use super::desk::Desk;
use crate::{
    app::App,
    http::{
        Id, Member, Problem, Query, Reply,
        files::{self, FileBytes, UploadQuery, UploadedFile},
    },
};

/// Upload a file.
///
/// The bytes as they are, at most 10 MiB, with their `Content-Type`. The customer sees the file once a message names it;
/// one that none names within a day is thrown away.
#[utoipa::path(operation_id = "uploadFile", tag = "Agents",
    params(("id" = ConversationId, Path), UploadQuery),
    request_body(content = FileBytes, content_type = "*/*"),
    responses(
        (status = 201, description = "The file.", body = UploadedFile),
        (status = 400, description = "unreadable_body: The body ended before it was complete."),
        (status = 404, description = "conversation_not_found: There is no such conversation."),
        (status = 409, description = "too_many_unsent_files: Send the files that you have uploaded before you upload more."),
        (status = 413, description = "file_too_large: A file may have at most 10 MiB."),
        (status = 415, description = "file_type_not_allowed: Files of this type can't be sent."),
        (status = 422, description = "file_empty: This file is empty.")),
    security(("session" = [])))]
#[post("/conversations/{id}/files")]
pub(super) async fn upload_file(
    me: Member,
    Id(id): Id<ConversationId>,
    Query(UploadQuery { name }): Query<UploadQuery>,
    req: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<Reply<UploadedFile>, Problem> {
    Desk { app: &app, me: &me, id }.exists().await?;
    let uploader = me.agent().into();
    Ok(Reply::created(files::take(&app, me.tenant(), &uploader, &name, &req, payload).await?))
}

/// Get a file.
///
/// The bytes as they were uploaded.
#[utoipa::path(operation_id = "getFile", tag = "Agents", params(("id" = FileId, Path)),
    responses(
        (status = 200, description = "The file.", body = FileBytes, content_type = "*/*"),
        (status = 404, description = "file_not_found: There is no such file."),
        (status = 503, description = "files_unavailable: OpenChat can't reach its files right now; try again.")),
    security(("session" = [])))]
#[get("/files/{id}")]
pub(super) async fn get_file(
    me: Member,
    Id(id): Id<FileId>,
    app: Data<App>,
) -> Result<HttpResponse, Problem> {
    let sent = app.files.sent(me.tenant(), id).await?.ok_or_else(files::not_found)?;
    files::give(&app, me.tenant(), &sent).await
}
