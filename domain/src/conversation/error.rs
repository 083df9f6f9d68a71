//! Why a conversation refuses.

use crate::{AgentId, CallId, Refusal, RefusalKind};

/// A conversation's refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationRefusal {
    /// There is no such conversation.
    #[error("There is no such conversation.")]
    NotFound,
    /// It was opened before.
    #[error("This conversation is already open.")]
    AlreadyOpened,
    /// Somebody else has it.
    #[error("This conversation is already assigned to another agent.")]
    AlreadyAssigned {
        /// Who has it.
        assignee: AgentId,
    },
    /// Nobody has it, or somebody else than the command believed.
    #[error("This conversation's assignee has changed.")]
    AssigneeChanged {
        /// Who has it now.
        assignee: Option<AgentId>,
    },
    /// It doesn't wait in the queue.
    #[error("This conversation is not waiting for an agent.")]
    NotWaiting,
    /// It is resolved.
    #[error("This conversation is resolved; reopen it first.")]
    Resolved,
    /// It is neither resolved nor snoozed.
    #[error("This conversation is already open.")]
    NotResolved,
    /// It can be rated once it is resolved.
    #[error("A conversation can be rated once it is resolved.")]
    NotRateable,
    /// A rating is 1 to 5.
    #[error("A rating must be between 1 and 5.")]
    ScoreOutOfRange,
    /// A snooze must end in the future, within a year.
    #[error("A snooze must end in the future, within a year.")]
    SnoozeOutOfRange,
    /// More labels than a conversation may have.
    #[error("A conversation can have at most {max} tags.")]
    TooManyTags {
        /// How many it may have.
        max: usize,
    },
    /// A call is already going on.
    #[error("This conversation already has a call going on.")]
    CallInProgress {
        /// Which.
        call_id: CallId,
    },
    /// No such call is going on.
    #[error("This call is over.")]
    CallOver,
}

impl Refusal for ConversationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "conversation_not_found",
            Self::AlreadyOpened => "conversation_exists",
            Self::AlreadyAssigned { .. } => "already_assigned",
            Self::AssigneeChanged { .. } => "assignee_changed",
            Self::NotWaiting => "not_waiting",
            Self::Resolved => "conversation_resolved",
            Self::NotResolved => "conversation_not_resolved",
            Self::NotRateable => "not_rateable",
            Self::ScoreOutOfRange => "score_out_of_range",
            Self::SnoozeOutOfRange => "snooze_out_of_range",
            Self::TooManyTags { .. } => "too_many_tags",
            Self::CallInProgress { .. } => "call_in_progress",
            Self::CallOver => "call_over",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::ScoreOutOfRange | Self::SnoozeOutOfRange | Self::TooManyTags { .. } => RefusalKind::Invalid,
            Self::AlreadyOpened
            | Self::AlreadyAssigned { .. }
            | Self::AssigneeChanged { .. }
            | Self::NotWaiting
            | Self::Resolved
            | Self::NotResolved
            | Self::NotRateable
            | Self::CallInProgress { .. }
            | Self::CallOver => RefusalKind::Conflict,
        }
    }
}
