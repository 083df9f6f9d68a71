//! The state of a member of a business's team: only what decisions need.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{AgentCommand, AgentEvent, AgentRefusal, Availability, AvailabilityReason, Role, decide::decide};
use crate::{AgentId, Decider, Email, Name, Tag};

/// An agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Agent {
    /// Nothing has happened yet.
    #[default]
    Unknown,
    /// It was asked to join.
    Invited {
        /// The address the invitation is for.
        email: Email,
        /// What it will be.
        member: Member,
    },
    /// It works.
    Joined {
        /// What it is.
        member: Member,
        /// Whether it is there.
        presence: Presence,
    },
    /// It has left the team, or its invitation was withdrawn.
    Deactivated,
}

/// What an agent is, or is invited to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The name that customers see.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// How many open conversations it may have at once.
    pub capacity: u32,
    /// What it is good at.
    pub skills: BTreeSet<Tag>,
}

/// Whether an agent is there, and who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// As the agent chose.
    Chosen(Availability),
    /// Offline, because its last socket was gone.
    Disconnected {
        /// What it is again when it comes back.
        was: Availability,
    },
}

impl Presence {
    /// Whether the agent takes new work.
    #[must_use]
    pub const fn availability(self) -> Availability {
        match self {
            Self::Chosen(availability) => availability,
            Self::Disconnected { .. } => Availability::Offline,
        }
    }
}

impl Decider for Agent {
    const TYPE: &'static str = "agent";
    const SNAPSHOT_VERSION: i32 = 1;
    type Id = AgentId;
    type Command = AgentCommand;
    type Event = AgentEvent;
    type Refusal = AgentRefusal;

    fn decide(&self, command: &AgentCommand) -> Result<Vec<AgentEvent>, AgentRefusal> {
        decide(self, command)
    }

    fn evolve(&mut self, event: &AgentEvent) {
        use AgentEvent as E;
        match event {
            E::Invited { email, name, role, capacity, .. } => {
                if *self == Self::Unknown {
                    let member = Member::new(name, *role, *capacity, BTreeSet::new());
                    *self = Self::Invited { email: email.clone(), member };
                }
            }
            E::Joined { name, role, capacity, .. } => {
                let skills = match self {
                    Self::Unknown => BTreeSet::new(),
                    Self::Invited { member, .. } => std::mem::take(&mut member.skills),
                    Self::Joined { .. } | Self::Deactivated => return,
                };
                let member = Member::new(name, *role, *capacity, skills);
                *self = Self::Joined { member, presence: Presence::Chosen(Availability::Offline) };
            }
            E::RoleChanged { role, .. } => self.change(|member| member.role = *role),
            E::Renamed { name } => self.change(|member| member.name = name.clone()),
            E::CapacityChanged { capacity } => self.change(|member| member.capacity = *capacity),
            E::SkillsChanged { skills } => {
                self.change(|member| member.skills = skills.iter().cloned().collect());
            }
            E::AvailabilityChanged { availability, reason } => {
                if let Self::Joined { presence, .. } = self {
                    *presence = presence.after(*availability, *reason);
                }
            }
            E::Deactivated { .. } => match self {
                Self::Unknown => {}
                Self::Invited { .. } | Self::Joined { .. } | Self::Deactivated => *self = Self::Deactivated,
            },
        }
    }
}

impl Agent {
    fn change(&mut self, change: impl FnOnce(&mut Member)) {
        match self {
            Self::Invited { member, .. } | Self::Joined { member, .. } => change(member),
            Self::Unknown | Self::Deactivated => {}
        }
    }
}

impl Member {
    fn new(name: &Name, role: Role, capacity: u32, skills: BTreeSet<Tag>) -> Self {
        Self { name: name.clone(), role, capacity, skills }
    }
}

impl Presence {
    const fn after(self, availability: Availability, reason: AvailabilityReason) -> Self {
        match (reason, self) {
            (AvailabilityReason::Chosen | AvailabilityReason::Reconnected, _) => Self::Chosen(availability),
            (AvailabilityReason::Disconnected, Self::Chosen(was)) => Self::Disconnected { was },
            (AvailabilityReason::Disconnected, Self::Disconnected { .. }) => self,
        }
    }
}
