//! Conversations that a backend begins and carries on for its customers, for panels of their own.

use std::sync::Arc;

use actix_web::{get, post, web::Data};
use chrono::{DateTime, Utc};
use openchat_domain::{
    BusinessId, ConversationId, DomainEvent, Position, Recorded, Subject, Tag,
    conversation::{
        AgentRef, Author, Channel, Conversation, ConversationCommand, ConversationEvent, ConversationRefusal,
        CustomerRef, Priority,
    },
};
use openchat_projections::{
    Page,
    inbox::{self, ConversationView, Status},
    transcript::Message,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::customers::{self, NamedCustomer};
use crate::{
    app::App,
    http::{
        ApiKey, Blankable, Body, Id, Problem, Query, Read, Reply, Write,
        input::input,
        refused,
        reply::settle,
        talk::{self, MessagesQuery, SaidByCustomer},
    },
    store::StoreError,
};

input! {
    /// A conversation to begin.
    #[schema(example = json!({
        "customer": {"externalUserId": "cus_123", "name": "Jane Customer", "email": "jane@example.com"},
        "message": {"type": "text", "text": "I need help with my order."},
        "subject": "Order 4711"
    }))]
    open struct NewSupportConversation {
        /// Whose.
        customer: NamedCustomer,
        /// What the customer says first.
        message: SaidByCustomer,
        /// What it is about.
        #[schema(schema_with = Blankable::<Subject>::schema, required = false)]
        subject: Blankable<Subject>,
    }
}

input! {
    /// Something that the customer says.
    #[schema(example = json!({"message": {"type": "text", "text": "Any news?"}}))]
    open struct NewSupportMessage {
        /// What.
        message: SaidByCustomer,
    }
}

/// A conversation as a backend sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SupportConversation {
    /// Its id.
    id: ConversationId,
    /// Where it stands.
    status: Status,
    /// How it came in.
    channel: Channel,
    /// What it is about.
    subject: Option<Subject>,
    /// Whose it is, as known now.
    customer: CustomerRef,
    /// The agent who has it.
    assignee: Option<AgentRef>,
    /// Its place in the queue, counted from 1 up to 1,000, which stands for all places beyond too; `null` when it
    /// doesn't wait.
    #[schema(minimum = 1, maximum = 1000)]
    queue_position: Option<u32>,
    /// Its labels, sorted.
    tags: Vec<Tag>,
    /// How urgent it is.
    priority: Priority,
    /// The latest messages, the oldest of them first.
    messages: Vec<Message>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When something last happened to it.
    updated_at: DateTime<Utc>,
    /// The latest position in the business's event log that this tells of.
    position: Position,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "success": true,
    "conversation": {
        "id": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
        "status": "open",
        "channel": "api",
        "subject": "Order 4711",
        "customer": {
            "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718",
            "externalUserId": "cus_123",
            "name": "Jane Customer",
            "email": "jane@example.com",
            "phone": null,
            "metadata": {}
        },
        "assignee": null,
        "queuePosition": 1,
        "tags": [],
        "priority": "normal",
        "messages": [{
            "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
            "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
            "author": {
                "kind": "customer",
                "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718",
                "name": "Jane Customer"
            },
            "type": "text",
            "text": "I need help with my order.",
            "createdAt": "2026-03-01T09:30:00Z",
            "position": 42
        }],
        "createdAt": "2026-03-01T09:30:00Z",
        "updatedAt": "2026-03-01T09:30:00Z",
        "position": 42
    }
}))]
struct SupportConversationAnswer {
    /// Always `true`.
    success: bool,
    /// The conversation.
    conversation: SupportConversation,
}

/// A message that was posted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "success": true,
    "message": {
        "id": "msg_019aafc33b7c7d80a1b2c3d4e5f60718",
        "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
        "author": {
            "kind": "customer",
            "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718",
            "name": "Jane Customer"
        },
        "type": "text",
        "text": "Any news?",
        "createdAt": "2026-03-01T09:40:00Z",
        "position": 57
    }
}))]
struct SupportMessageAnswer {
    /// Always `true`.
    success: bool,
    /// The message.
    message: Message,
}

/// Begin a conversation with the customer's first message.
///
/// Registers the customer or records what has changed. The conversation goes to the team's inbox like any other.
#[utoipa::path(operation_id = "openConversation", tag = "Integrators", request_body = NewSupportConversation,
    responses(
        (status = 201, description = "The conversation, with the message in it.", body = SupportConversationAnswer),
        (status = 422, description = "too_much_metadata: A customer can have at most 50 metadata keys.")),
    security(("apiKey" = [])))]
#[post("/conversations")]
pub(super) async fn open_conversation(
    key: ApiKey<Write>,
    Body(new): Body<NewSupportConversation>,
    app: Data<App>,
) -> Result<Reply<SupportConversationAnswer>, Problem> {
    let context = key.context().step("customer");
    let (customer, _) = customers::upsert(&app, &context, new.customer).await?;
    let message = talk::new_message(&app, new.message.into(), None);
    let open = |customer| ConversationCommand::Open {
        customer,
        channel: Channel::Api,
        subject: new.subject.0.clone(),
        message: Some(message.clone()),
    };
    let (context, whose) =
        (key.context_of(customer.id), (ConversationId::from_uuid(app.clock.uuid()), customer.id));
    let done = talk::execute_knowing(&app, &context, whose, open, customers::unknown).await?;
    settle(&app, key.tenant(), done.position).await;
    let conversation = shown(&app, key.tenant(), &done.events).await?;
    Ok(Reply::created(SupportConversationAnswer { success: true, conversation }).at(done.position))
}

