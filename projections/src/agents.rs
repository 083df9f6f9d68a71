//! The team: who belongs to it, what each may do, and who is there.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, BusinessId, DomainEvent, Email, Name, Position, Recorded, Tag, UserId,
    agent::{AgentEvent, Availability, AvailabilityReason, Role},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    ApplyError, Db, QueryError, Write,
    rows::{Rows, column, document, documents, key_columns},
};

/// A member of the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718",
    "userId": "usr_019aafc33b7c7d80a1b2c3d4e5f60718",
    "email": "sam@acme.com",
    "name": "Sam Agent",
    "role": "agent",
    "status": "active",
    "availability": "online",
    "availabilityReason": "chosen",
    "capacity": 5,
    "skills": ["billing"],
    "invitedAt": "2026-03-01T09:00:00Z",
    "joinedAt": "2026-03-01T09:30:00Z",
    "position": 12
}))]
pub struct AgentView {
    /// The agent's id.
    pub id: AgentId,
    /// The person who signs in for it; none until the invitation is accepted.
    pub user_id: Option<UserId>,
    /// The person's address, or the one the invitation went to.
    pub email: Email,
    /// The name that customers see.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// Whether it works in the team.
    pub status: AgentStatus,
    /// Whether it takes new conversations.
    pub availability: Availability,
    /// Why its availability is what it is; none when it never was anything but offline.
    pub availability_reason: Option<AvailabilityReason>,
    /// How many open conversations it may have at once.
    #[schema(minimum = 0, maximum = 1000)]
    pub capacity: u32,
    /// What it is good at.
    pub skills: Vec<Tag>,
    /// When it was asked to join; none for whoever set the business up.
    pub invited_at: Option<DateTime<Utc>>,
    /// When it joined.
    pub joined_at: Option<DateTime<Utc>>,
    /// The latest position in the business's event log that this tells of.
    pub position: Position,
}

/// Whether an agent works in the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AgentStatus {
    /// Asked to join, and not there yet.
    Invited,
    /// On the team.
    Active,
    /// No longer on the team.
    Deactivated,
}

const LOAD: &str = "\
    select r.* from unnest($1::uuid[], $2::uuid[]) as k (tenant, id) cross join lateral ( \
        select tenant_id, agent_id, position, data from agents \
        where tenant_id = k.tenant and agent_id = k.id limit 1) r";

const STORE: &str = "\
    insert into agents (tenant_id, agent_id, position, user_id, online, available, data) \
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::boolean[], $6::boolean[], \
        $7::json[]) \
    on conflict (tenant_id, agent_id) do update set \
        position = excluded.position, user_id = excluded.user_id, online = excluded.online, \
        available = excluded.available, data = excluded.data";

const GET: &str = "select data from agents where tenant_id = $1 and agent_id = $2";

const LIST: &str = "select data from agents where tenant_id = $1 order by agent_id";

const BY_USER: &str = "select data, tenant_id from agents where user_id = $1 order by tenant_id, agent_id";

const ONLINE_COUNT: &str = "select count(*) from agents where tenant_id = $1 and online";

const AVAILABLE: &str = "select tenant_id, agent_id from agents where available order by tenant_id, agent_id";

/// What folding a batch of events in comes to.
///
/// # Errors
/// [`ApplyError`].
pub async fn writes(db: &impl Db, events: &[&Recorded]) -> Result<Vec<Write>, ApplyError> {
    let steps: Vec<_> = events.iter().copied().filter_map(|event| Some((event, step(event)?))).collect();
    if steps.is_empty() {
        return Ok(vec![]);
    }
    let (tenants, ids) = key_columns(steps.iter().map(|(event, (id, _))| (event.tenant, id.uuid())));
    let mut rows = Rows::load(db, LOAD, &[&tenants, &ids], |row| Ok(document(row, 3, "agent")?)).await?;
    for (event, (id, step)) in &steps {
        rows.fold((event.tenant, id.uuid()), event.position, |row| fold(row, event, *id, step));
    }
    let rows = rows.changed();
    Ok(vec![
        Write::new(STORE)
            .with(column(&rows, |it| it.tenant.uuid()))
            .with(column(&rows, |it| it.id))
            .with(column(&rows, |it| it.position))
            .with(column(&rows, |it| it.row.user_id.map(UserId::uuid)))
            .with(column(&rows, |it| it.row.is_online()))
            .with(column(&rows, |it| it.row.is_available()))
            .with(documents(&rows, |it| it.row)),
    ])
}

