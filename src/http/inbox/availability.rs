//! The agent itself: who it is, and whether it takes new conversations.

use actix_web::{get, put, web::Data};
use openchat_domain::agent::{Agent, AgentCommand, AgentRefusal};
use openchat_projections::agents::{self, AgentView};

use super::{answers::MyselfAnswer, input::NewAvailability};
use crate::{
    app::App,
    http::{Body, Member, Problem, ProblemBody, Reply, refused, reply::settle},
    store::{StoreError, chain},
};

/// Get yourself.
///
/// The signed-in person as a member of the team.
#[utoipa::path(operation_id = "getMyself", tag = "Agents",
    responses((status = 200, description = "You.", body = MyselfAnswer),
        (status = 404, description = "You have just left the team.
            agent_not_found: There is no such agent.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[get("/me")]
pub(super) async fn get_myself(me: Member, app: Data<App>) -> Result<Reply<MyselfAnswer>, Problem> {
    let agent = read(&app, &me).await?.ok_or_else(|| refused(&AgentRefusal::NotFound))?;
    Ok(Reply::ok(MyselfAnswer::new(Some(agent))))
}

/// Choose your availability.
///
/// Only who is online is given new conversations.
#[utoipa::path(operation_id = "setAvailability", tag = "Agents", request_body = NewAvailability,
    responses((status = 200, description = "You, as you are now.", body = MyselfAnswer),
        (status = 409, description = "You have just left the team.
            agent_deactivated: This agent is no longer on the team.", body = ProblemBody<'static>)),
    security(("session" = [])))]
#[put("/me/availability")]
pub(super) async fn set_availability(
    me: Member,
    Body(NewAvailability { availability }): Body<NewAvailability>,
    app: Data<App>,
) -> Result<Reply<MyselfAnswer>, Problem> {
    let command = AgentCommand::SetAvailability { availability };
    let done = app.aggregates.execute::<Agent>(&me.context(), me.agent(), &command).await?;
    let seen = settle(&app, me.tenant(), done.position).await;
    let agent = if seen { read(&app, &me).await.unwrap_or_else(|error| unread(&error)) } else { None };
    Ok(Reply::ok(MyselfAnswer::new(agent)).at(done.position))
}

async fn read(app: &App, me: &Member) -> Result<Option<AgentView>, StoreError> {
    let db = app.pools.tenant(me.tenant()).await?;
    Ok(agents::get(&db, me.tenant(), me.agent()).await?)
}

/// A change is done, whether or not it can be read back.
fn unread(error: &StoreError) -> Option<AgentView> {
    tracing::warn!(error = %chain(error), "an agent could not be read back");
    None
}
