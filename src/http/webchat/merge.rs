//! An anonymous visitor turns out to be a known customer, who takes over its conversations.

use openchat_domain::{
    CommandId, ConversationId,
    conversation::{Conversation, ConversationCommand, CustomerRef},
    customer::{self, CustomerCommand, CustomerRefusal},
};
use openchat_projections::feed::load;

use crate::{
    app::App,
    http::{Customer, Problem, reply::wait},
    store::{Context, ExecuteError},
};

/// Merges a visitor into a known customer.
///
/// Each step has a name that derives from the two, so that a merge that was cut short goes on where it stopped when
/// it is asked for again.
pub(super) async fn merge(app: &App, visitor: &Customer, known: &CustomerRef) -> Result<(), Problem> {
    let tenant = visitor.tenant();
    let (from, into) = (visitor.id().to_string(), known.id.to_string());
    let step = |name: &str| -> Context {
        visitor.context().once(CommandId::derive(tenant, &[&from, &into, "merge", name]))
    };
    let command = CustomerCommand::Merge { visitor: visitor.id(), into: known.id };
    let merged =
        app.aggregates.execute::<customer::Customer>(&step("customer"), visitor.id(), &command).await;
    let merged = match merged {
        Ok(merged) => merged,
        // It is somebody else already, and stays that.
        Err(ExecuteError::Refused(CustomerRefusal::Merged { .. })) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // From here on the visitor begins nothing any more; what it has begun, the views must have seen.
    wait(app, tenant, merged.position).await?;
    for conversation in conversations(app, visitor).await? {
        let command = ConversationCommand::ChangeCustomer { customer: known.clone() };
        let context = step(&conversation.to_string());
        app.aggregates.execute::<Conversation>(&context, conversation, &command).await?;
    }
    Ok(())
}

async fn conversations(app: &App, visitor: &Customer) -> Result<Vec<ConversationId>, Problem> {
    let db = app.pools.tenant(visitor.tenant()).await?;
    Ok(load::scope(&db, visitor.tenant(), visitor.id()).await?.conversations().collect())
}
