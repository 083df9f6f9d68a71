//! Routing: the longest-waiting conversation to the available agent with the fewest open conversations.
//!
//! The rule is a pure function of a picture of the queue and the team as of one position. Each assignment is
//! recorded only while nothing has happened since that would have changed the picture, so capacity holds even
//! against an agent who helps itself at the same moment.

use std::time::Duration;

use openchat_domain::{
    BusinessId, CommandId,
    conversation::{Conversation, ConversationCommand},
};
use openchat_projections::{routing_queue, settings};

use super::moved_on;
use crate::{
    app::App,
    projector,
    store::{Condition, Context, Facts, Fence, StoreError},
};

/// The events that change who can take what.
const TYPES: &str = "ConversationOpened,ConversationAssigned,ConversationUnassigned,ConversationResolved,\
                     ConversationReopened,ConversationSnoozed,AgentAvailabilityChanged,AgentCapacityChanged,\
                     AgentDeactivated";
/// How long to wait for the read models to see what was just done.
const PATIENCE: Duration = Duration::from_secs(2);

/// Gives out waiting conversations until none waits or nobody has room.
///
/// # Errors
/// When the store fails.
pub(super) async fn serve(app: &App, tenant: BusinessId, fence: Fence) -> Result<(), StoreError> {
    loop {
        let mut db = app.pools.tenant(tenant).await?;
        let tx = db.begin_snapshot().await?;
        let wanted = settings::get(&tx, tenant).await?.is_some_and(|it| it.settings.preferences.auto_assign);
        let seen = projector::viewed(&tx, tenant).await?;
        let choices = if wanted {
            routing_queue::choose(&routing_queue::picture(&tx, tenant, app.clock.now()).await?)
        } else {
            vec![]
        };
        drop(tx);
        drop(db);
        if choices.is_empty() {
            return Ok(());
        }
        let mut after = seen;
        let mut stale = false;
        for choice in choices {
            // The same wait is given away once, whatever crashes in between.
            let name = CommandId::derive(
                tenant,
                &["route", &choice.conversation.to_string(), &choice.waiting_since.to_string()],
            );
            let mut context = Context::system(tenant, "routing").once(name).under(fence);
            context.cause = Some((choice.waiting_since, name));
            context.condition = Some(Condition { after, facts: Facts::Types(TYPES) });
            let command = ConversationCommand::Route { to: choice.to, reason: choice.reason };
            let result =
                app.aggregates.execute::<Conversation>(&context, choice.conversation, &command).await;
            if let Ok(executed) = &result {
                // What lies between is known not to matter, and the picture has taken this choice into account.
                after = after.max(executed.position);
            }
            if moved_on(result)? {
                stale = true;
                break;
            }
        }
        let next = if stale { after + 1 } else { after };
        // In time or not: the next look is at what the read models have then.
        let _ = app.views.wait(tenant, next, if stale { Duration::from_millis(50) } else { PATIENCE }).await;
    }
}
