//! Handing back: an agent who has left, or went offline while a customer waits for its answer, keeps nobody waiting.

use openchat_domain::{
    BusinessId, CommandId,
    conversation::{Conversation, ConversationCommand},
};
use openchat_projections::routing_queue;

use super::moved_on;
use crate::{
    app::App,
    store::{Context, Fence, StoreError},
};

/// Puts back into the queue what its agent will not answer. Answers whether no agent who is gone has anything, be it
/// answered for now.
///
/// # Errors
/// When the store fails.
pub(super) async fn serve(app: &App, tenant: BusinessId, fence: Fence) -> Result<bool, StoreError> {
    let db = app.pools.tenant(tenant).await?;
    let left_behind = routing_queue::is_any_left_behind(&db, tenant);
    let (stranded, left_behind) = tokio::try_join!(routing_queue::stranded(&db, tenant), left_behind)?;
    drop(db);
    for it in stranded {
        // The same absence takes the same assignment back once.
        let name = CommandId::derive(
            tenant,
            &["release", &it.conversation.to_string(), &it.assigned_at.to_string(), &it.cause.to_string()],
        );
        let mut context = Context::system(tenant, "routing").once(name).under(fence);
        context.cause = Some((it.cause, name));
        let command = ConversationCommand::Unassign { from: it.agent, reason: it.reason };
        moved_on(app.aggregates.execute::<Conversation>(&context, it.conversation, &command).await)?;
    }
    Ok(!left_behind)
}