/// A member of the team by its id.
///
/// # Errors
/// [`QueryError`].
pub async fn get(db: &impl Db, tenant: BusinessId, id: AgentId) -> Result<Option<AgentView>, QueryError> {
    let row = db.query_opt(GET, &[&tenant.uuid(), &id.uuid()]).await?;
    row.map(|row| Ok(document(&row, 0, "agent")?)).transpose()
}

/// Everybody who is, was or is asked to be on the team, the earliest first.
///
/// # Errors
/// [`QueryError`].
pub async fn list(db: &impl Db, tenant: BusinessId) -> Result<Vec<AgentView>, QueryError> {
    let rows = db.query(LIST, &[&tenant.uuid()]).await?;
    rows.iter().map(|row| Ok(document(row, 0, "agent")?)).collect()
}

/// A person's places in teams, whichever business they are of. For a connection that serves all tenants.
///
/// # Errors
/// [`QueryError`].
pub async fn by_user(db: &impl Db, user: UserId) -> Result<Vec<(BusinessId, AgentView)>, QueryError> {
    let rows = db.query(BY_USER, &[&user.uuid()]).await?;
    rows.iter()
        .map(|row| Ok((BusinessId::from_uuid(row.try_get::<_, Uuid>(1)?), document(row, 0, "agent")?)))
        .collect()
}

/// How many agents take new conversations now.
///
/// # Errors
/// [`QueryError`].
pub async fn online_count(db: &impl Db, tenant: BusinessId) -> Result<i64, QueryError> {
    let row = db.query_opt(ONLINE_COUNT, &[&tenant.uuid()]).await?;
    row.map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

/// Everybody of any business who is on a team and not offline. For a connection that serves all tenants.
///
/// # Errors
/// [`QueryError`].
pub async fn available(db: &impl Db) -> Result<Vec<(BusinessId, AgentId)>, QueryError> {
    let rows = db.query(AVAILABLE, &[]).await?;
    rows.iter()
        .map(|row| Ok((BusinessId::from_uuid(row.try_get(0)?), AgentId::from_uuid(row.try_get(1)?))))
        .collect()
}

impl AgentView {
    /// Whether it takes new conversations now.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.status == AgentStatus::Active && self.availability == Availability::Online
    }

    /// Whether it is there, online or away.
    fn is_available(&self) -> bool {
        self.status == AgentStatus::Active && self.availability != Availability::Offline
    }

    fn new(id: AgentId, email: Email, name: Name, role: Role, capacity: u32) -> Self {
        Self {
            id,
            user_id: None,
            email,
            name,
            role,
            status: AgentStatus::Invited,
            availability: Availability::Offline,
            availability_reason: None,
            capacity,
            skills: vec![],
            invited_at: None,
            joined_at: None,
            position: 0,
        }
    }

    /// What an event after the first ones changes.
    fn evolve(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::Invited { .. } | AgentEvent::Joined { .. } => {}
            AgentEvent::RoleChanged { role, .. } => self.role = *role,
            AgentEvent::Renamed { name } => self.name = name.clone(),
            AgentEvent::AvailabilityChanged { availability, reason } => {
                self.availability = *availability;
                self.availability_reason = Some(*reason);
            }
            AgentEvent::CapacityChanged { capacity } => self.capacity = *capacity,
            AgentEvent::SkillsChanged { skills } => self.skills.clone_from(skills),
            AgentEvent::Deactivated { .. } => {
                self.status = AgentStatus::Deactivated;
                self.availability = Availability::Offline;
            }
        }
    }
}

fn step(recorded: &Recorded) -> Option<(AgentId, &AgentEvent)> {
    match &recorded.event {
        DomainEvent::Agent(id, event) => Some((*id, event)),
        DomainEvent::Conversation(..) | DomainEvent::Customer(..) | DomainEvent::Business(..) => None,
    }
}

