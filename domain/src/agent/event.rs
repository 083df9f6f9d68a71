//! What can have happened to an agent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AgentId, Email, EventType, Name, Tag, UserId};

/// An event of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AgentEvent {
    /// Somebody was asked to join the team.
    Invited {
        /// The address the invitation is for.
        email: Email,
        /// The name to begin with.
        name: Name,
        /// The role to come.
        role: Role,
        /// How many open conversations the agent may have at once.
        capacity: u32,
        /// Who asked.
        by: AgentId,
    },
    /// The person joined the team; from here on it can work.
    Joined {
        /// Who signs in for it.
        user: UserId,
        /// The person's address.
        email: Email,
        /// The name that customers see.
        name: Name,
        /// What it may do.
        role: Role,
        /// How many open conversations it may have at once.
        capacity: u32,
    },
    /// The agent may do more, or less.
    RoleChanged {
        /// The role from now on.
        role: Role,
        /// Who changed it.
        by: AgentId,
    },
    /// The agent has another name.
    Renamed {
        /// The name from now on.
        name: Name,
    },
    /// The agent takes new work, or doesn't.
    AvailabilityChanged {
        /// From now on.
        availability: Availability,
        /// Why.
        reason: AvailabilityReason,
    },
    /// The agent may have more, or fewer, open conversations.
    CapacityChanged {
        /// How many at once, from now on.
        capacity: u32,
    },
    /// What the agent is good at changed.
    SkillsChanged {
        /// All skills from now on, sorted.
        skills: Vec<Tag>,
    },
    /// The agent left the team; its open work goes back to the queue.
    Deactivated {
        /// Who took it off the team.
        by: AgentId,
    },
}

/// What a member of the team may do; a later one may all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Answers customers.
    Agent,
    /// Also runs the business's settings, keys and team.
    Admin,
    /// The one who set the business up.
    Owner,
}

/// Whether an agent takes new work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Availability {
    /// Takes new conversations.
    Online,
    /// Keeps its conversations, takes no new ones.
    Away,
    /// Not there.
    #[default]
    Offline,
}

/// Why an agent's availability changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AvailabilityReason {
    /// The agent chose.
    Chosen,
    /// Its last socket had been gone for the grace period.
    Disconnected,
    /// It came back after being disconnected.
    Reconnected,
}

impl EventType for AgentEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::Invited { .. } => "AgentInvited",
            Self::Joined { .. } => "AgentJoined",
            Self::RoleChanged { .. } => "AgentRoleChanged",
            Self::Renamed { .. } => "AgentRenamed",
            Self::AvailabilityChanged { .. } => "AgentAvailabilityChanged",
            Self::CapacityChanged { .. } => "AgentCapacityChanged",
            Self::SkillsChanged { .. } => "AgentSkillsChanged",
            Self::Deactivated { .. } => "AgentDeactivated",
        }
    }

    fn event_version(&self) -> i32 {
        1
    }
}
