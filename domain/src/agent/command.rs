//! What can be asked of an agent.

use super::event::{Availability, Role};
use crate::{AgentId, Email, Name, Tag, UserId};

/// A command to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentCommand {
    /// The person who sets the business up joins as its owner.
    Enroll {
        /// Who signs in for it.
        user: UserId,
        /// Its address.
        email: Email,
        /// Its name.
        name: Name,
    },
    /// Ask somebody to join.
    Invite {
        /// The address.
        email: Email,
        /// The name to begin with.
        name: Name,
        /// The role to come; never owner.
        role: Role,
        /// How many open conversations at once.
        capacity: u32,
        /// Who asks.
        by: AgentId,
    },
    /// The invited person joins.
    Join {
        /// Who signs in for it.
        user: UserId,
        /// Its address.
        email: Email,
        /// Its name, when it isn't the invitation's.
        name: Option<Name>,
    },
    /// Change what the agent may do; the owner stays the owner.
    ChangeRole {
        /// The role; never owner.
        role: Role,
        /// Who changes it.
        by: AgentId,
    },
    /// Give it another name.
    Rename {
        /// The name.
        name: Name,
    },
    /// Choose availability, as the agent.
    SetAvailability {
        /// Which.
        availability: Availability,
    },
    /// The agent's last socket has been gone for the grace period: offline, unless it already is.
    Disconnect,
    /// The agent is back: what it was before [`AgentCommand::Disconnect`], unless it has chosen since.
    Reconnect,
    /// Set how many open conversations it may have at once.
    SetCapacity {
        /// How many, 0 to 1,000.
        capacity: u32,
    },
    /// Set what it is good at.
    SetSkills {
        /// All skills.
        skills: Vec<Tag>,
    },
    /// Take it off the team; never the owner, never oneself.
    Deactivate {
        /// The agent itself, which is whom this asks.
        agent: AgentId,
        /// Who takes it off.
        by: AgentId,
    },
}
