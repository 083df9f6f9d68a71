//! The customer whose session it is: what is known of it, the business it talks to, its conversation.

use openchat_domain::{
    BusinessId, CommandId, ConversationId,
    conversation::{Channel, ConversationCommand, CustomerRef},
};
use openchat_projections::{
    Db,
    feed::{OwnConversation, OwnProfile, PublicBusiness, load},
    settings::{self, BusinessView},
};

use crate::{
    accounts::CustomerEntry,
    app::App,
    http::{Customer, Problem, by_customer::ended, talk},
    store::StoreError,
};

/// The conversation that goes on.
pub(super) struct Begun {
    pub(super) conversation: ConversationId,
    /// Whether the views don't know of it yet.
    pub(super) just_now: bool,
}

/// What is known of the session's customer. The session of a visitor who was merged into somebody is over.
pub(super) async fn known(app: &App, me: &Customer) -> Result<CustomerRef, Problem> {
    talk::customer(app, me.tenant(), me.id()).await?.ok_or_else(ended)
}

/// What a customer may see of itself: metadata are the business's own.
pub(super) fn own_profile(customer: CustomerRef) -> OwnProfile {
    let CustomerRef { id, external_user_id: _, name, email, phone, metadata: _ } = customer;
    OwnProfile { id, name, email, phone }
}

/// What a customer may see of the business.
pub(super) async fn business(app: &App, tenant: BusinessId) -> Result<PublicBusiness, Problem> {
    let db = app.pools.tenant(tenant).await?;
    let business = seen(&db, tenant).await?;
    Ok(PublicBusiness::new(business.business.name, business.settings))
}

/// The business, once the read models have it.
pub(super) async fn seen(db: &impl Db, tenant: BusinessId) -> Result<BusinessView, Problem> {
    settings::get(db, tenant).await?.ok_or_else(|| {
        Problem::unavailable("view_behind", "The business has only just begun; try again in a moment.")
    })
}

/// The conversation that the customer's pages show.
pub(super) async fn shown(app: &App, me: &Customer) -> Result<Option<OwnConversation>, StoreError> {
    let mut db = app.pools.tenant(me.tenant()).await?;
    let tx = db.begin_snapshot().await?;
    let snapshot = load::customer(&tx, me.tenant(), me.id()).await?;
    Ok(snapshot.and_then(|snapshot| snapshot.conversation))
}

/// The id of the conversation that the customer's pages show.
pub(super) async fn current(app: &App, me: &Customer) -> Result<Option<ConversationId>, StoreError> {
    let db = app.pools.tenant(me.tenant()).await?;
    Ok(load::scope(&db, me.tenant(), me.id()).await?.current())
}

/// The same, where there must be one.
pub(super) async fn existing(app: &App, me: &Customer) -> Result<ConversationId, Problem> {
    current(app, me).await?.ok_or_else(|| {
        Problem::not_found("no_conversation", "There is no conversation yet; it begins with a message.")
    })
}

/// The same, begun if there is none.
///
/// A customer's first conversation is begun under one name, whoever begins it: of two tabs that both find none, one
/// begins it and both are told the same.
pub(super) async fn begun(app: &App, me: &Customer) -> Result<Begun, Problem> {
    if let Some(current) = current(app, me).await? {
        return Ok(Begun { conversation: current, just_now: false });
    }
    let name = CommandId::derive(me.tenant(), &[&me.id().to_string(), "first conversation"]);
    let channel = match me.0.entry {
        CustomerEntry::Widget(_) => Channel::Widget,
        CustomerEntry::Handoff => Channel::Handoff,
    };
    let open = |customer| ConversationCommand::Open { customer, channel, subject: None, message: None };
    let whose = (ConversationId::from_uuid(app.clock.uuid()), me.id());
    let done = talk::execute_knowing(app, &me.context().once(name), whose, open, ended).await?;
    let opened = done.events.iter().find_map(|event| talk::conversation(event));
    Ok(Begun { conversation: opened.ok_or_else(talk::taken)?, just_now: true })
}
