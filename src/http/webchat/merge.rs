//! An anonymous visitor turns out to be a known customer, who takes over its conversations.

use openchat_domain::{
    CommandId, ConversationId, CustomerId,
    conversation::ConversationCommand,
    customer::{self, CustomerCommand, CustomerRefusal},
};
use openchat_projections::feed::load;

use crate::{
    accounts::HandoffRefusal,
    app::App,
    http::{Customer, Problem, reply::wait, talk},
    store::{Context, ExecuteError},
};

/// Merges a visitor into a known customer.
///
/// Each step has a name that derives from the two, so that a merge that was cut short goes on where it stopped when
/// it is asked for again.
pub(super) async fn merge(app: &App, visitor: &Customer, known: CustomerId) -> Result<(), Problem> {
    let tenant = visitor.tenant();
    let (from, into) = (visitor.id().to_string(), known.to_string());
    let step = |name: &str| -> Context {
        visitor.context().once(CommandId::derive(tenant, &[&from, &into, "merge", name]))
    };
    let command = CustomerCommand::Merge { visitor: visitor.id(), into: known };
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
        let change = |customer| ConversationCommand::ChangeCustomer { customer };
        let context = step(&conversation.to_string());
        talk::execute_knowing(app, &context, (conversation, known), change, || {
            HandoffRefusal::Unknown.into()
        })
        .await?;
    }
    Ok(())
}

async fn conversations(app: &App, visitor: &Customer) -> Result<Vec<ConversationId>, Problem> {
    let db = app.pools.tenant(visitor.tenant()).await?;
    Ok(load::scope(&db, visitor.tenant(), visitor.id()).await?.conversations().collect())
}
