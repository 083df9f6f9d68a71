//! The business's team: who is on it, invited, changed, taken off.

use actix_web::{delete, get, patch, post, web::Data};
use openchat_domain::{
    AgentId, BusinessId, Email, Name, Tag,
    agent::{Agent, AgentCommand, AgentRefusal, Availability, Role},
};
use openchat_projections::{
    Page,
    agents::{self, AgentStatus, AgentView},
    settings,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Body, Count, Id, Manager, Member, Problem, Reply,
    input::{choice_inputs, input},
    refused,
    reply::settle,
};
use crate::{app::App, store::Executed};

input! {
    /// Whom to invite.
    #[schema(example = json!({"email": "sam@acme.com", "name": "Sam Agent", "role": "agent"}))]
    closed struct Invite {
        /// The address that the invitation is for.
        email: Email,
        /// The name to begin with.
        name: Name,
        /// What the person will be.
        role: GrantableRole,
    }
}

input! {
    /// Changes to an agent: what is left out stays.
    #[schema(example = json!({"role": "admin", "capacity": 8, "skills": ["billing", "german"]}))]
    closed struct ChangeAgent {
        /// What it may do.
        role: Option<GrantableRole>,
        /// The name that customers see.
        name: Option<Name>,
        /// How many open conversations it may have at once.
        #[schema(value_type = Option<u32>, minimum = 0, maximum = 1000)]
        capacity: Option<Count<0, 1000>>,
        /// All that it is good at.
        #[schema(max_items = 20)]
        skills: Option<Vec<Tag>>,
        /// Whether it takes new conversations.
        availability: Option<Availability>,
    }
}

/// A role that somebody can be given: a team has one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum GrantableRole {
    /// Answers customers.
    Agent,
    /// Also runs the business's settings, keys and team.
    Admin,
}

choice_inputs! { GrantableRole => "must be agent or admin" }

/// Somebody who was invited.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "agent": {
        "id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "userId": null, "email": "sam@acme.com",
        "name": "Sam Agent", "role": "agent", "status": "invited", "availability": "offline",
        "availabilityReason": null, "capacity": 5, "skills": [], "invitedAt": "2026-03-01T09:00:00Z",
        "joinedAt": null, "position": 12
    },
    "inviteUrl": "https://oc.example.com/invite/4KQv2cN0f8sX1bW7mZ3rT6yH9jL5pD0aG2eU8iO4kQv"
}))]
struct InviteAnswer {
    /// The agent that the person will be.
    agent: AgentView,
    /// The link to send to the person; it works for seven days.
    #[schema(format = "uri")]
    invite_url: String,
}

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "agent": {
        "id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "userId": "usr_019aafc33b7c7d80a1b2c3d4e5f60718",
        "email": "sam@acme.com", "name": "Sam Agent", "role": "admin", "status": "active",
        "availability": "online", "availabilityReason": "chosen", "capacity": 8, "skills": ["billing"],
        "invitedAt": "2026-03-01T09:00:00Z", "joinedAt": "2026-03-01T09:30:00Z", "position": 17
    }
}))]
struct AgentAnswer {
    /// The agent, as it is now.
    agent: AgentView,
}

/// List the team.
///
/// Everybody who is, was or is asked to be on it, the earliest first.
#[utoipa::path(operation_id = "listTeam", tag = "Business", security(("session" = [])), responses(
    (status = 200, description = "All agents, on one page.", body = Page<AgentView>),
))]
#[get("/agents")]
pub(super) async fn list_team(
    Manager(me): Manager,
    app: Data<App>,
) -> Result<Reply<Page<AgentView>>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let data = agents::list(&db, me.tenant()).await?;
    Ok(Reply::ok(Page { data, next_cursor: None }))
}

/// Invite somebody to the team.
///
/// To invite the same address again makes a new link; the old one stops working.
#[utoipa::path(operation_id = "inviteAgent", tag = "Business", request_body = Invite,
    security(("session" = [])),
    responses(
        (status = 201, description = "The agent to come, and the link for the person.", body = InviteAnswer),
        (status = 409, description = "already_on_team: Somebody with this e-mail address is already on the team."),
    ))]
#[post("/agents")]
pub(super) async fn invite_agent(
    Manager(me): Manager,
    Body(new): Body<Invite>,
    app: Data<App>,
) -> Result<Reply<InviteAnswer>, Problem> {
    let known = known_by(&app, me.tenant(), &new.email).await?;
    let (id, position) = match known {
        Some(agent) if agent.status == AgentStatus::Active => {
            return Err(Problem::conflict(
                "already_on_team",
                "Somebody with this e-mail address is already on the team.",
            ));
        }
        Some(agent) => (agent.id, agent.position),
        None => invite(&app, &me, &new).await?,
    };
    let token = app.accounts.invite(me.tenant(), id, &new.email).await?;
    let invite_url = format!("{}/invite/{}", app.public_url, token.reveal());
    let agent = view(&app, me.tenant(), id).await?;
    Ok(Reply::created(InviteAnswer { agent, invite_url }).at(position))
}