fn fold(row: &mut Option<AgentView>, recorded: &Recorded, id: AgentId, event: &AgentEvent) {
    match event {
        AgentEvent::Invited { email, name, role, capacity, by: _ } => {
            let agent = AgentView::new(id, email.clone(), name.clone(), *role, *capacity);
            *row = Some(AgentView { invited_at: Some(recorded.at), ..agent });
        }
        AgentEvent::Joined { user, email, name, role, capacity } => {
            let agent = AgentView::new(id, email.clone(), name.clone(), *role, *capacity);
            *row = Some(AgentView {
                user_id: Some(*user),
                status: AgentStatus::Active,
                invited_at: row.as_ref().and_then(|invited| invited.invited_at),
                joined_at: Some(recorded.at),
                skills: row.take().map(|invited| invited.skills).unwrap_or_default(),
                ..agent
            });
        }
        AgentEvent::RoleChanged { .. }
        | AgentEvent::Renamed { .. }
        | AgentEvent::AvailabilityChanged { .. }
        | AgentEvent::CapacityChanged { .. }
        | AgentEvent::SkillsChanged { .. }
        | AgentEvent::Deactivated { .. } => {}
    }
    if let Some(agent) = row {
        agent.evolve(event);
        agent.position = recorded.position;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{History, agent, at, tags, text};

    fn agent_after(history: &History) -> Option<AgentView> {
        let mut row = None;
        for event in history.events() {
            if let Some((id, step)) = step(event) {
                fold(&mut row, event, id, step);
            }
        }
        row
    }

    fn user() -> UserId {
        UserId::from_uuid(Uuid::from_u128(0x05e7))
    }

    fn invited() -> History {
        let (email, name, by) = (text("sam@acme.com"), text("Sam"), agent(1));
        let event = AgentEvent::Invited { email, name, role: Role::Agent, capacity: 5, by };
        History::default().agent(7, event)
    }

    fn joined() -> History {
        let (user, email, name) = (user(), text("sam@home.org"), text("Sam Agent"));
        invited().agent(7, AgentEvent::Joined { user, email, name, role: Role::Agent, capacity: 5 })
    }

    #[test]
    fn given_an_invitation_then_nobody_who_works_yet() {
        let it = agent_after(&invited()).unwrap();
        assert_eq!((it.status, it.user_id, it.joined_at), (AgentStatus::Invited, None, None));
        assert_eq!((it.email.as_str(), it.invited_at, it.position), ("sam@acme.com", Some(at(1)), 1));
    }

    #[test]
    fn given_an_invitation_accepted_then_an_agent_who_is_offline() {
        let it = agent_after(&joined()).unwrap();
        assert_eq!((it.status, it.user_id), (AgentStatus::Active, Some(user())));
        assert_eq!((it.invited_at, it.joined_at), (Some(at(1)), Some(at(2))));
        assert_eq!((it.name.as_str(), it.email.as_str()), ("Sam Agent", "sam@home.org"));
        assert!(!it.is_online());
    }

    #[test]
    fn given_changes_then_the_latest_of_each() {
        let history = joined()
            .agent(7, AgentEvent::RoleChanged { role: Role::Admin, by: agent(1) })
            .agent(7, AgentEvent::Renamed { name: text("Samantha") })
            .agent(7, AgentEvent::CapacityChanged { capacity: 9 })
            .agent(7, AgentEvent::SkillsChanged { skills: tags(&["billing", "french"]) })
            .agent(
                7,
                AgentEvent::AvailabilityChanged {
                    availability: Availability::Online,
                    reason: AvailabilityReason::Chosen,
                },
            );
        let it = agent_after(&history).unwrap();
        assert_eq!((it.role, it.name.as_str(), it.capacity), (Role::Admin, "Samantha", 9));
        assert_eq!(it.skills, tags(&["billing", "french"]));
        assert_eq!(it.availability_reason, Some(AvailabilityReason::Chosen));
        assert!(it.is_online() && it.is_available());
    }

    #[test]
    fn given_a_deactivation_then_it_is_not_there_whatever_it_was() {
        let online = AgentEvent::AvailabilityChanged {
            availability: Availability::Online,
            reason: AvailabilityReason::Chosen,
        };
        let history = joined().agent(7, online).agent(7, AgentEvent::Deactivated { by: agent(1) });
        let it = agent_after(&history).unwrap();
        assert_eq!((it.status, it.availability), (AgentStatus::Deactivated, Availability::Offline));
        assert!(!it.is_online() && !it.is_available());
    }
}
