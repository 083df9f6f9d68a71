//! Working: whose a conversation is, where it stands, how it is labelled.

use actix_web::{post, web::Data};
use openchat_domain::{
    AgentId, BusinessId, ConversationId,
    agent::{Agent, AgentRefusal},
    conversation::{AgentRef, ConversationCommand, ConversationRefusal, UnassignmentReason},
};

use super::{
    answers::ConversationAfter,
    desk::Desk,
    input::{Assignment, NewPriority, Snooze, Tags},
};
use crate::{
    app::App,
    http::{Body, Faults, Id, Member, Patch, Problem, ProblemBody, Reply, refused, reply::head},
    store::{Condition, Executed, Facts},
};

type After = Result<Reply<ConversationAfter>, Problem>;

/// Give a conversation to an agent, or put it back.
///
/// To take a conversation for yourself, name yourself. If two agents do so at once, one gets it and the other is
/// told who has it.
#[utoipa::path(operation_id = "assignConversation", tag = "Agents", request_body = Assignment,
    params(("id" = ConversationId, Path)),
    responses((status = 200, description = "The conversation as it is now.", body = ConversationAfter),
        (status = 404, description = "There is no such conversation, or no such agent.
            conversation_not_found: There is no such conversation.
            agent_not_found: There is no such agent.", body = ProblemBody<'static>),
        (status = 409, description = "Somebody else has it, it is resolved, or the agent can't have it. `current` is \
            the conversation as it is now.
            already_assigned: This conversation is already assigned to another agent.
            assignee_changed: This conversation's assignee has changed.
            conversation_resolved: This conversation is resolved; reopen it first.
            agent_not_joined: This agent has not accepted the invitation yet.
            agent_deactivated: This agent is no longer on the team.
            facts_changed: What this was based on has just changed; look again.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/conversations/{id}/assign")]
pub(super) async fn assign(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(Assignment { agent_id, from }): Body<Assignment>,
    app: Data<App>,
) -> After {
    let desk = Desk { app: &app, me: &me, id };
    let done = match agent_id {
        Patch::Set(to) => give(&desk, to, from).await?,
        Patch::Clear => put_back(&desk, from).await?,
        Patch::Keep => return Err(Faults::at("agentId", "is required").into()),
    };
    Ok(desk.after(&done).await)
}

async fn give(desk: &Desk<'_>, to: AgentId, from: Option<AgentId>) -> Result<Executed, Problem> {
    desk.exists().await?;
    let mut context = desk.me.context();
    // Whoever leaves the team at this very moment gives its conversations back, and must not get another one after.
    let after = head(desk.app, desk.tenant()).await?;
    context.condition = Some(Condition { after, facts: Facts::Types("AgentDeactivated") });
    let to = match colleague(desk.app, desk.tenant(), to).await {
        Ok(to) => to,
        Err(problem) => return Err(desk.told(problem).await),
    };
    desk.execute(&context, &ConversationCommand::Assign { to, by: desk.me.agent(), from }).await
}

/// An agent who can be given conversations: one who has joined the team and not left it.
pub(super) async fn colleague(app: &App, tenant: BusinessId, id: AgentId) -> Result<AgentRef, Problem> {
    match app.aggregates.state(tenant, id).await? {
        Agent::Joined { member, .. } => Ok(AgentRef { id, name: member.name }),
        Agent::Invited { .. } => Err(refused(&AgentRefusal::NotJoined)),
        Agent::Deactivated => Err(refused(&AgentRefusal::Deactivated)),
        Agent::Unknown => Err(refused(&AgentRefusal::NotFound)),
    }
}

async fn put_back(desk: &Desk<'_>, from: Option<AgentId>) -> Result<Executed, Problem> {
    let assignee = desk.opened().await?.assignee();
    let by = desk.me.agent();
    let from = from.or(assignee).unwrap_or(by);
    let reason = UnassignmentReason::Released { by };
    let done = desk.execute(&desk.me.context(), &ConversationCommand::Unassign { from, reason }).await?;
    if done.events.is_empty()
        && let Some(assignee) = desk.opened().await?.assignee()
    {
        let refusal = ConversationRefusal::AssigneeChanged { assignee: Some(assignee) };
        return Err(desk.told(refused(&refusal)).await);
    }
    Ok(done)
}

/// Resolve a conversation.
///
/// The matter is settled, the conversation nobody's, a call that is going on ends. A message of the customer opens
/// it again.
#[utoipa::path(operation_id = "resolveConversation", tag = "Agents", params(("id" = ConversationId, Path)),
    responses((status = 200, description = "The conversation as it is now.", body = ConversationAfter)),
    security(("session" = [])))]
#[post("/conversations/{id}/resolve")]
pub(super) async fn resolve(me: Member, Id(id): Id<ConversationId>, app: Data<App>) -> After {
    let command = ConversationCommand::Resolve { by: me.agent_ref(), now: app.clock.now() };
    Desk { app: &app, me: &me, id }.change(&command).await
}

/// Open a conversation again.
///
/// One that is resolved or snoozed; it is yours then.
#[utoipa::path(operation_id = "reopenConversation", tag = "Agents", params(("id" = ConversationId, Path)),
    responses((status = 200, description = "The conversation as it is now.", body = ConversationAfter),
        (status = 409, description = "It is open. `current` is the conversation as it is now.
            conversation_not_resolved: This conversation is already open.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/conversations/{id}/reopen")]
pub(super) async fn reopen(me: Member, Id(id): Id<ConversationId>, app: Data<App>) -> After {
    let command = ConversationCommand::Reopen { by: me.agent_ref() };
    Desk { app: &app, me: &me, id }.change(&command).await
}

/// Let a conversation rest.
///
/// It leaves the queue, and keeps its agent, until a time or until the customer writes.
#[utoipa::path(operation_id = "snoozeConversation", tag = "Agents", request_body = Snooze,
    params(("id" = ConversationId, Path)),
    responses((status = 200, description = "The conversation as it is now.", body = ConversationAfter),
        (status = 409, description = "It is resolved. `current` is the conversation as it is now.
            conversation_resolved: This conversation is resolved; reopen it first.", body = ProblemBody<'static>),
        (status = 422, description = "The time can't be accepted.
            snooze_out_of_range: A snooze must end in the future, within a year.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/conversations/{id}/snooze")]
pub(super) async fn snooze(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(Snooze { until }): Body<Snooze>,
    app: Data<App>,
) -> After {
    let command = ConversationCommand::Snooze { until, by: me.agent_ref(), now: app.clock.now() };
    Desk { app: &app, me: &me, id }.change(&command).await
}

/// Label a conversation.
#[utoipa::path(operation_id = "tagConversation", tag = "Agents", request_body = Tags,
    params(("id" = ConversationId, Path)),
    responses((status = 200, description = "The conversation as it is now.", body = ConversationAfter),
        (status = 422, description = "These tags can't be accepted.
            too_many_tags: A conversation can have at most 20 tags.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[post("/conversations/{id}/tags")]
pub(super) async fn tag(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(Tags { tags }): Body<Tags>,
    app: Data<App>,
) -> After {
    let command = ConversationCommand::SetTags { tags, by: me.agent_ref() };
    Desk { app: &app, me: &me, id }.change(&command).await
}

/// Say how urgent a conversation is.
#[utoipa::path(operation_id = "prioritizeConversation", tag = "Agents", request_body = NewPriority,
    params(("id" = ConversationId, Path)),
    responses((status = 200, description = "The conversation as it is now.", body = ConversationAfter)),
    security(("session" = [])))]
#[post("/conversations/{id}/priority")]
pub(super) async fn prioritize(
    me: Member,
    Id(id): Id<ConversationId>,
    Body(NewPriority { priority }): Body<NewPriority>,
    app: Data<App>,
) -> After {
    let command = ConversationCommand::SetPriority { priority, by: me.agent_ref() };
    Desk { app: &app, me: &me, id }.change(&command).await
}