async fn invite(app: &App, me: &Member, new: &Invite) -> Result<(AgentId, i64), Problem> {
    let business = settings::get(&app.pools.tenant(me.tenant()).await?, me.tenant()).await?;
    let capacity = business.map(|it| it.settings).unwrap_or_default().preferences.default_capacity;
    let id = AgentId::from_uuid(app.clock.uuid());
    let (email, name, role) = (new.email.clone(), new.name.clone(), new.role.into());
    let command = AgentCommand::Invite { email, name, role, capacity, by: me.agent() };
    let done = app.aggregates.execute::<Agent>(&me.context(), id, &command).await?;
    settle(app, me.tenant(), done.position).await;
    Ok((id, done.position))
}

/// Who on the team, or invited to it, has an address.
async fn known_by(app: &App, tenant: BusinessId, email: &Email) -> Result<Option<AgentView>, Problem> {
    let db = app.pools.tenant(tenant).await?;
    let same = |agent: &AgentView| {
        agent.status != AgentStatus::Deactivated && agent.email.as_str().eq_ignore_ascii_case(email.as_str())
    };
    Ok(agents::list(&db, tenant).await?.into_iter().find(same))
}

/// Change an agent.
#[utoipa::path(operation_id = "changeAgent", tag = "Business", request_body = ChangeAgent,
    params(("id" = AgentId, Path, description = "The agent.")), security(("session" = [])),
    responses(
        (status = 200, description = "The agent, as it is now.", body = AgentAnswer),
        (status = 409, description =
            "owner_stays: The owner's role and place on the team can't be changed.\n\
             agent_not_joined: This agent has not accepted the invitation yet.\n\
             agent_deactivated: This agent is no longer on the team."),
    ))]
#[patch("/agents/{id}")]
pub(super) async fn change_agent(
    Manager(me): Manager,
    Id(id): Id<AgentId>,
    Body(wanted): Body<ChangeAgent>,
    app: Data<App>,
) -> Result<Reply<AgentAnswer>, Problem> {
    let mut position = check(&app, &me, id, &wanted).await?;
    for command in wanted.commands(me.agent()) {
        position = app.aggregates.execute::<Agent>(&me.context(), id, &command).await?.position;
    }
    settle(&app, me.tenant(), position).await;
    app.accounts.forget_people();
    Ok(Reply::ok(AgentAnswer { agent: view(&app, me.tenant(), id).await? }).at(position))
}

/// Lets the agent decide on every change before the first one is recorded, so that none is left half done.
async fn check(app: &App, me: &Member, id: AgentId, wanted: &ChangeAgent) -> Result<i64, Problem> {
    use openchat_domain::Decider as _;
    let agent = app.aggregates.state::<Agent>(me.tenant(), id).await?;
    for command in wanted.commands(me.agent()) {
        agent.decide(&command).map_err(|refusal| refused(&refusal))?;
    }
    Ok(view(app, me.tenant(), id).await?.position)
}

/// Take an agent off the team.
///
/// Its sessions end at once, and its open conversations go back to the queue.
#[utoipa::path(operation_id = "removeAgent", tag = "Business",
    params(("id" = AgentId, Path, description = "The agent.")), security(("session" = [])),
    responses(
        (status = 200, description = "The agent, as it is now.", body = AgentAnswer),
        (status = 409, description =
            "owner_stays: The owner's role and place on the team can't be changed.\n\
             not_yourself: You can't take yourself off the team."),
    ))]
#[delete("/agents/{id}")]
pub(super) async fn remove_agent(
    Manager(me): Manager,
    Id(id): Id<AgentId>,
    app: Data<App>,
) -> Result<Reply<AgentAnswer>, Problem> {
    let command = AgentCommand::Deactivate { agent: id, by: me.agent() };
    let Executed { position, .. } = app.aggregates.execute::<Agent>(&me.context(), id, &command).await?;
    app.accounts.leave(me.tenant(), id).await?;
    settle(&app, me.tenant(), position).await;
    app.accounts.forget_people();
    Ok(Reply::ok(AgentAnswer { agent: view(&app, me.tenant(), id).await? }).at(position))
}

async fn view(app: &App, tenant: BusinessId, id: AgentId) -> Result<AgentView, Problem> {
    let db = app.pools.tenant(tenant).await?;
    agents::get(&db, tenant, id).await?.ok_or_else(|| refused(&AgentRefusal::NotFound))
}

impl ChangeAgent {
    fn commands(&self, by: AgentId) -> Vec<AgentCommand> {
        let role = self.role.map(|role| AgentCommand::ChangeRole { role: role.into(), by });
        let name = self.name.clone().map(|name| AgentCommand::Rename { name });
        let capacity = self.capacity.map(|count| AgentCommand::SetCapacity { capacity: count.0 });
        let skills = self.skills.clone().map(|skills| AgentCommand::SetSkills { skills });
        let availability =
            self.availability.map(|availability| AgentCommand::SetAvailability { availability });
        [role, name, capacity, skills, availability].into_iter().flatten().collect()
    }
}

impl From<GrantableRole> for Role {
    fn from(role: GrantableRole) -> Self {
        match role {
            GrantableRole::Agent => Self::Agent,
            GrantableRole::Admin => Self::Admin,
        }
    }
}
