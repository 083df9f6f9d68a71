//! Looking: the inbox, the queue, a conversation with its messages, the team.

use actix_web::{get, web::Data};
use openchat_domain::{ConversationId, Stream, conversation::ConversationRefusal};
use openchat_projections::{
    Document, Page,
    agents::{self, AgentStatus},
    audit::{AuditEntry, AuditFilter},
    inbox::{self, ConversationView},
    routing_queue::{self, QueueEntry},
    transcript::{self, TranscriptEntry},
};

use super::{
    answers::{Colleague, ConversationAnswer, ConversationWithMessages, example_page},
    desk::Desk,
    input::{InboxQuery, MessagesQuery, PageQuery},
};
use crate::{
    app::App,
    http::{Id, Limit, Member, Problem, Query, Reply, audit, refused},
};

/// How many other conversations of the customer are told of.
const OTHERS: i64 = 10;

/// List conversations.
///
/// A part of the inbox, the latest activity first. Conversations that move to the top while you page through
/// are not met again below.
#[utoipa::path(operation_id = "listInbox", tag = "Agents", params(InboxQuery),
    responses((status = 200, description = "A page of conversations.", body = Page<ConversationView>,
        example = json!(example_page::<ConversationView>()))),
    security(("session" = [])))]
#[get("/inbox")]
pub(super) async fn list_inbox(
    me: Member,
    Query(query): Query<InboxQuery>,
    app: Data<App>,
) -> Result<Reply<Page<Document<ConversationView>>>, Problem> {
    let view = query.view.unwrap_or_default().of(me.agent());
    let limit = query.limit.unwrap_or_default().0;
    let db = app.pools.tenant(me.tenant()).await?;
    Ok(Reply::ok(inbox::page(&db, me.tenant(), view, query.q.as_deref(), query.cursor, limit).await?))
}

/// List the queue.
///
/// The conversations that wait for an agent, in the order in which they will be served; of a longer queue the
/// first 1,000, always on one page.
#[utoipa::path(operation_id = "listQueue", tag = "Agents",
    responses((status = 200, description = "The queue.", body = Page<QueueEntry>,
        example = json!(example_page::<QueueEntry>()))),
    security(("session" = [])))]
#[get("/queue")]
pub(super) async fn list_queue(me: Member, app: Data<App>) -> Result<Reply<Page<QueueEntry>>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let data = routing_queue::queue(&db, me.tenant()).await?;
    Ok(Reply::ok(Page { data, next_cursor: None }))
}

/// Get a conversation.
///
/// With its latest messages and notes, and the customer's other conversations in short.
#[utoipa::path(operation_id = "getConversation", tag = "Agents", params(("id" = ConversationId, Path)),
    responses((status = 200, description = "The conversation.", body = ConversationAnswer)),
    security(("session" = [])))]
#[get("/conversations/{id}")]
pub(super) async fn get_conversation(
    me: Member,
    Id(id): Id<ConversationId>,
    app: Data<App>,
) -> Result<Reply<ConversationAnswer>, Problem> {
    let mut db = app.pools.tenant(me.tenant()).await?;
    let db = db.begin_snapshot().await?;
    let tenant = me.tenant();
    let found = inbox::get(&db, tenant, id).await?;
    let conversation = found.ok_or_else(|| refused(&ConversationRefusal::NotFound))?;
    let (latest, others) = tokio::try_join!(
        transcript::page(&db, tenant, id, None, Limit::default().0),
        inbox::by_customer(&db, tenant, conversation.customer.id, OTHERS + 1),
    )?;
    Ok(Reply::ok(ConversationAnswer {
        success: true,
        conversation: ConversationWithMessages { conversation, messages: latest.data },
        messages_cursor: latest.next_cursor,
        other_conversations: others.into_iter().filter(|it| it.id != id).map(Into::into).collect(),
    }))
}

/// List a conversation's messages.
///
/// Messages and notes. The first page holds the latest; on every page the oldest comes first, and the next page
/// holds what was said before.
#[utoipa::path(operation_id = "listMessages", tag = "Agents",
    params(("id" = ConversationId, Path), MessagesQuery),
    responses((status = 200, description = "A page of messages and notes.", body = Page<TranscriptEntry>,
        example = json!(example_page::<TranscriptEntry>()))),
    security(("session" = [])))]
#[get("/conversations/{id}/messages")]
pub(super) async fn list_messages(
    me: Member,
    Id(id): Id<ConversationId>,
    Query(query): Query<MessagesQuery>,
    app: Data<App>,
) -> Result<Reply<Page<TranscriptEntry>>, Problem> {
    let (before, limit) = (query.before.map(|it| it.0), query.limit.unwrap_or_default().0);
    let db = app.pools.tenant(me.tenant()).await?;
    let (found, page) = tokio::try_join!(
        inbox::get(&db, me.tenant(), id),
        transcript::page(&db, me.tenant(), id, before, limit),
    )?;
    found.map(|_| Reply::ok(page)).ok_or_else(|| refused(&ConversationRefusal::NotFound))
}

/// List a conversation's events.
///
/// Everything that happened to it and who did it, the newest first: assigned, tagged, resolved, called, and so on.
#[utoipa::path(operation_id = "listConversationEvents", tag = "Agents",
    params(("id" = ConversationId, Path), PageQuery),
    responses((status = 200, description = "A page of events.", body = Page<AuditEntry>,
        example = json!(example_page::<AuditEntry>()))),
    security(("session" = [])))]
#[get("/conversations/{id}/events")]
pub(super) async fn list_events(
    me: Member,
    Id(id): Id<ConversationId>,
    Query(query): Query<PageQuery>,
    app: Data<App>,
) -> Result<Reply<Page<AuditEntry>>, Problem> {
    Desk { app: &app, me: &me, id }.opened().await?;
    let filter = AuditFilter { stream: Some(Stream::Conversation(id)), ..AuditFilter::default() };
    Ok(Reply::ok(audit::page(&app, me.tenant(), &filter, query.cursor, query.limit).await?))
}

/// List your colleagues.
///
/// Everybody who is on it now, whether available or not.
#[utoipa::path(operation_id = "listColleagues", tag = "Agents",
    responses((status = 200, description = "The team, on one page.", body = Page<Colleague>,
        example = json!(example_page::<Colleague>()))),
    security(("session" = [])))]
#[get("/agents")]
pub(super) async fn list_colleagues(me: Member, app: Data<App>) -> Result<Reply<Page<Colleague>>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let all = agents::list(&db, me.tenant()).await?;
    let active = all.into_iter().filter(|agent| agent.status == AgentStatus::Active);
    Ok(Reply::ok(Page { data: active.map(Colleague::from).collect(), next_cursor: None }))
}