/// Get a conversation with its latest messages.
#[utoipa::path(operation_id = "getSupportConversation", tag = "Integrators",
    params(("id" = ConversationId, Path, description = "The conversation's id.")),
    responses((status = 200, description = "The conversation.", body = SupportConversationAnswer)),
    security(("apiKey" = [])))]
#[get("/conversations/{id}")]
pub(super) async fn get_conversation(
    key: ApiKey<Read>,
    Id(id): Id<ConversationId>,
    app: Data<App>,
) -> Result<Reply<SupportConversationAnswer>, Problem> {
    let found = load(&app, key.tenant(), id).await?;
    let conversation = found.ok_or_else(|| refused(&ConversationRefusal::NotFound))?;
    Ok(Reply::ok(SupportConversationAnswer { success: true, conversation }))
}

/// List a conversation's messages.
///
/// A page holds the latest messages, the oldest of them first; `nextCursor` leads to earlier ones. The team's notes
/// are not among them.
#[utoipa::path(operation_id = "listSupportMessages", tag = "Integrators",
    params(("id" = ConversationId, Path, description = "The conversation's id."), MessagesQuery),
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
    security(("apiKey" = [])))]
#[get("/conversations/{id}/messages")]
pub(super) async fn list_messages(
    key: ApiKey<Read>,
    Id(id): Id<ConversationId>,
    Query(wanted): Query<MessagesQuery>,
    app: Data<App>,
) -> Result<Reply<Page<Message>>, Problem> {
    let db = app.pools.tenant(key.tenant()).await?;
    if inbox::get(&db, key.tenant(), id).await?.is_none() {
        return Err(refused(&ConversationRefusal::NotFound));
    }
    Ok(Reply::ok(talk::messages(&db, key.tenant(), id, &wanted).await?))
}

/// Post a message from the conversation's customer.
///
/// A conversation that was resolved or snoozed is open again with it.
#[utoipa::path(operation_id = "postSupportMessage", tag = "Integrators", request_body = NewSupportMessage,
    params(("id" = ConversationId, Path, description = "The conversation's id.")),
    responses((status = 201, description = "The message.", body = SupportMessageAnswer)),
    security(("apiKey" = [])))]
#[post("/conversations/{id}/messages")]
pub(super) async fn post_message(
    key: ApiKey<Write>,
    Id(id): Id<ConversationId>,
    Body(new): Body<NewSupportMessage>,
    app: Data<App>,
) -> Result<Reply<SupportMessageAnswer>, Problem> {
    let Conversation::Opened(it) = app.aggregates.recent::<Conversation>(key.tenant(), id).await? else {
        return Err(refused(&ConversationRefusal::NotFound));
    };
    let known = talk::customer(&app, key.tenant(), it.customer).await?;
    let author = Author::Customer { id: it.customer, name: known.and_then(|customer| customer.name) };
    let message = talk::new_message(&app, new.message.into(), None);
    let command = ConversationCommand::PostMessage { author, message };
    let done = app.aggregates.execute::<Conversation>(&key.context_of(it.customer), id, &command).await?;
    Ok(Reply::created(SupportMessageAnswer { success: true, message: talk::posted(&done)? })
        .at(done.position))
}

/// A conversation that has begun: as the views have it or, when they are late, as its events tell, because what is
/// recorded has succeeded whatever the views do.
async fn shown(
    app: &App,
    tenant: BusinessId,
    events: &[Arc<Recorded>],
) -> Result<SupportConversation, Problem> {
    let begun = SupportConversation::begun(events).ok_or_else(talk::taken)?;
    match load(app, tenant, begun.id).await {
        Ok(viewed) => Ok(viewed.unwrap_or(begun)),
        Err(error) => {
            tracing::warn!(error = %crate::store::chain(&error), "a new conversation was answered from its events");
            Ok(begun)
        }
    }
}

async fn load(
    app: &App,
    tenant: BusinessId,
    id: ConversationId,
) -> Result<Option<SupportConversation>, StoreError> {
    let mut db = app.pools.tenant(tenant).await?;
    let tx = db.begin_snapshot().await?;
    let Some(view) = inbox::get(&tx, tenant, id).await? else { return Ok(None) };
    let messages = talk::messages(&tx, tenant, id, &MessagesQuery { before: None, limit: None }).await?.data;
    Ok(Some(SupportConversation::viewed(view, messages)))
}

impl SupportConversation {
    fn viewed(view: ConversationView, messages: Vec<Message>) -> Self {
        Self {
            id: view.id,
            status: view.status,
            channel: view.channel,
            subject: view.subject,
            customer: view.customer,
            assignee: view.assignee,
            queue_position: view.queue_position,
            tags: view.tags,
            priority: view.priority,
            messages,
            created_at: view.created_at,
            updated_at: view.updated_at,
            position: view.position,
        }
    }

    /// The conversation that these events began, as it was after them.
    fn begun(events: &[Arc<Recorded>]) -> Option<Self> {
        let (first, last) = (events.first()?, events.last()?);
        let DomainEvent::Conversation(id, ConversationEvent::Opened { customer, channel, subject }) =
            &first.event
        else {
            return None;
        };
        Some(Self {
            id: *id,
            status: Status::Open,
            channel: *channel,
            subject: subject.clone(),
            customer: customer.clone(),
            assignee: None,
            queue_position: None,
            tags: vec![],
            priority: Priority::default(),
            messages: events.iter().filter_map(|event| talk::message(event)).collect(),
            created_at: first.at,
            updated_at: last.at,
            position: last.position,
        })
    }
}
