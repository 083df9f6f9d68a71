//! Why an agent refuses.

use crate::{Refusal, RefusalKind};

/// An agent's refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentRefusal {
    /// There is no such agent.
    #[error("There is no such agent.")]
    NotFound,
    /// The id is taken.
    #[error("This agent already exists.")]
    AlreadyExists,
    /// It hasn't accepted its invitation.
    #[error("This agent has not accepted the invitation yet.")]
    NotJoined,
    /// It has accepted its invitation before.
    #[error("This invitation has already been accepted.")]
    AlreadyJoined,
    /// It has left the team.
    #[error("This agent is no longer on the team.")]
    Deactivated,
    /// The owner keeps its role and its place.
    #[error("The owner's role and place on the team can't be changed.")]
    OwnerStays,
    /// Nobody is made owner.
    #[error("A team has one owner; choose agent or admin.")]
    OneOwner,
    /// Nobody takes itself off the team.
    #[error("You can't take yourself off the team.")]
    NotYourself,
    /// Out of range.
    #[error("Capacity must be between 0 and {max}.")]
    CapacityOutOfRange {
        /// The most.
        max: u32,
    },
    /// More skills than an agent may have.
    #[error("An agent can have at most {max} skills.")]
    TooManySkills {
        /// How many it may have.
        max: usize,
    },
}

impl Refusal for AgentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "agent_not_found",
            Self::AlreadyExists => "agent_exists",
            Self::NotJoined => "agent_not_joined",
            Self::AlreadyJoined => "invitation_accepted",
            Self::Deactivated => "agent_deactivated",
            Self::OwnerStays => "owner_stays",
            Self::OneOwner => "one_owner",
            Self::NotYourself => "not_yourself",
            Self::CapacityOutOfRange { .. } => "capacity_out_of_range",
            Self::TooManySkills { .. } => "too_many_skills",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::OneOwner | Self::CapacityOutOfRange { .. } | Self::TooManySkills { .. } => {
                RefusalKind::Invalid
            }
            Self::AlreadyExists
            | Self::NotJoined
            | Self::AlreadyJoined
            | Self::Deactivated
            | Self::OwnerStays
            | Self::NotYourself => RefusalKind::Conflict,
        }
    }
}
