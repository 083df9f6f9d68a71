//! What an agent answers to a command: a function per command, from the state to events or a refusal.

use std::collections::BTreeSet;

use super::{
    Agent, AgentCommand, AgentEvent, AgentRefusal, Availability, AvailabilityReason, Member, Presence, Role,
};
use crate::{AgentId, Email, Name, Tag, UserId};

type Decision = Result<Vec<AgentEvent>, AgentRefusal>;

const OWNERS_CAPACITY: u32 = 5;
const MAX_CAPACITY: u32 = 1000;
const MAX_SKILLS: usize = 20;

pub(super) fn decide(state: &Agent, command: &AgentCommand) -> Decision {
    use AgentCommand as C;
    match command {
        C::Enroll { user, email, name } => enroll(state, *user, email, name),
        C::Invite { email, name, role, capacity, by } => invite(state, email, name, *role, *capacity, *by),
        C::Join { user, email, name } => join(state, *user, email, name.as_ref()),
        C::ChangeRole { role, by } => change_role(member(state)?, *role, *by),
        C::Rename { name } => joined(state).map(|(member, _)| rename(member, name)),
        C::SetAvailability { availability } => {
            joined(state).map(|(_, it)| set_availability(it, *availability))
        }
        C::Disconnect => joined(state).map(|(_, presence)| disconnect(presence)),
        C::Reconnect => joined(state).map(|(_, presence)| reconnect(presence)),
        C::SetCapacity { capacity } => set_capacity(member(state)?, *capacity),
        C::SetSkills { skills } => set_skills(member(state)?, skills),
        C::Deactivate { agent, by } => deactivate(state, *agent, *by),
    }
}

fn enroll(state: &Agent, user: UserId, email: &Email, name: &Name) -> Decision {
    match state {
        Agent::Unknown => Ok(vec![AgentEvent::Joined {
            user,
            email: email.clone(),
            name: name.clone(),
            role: Role::Owner,
            capacity: OWNERS_CAPACITY,
        }]),
        Agent::Invited { .. } | Agent::Joined { .. } => Err(AgentRefusal::AlreadyExists),
        Agent::Deactivated => Err(AgentRefusal::Deactivated),
    }
}

fn invite(state: &Agent, email: &Email, name: &Name, role: Role, capacity: u32, by: AgentId) -> Decision {
    match state {
        Agent::Unknown => {
            let (role, capacity) = (grantable(role)?, within_range(capacity)?);
            let (email, name) = (email.clone(), name.clone());
            Ok(vec![AgentEvent::Invited { email, name, role, capacity, by }])
        }
        Agent::Invited { email: invited, member }
            if (invited, &member.name, member.role, member.capacity) == (email, name, role, capacity) =>
        {
            Ok(vec![])
        }
        Agent::Invited { .. } | Agent::Joined { .. } => Err(AgentRefusal::AlreadyExists),
        Agent::Deactivated => Err(AgentRefusal::Deactivated),
    }
}

fn join(state: &Agent, user: UserId, email: &Email, name: Option<&Name>) -> Decision {
    match state {
        Agent::Unknown => Err(AgentRefusal::NotFound),
        Agent::Invited { member, .. } => Ok(vec![AgentEvent::Joined {
            user,
            email: email.clone(),
            name: name.unwrap_or(&member.name).clone(),
            role: member.role,
            capacity: member.capacity,
        }]),
        Agent::Joined { .. } => Err(AgentRefusal::AlreadyJoined),
        Agent::Deactivated => Err(AgentRefusal::Deactivated),
    }
}

fn change_role(member: &Member, role: Role, by: AgentId) -> Decision {
    let role = grantable(role)?;
    match member.role {
        Role::Owner => Err(AgentRefusal::OwnerStays),
        now if now == role => Ok(vec![]),
        Role::Agent | Role::Admin => Ok(vec![AgentEvent::RoleChanged { role, by }]),
    }
}

fn rename(member: &Member, name: &Name) -> Vec<AgentEvent> {
    if *name == member.name {
        return vec![];
    }
    vec![AgentEvent::Renamed { name: name.clone() }]
}

fn set_availability(presence: Presence, availability: Availability) -> Vec<AgentEvent> {
    // To choose offline while disconnected is news: the agent is not to be brought back.
    if presence == Presence::Chosen(availability) {
        return vec![];
    }
    vec![AgentEvent::AvailabilityChanged { availability, reason: AvailabilityReason::Chosen }]
}

fn disconnect(presence: Presence) -> Vec<AgentEvent> {
    let availability = Availability::Offline;
    if presence.availability() == availability {
        return vec![];
    }
    vec![AgentEvent::AvailabilityChanged { availability, reason: AvailabilityReason::Disconnected }]
}

fn reconnect(presence: Presence) -> Vec<AgentEvent> {
    match presence {
        Presence::Chosen(_) => vec![],
        Presence::Disconnected { was: availability } => {
            vec![AgentEvent::AvailabilityChanged { availability, reason: AvailabilityReason::Reconnected }]
        }
    }
}

fn set_capacity(member: &Member, capacity: u32) -> Decision {
    let capacity = within_range(capacity)?;
    if capacity == member.capacity {
        return Ok(vec![]);
    }
    Ok(vec![AgentEvent::CapacityChanged { capacity }])
}

fn set_skills(member: &Member, skills: &[Tag]) -> Decision {
    let skills: BTreeSet<Tag> = skills.iter().cloned().collect();
    if skills.len() > MAX_SKILLS {
        return Err(AgentRefusal::TooManySkills { max: MAX_SKILLS });
    }
    if skills == member.skills {
        return Ok(vec![]);
    }
    Ok(vec![AgentEvent::SkillsChanged { skills: skills.into_iter().collect() }])
}

fn deactivate(state: &Agent, agent: AgentId, by: AgentId) -> Decision {
    match state {
        Agent::Unknown => Err(AgentRefusal::NotFound),
        Agent::Invited { member, .. } | Agent::Joined { member, .. } if member.role == Role::Owner => {
            Err(AgentRefusal::OwnerStays)
        }
        Agent::Invited { .. } | Agent::Joined { .. } if agent == by => Err(AgentRefusal::NotYourself),
        Agent::Invited { .. } | Agent::Joined { .. } => Ok(vec![AgentEvent::Deactivated { by }]),
        Agent::Deactivated => Ok(vec![]),
    }
}

const fn member(state: &Agent) -> Result<&Member, AgentRefusal> {
    match state {
        Agent::Unknown => Err(AgentRefusal::NotFound),
        Agent::Invited { member, .. } | Agent::Joined { member, .. } => Ok(member),
        Agent::Deactivated => Err(AgentRefusal::Deactivated),
    }
}

const fn joined(state: &Agent) -> Result<(&Member, Presence), AgentRefusal> {
    match state {
        Agent::Unknown => Err(AgentRefusal::NotFound),
        Agent::Invited { .. } => Err(AgentRefusal::NotJoined),
        Agent::Joined { member, presence } => Ok((member, *presence)),
        Agent::Deactivated => Err(AgentRefusal::Deactivated),
    }
}

const fn grantable(role: Role) -> Result<Role, AgentRefusal> {
    match role {
        Role::Owner => Err(AgentRefusal::OneOwner),
        Role::Agent | Role::Admin => Ok(role),
    }
}

const fn within_range(capacity: u32) -> Result<u32, AgentRefusal> {
    if capacity > MAX_CAPACITY {
        return Err(AgentRefusal::CapacityOutOfRange { max: MAX_CAPACITY });
    }
    Ok(capacity)
}
