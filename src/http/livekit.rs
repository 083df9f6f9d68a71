//! What the media server tells by itself: only a reason to look, and only if it is the media server.

use actix_web::{
    HttpRequest,
    http::header::AUTHORIZATION,
    post,
    web::{Bytes, Data},
};
use openchat_domain::{CallId, conversation::Conversation};
use openchat_projections::log;

use super::{Problem, Reply, calls::media, sign_in::Done};
use crate::{
    app::App,
    calls::Media,
    store::{StoreError, chain},
};

/// Hear what the media server tells.
///
/// LiveKit's webhook. What it tells is not believed but looked up, so it may come late, twice, or not at all.
#[utoipa::path(operation_id = "hearMediaServer", tag = "Operations",
    request_body(content = String, content_type = "application/webhook+json", description = "LiveKit's event."),
    responses(
        (status = 200, description = "Heard.", body = Done),
        (status = 401, description = "not_the_media_server: This does not come from the media server."),
        (status = 503, description = "calls_not_configured: Calls are not set up on this server.")))]
#[post("/api/livekit/webhook")]
pub(super) async fn webhook(req: HttpRequest, body: Bytes, app: Data<App>) -> Result<Reply<Done>, Problem> {
    let media = media(&app)?;
    let seal = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let seal = seal.strip_prefix("Bearer ").unwrap_or(seal);
    let forged =
        || Problem::unauthorized("not_the_media_server", "This does not come from the media server.");
    let news = media.hear(seal, &body, app.clock.now()).ok_or_else(forged)?;
    if let Some(call) = news.room.and_then(|room| media.call_of(&room.name)) {
        keep_closed(&app, media, call).await?;
    }
    app.calls.nudge();
    Ok(Reply::ok(Done::DONE))
}

/// Closes the room of a call that is over: a token that still holds must not open it again.
async fn keep_closed(app: &App, media: &Media, call: CallId) -> Result<(), Problem> {
    let db = app.pools.worker().await.map_err(StoreError::from)?;
    let found = log::conversation_of_call(&db, None, call).await.map_err(StoreError::from)?;
    drop(db);
    // A call whose beginning isn't recorded yet is about to begin.
    let Some((tenant, conversation)) = found else { return Ok(()) };
    let state = app.aggregates.state::<Conversation>(tenant, conversation).await?;
    let goes_on = matches!(&state, Conversation::Opened(opened) if opened.call(call).is_some());
    if !goes_on && let Err(e) = media.close(call, app.clock.now()).await {
        tracing::warn!(error = chain(&e), "the room of a call that is over could not be closed");
    }
    Ok(())
}
