//! Why what happened to a conversation happened, as its events record it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AgentId, Position};

/// Why a conversation became this agent's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AssignmentReason {
    /// Routing chose, by its one rule, among everybody who could take it.
    Routed {
        /// The rule, by name and version.
        rule: String,
        /// Everybody available with room at that moment, the chosen one first.
        candidates: Vec<Candidate>,
        /// How long the conversation had waited, in whole seconds.
        #[serde(rename = "waitedSeconds")]
        waited_seconds: i64,
    },
    /// An agent took it.
    Claimed,
    /// An agent answered it while it was nobody's.
    Answered,
    /// Somebody gave it to this agent.
    Given {
        /// Who gave it.
        by: AgentId,
    },
}

/// An agent as routing saw it when it chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// How many open conversations it had.
    pub load: u32,
    /// How many it may have.
    pub capacity: u32,
    /// The position of its latest assignment, 0 when it never had one.
    pub last_assigned: Position,
}

/// Why a conversation went back to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum UnassignmentReason {
    /// An agent put it back.
    Released {
        /// Who put it back.
        by: AgentId,
    },
    /// Its agent went offline before answering.
    AgentOffline,
    /// Its agent left the team.
    AgentDeactivated,
    /// Its agent did not answer the customer's call.
    CallMissed,
}

/// What made a conversation open again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ReopenCause {
    /// The customer wrote again, or called.
    CustomerMessage,
    /// An agent opened it.
    Agent {
        /// Who.
        by: AgentId,
    },
    /// Its snooze ran out.
    SnoozeElapsed,
}

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CallEndReason {
    /// Somebody hung up.
    HungUp,
    /// Nobody answered in time.
    Missed,
    /// The side that was called did not want it.
    Declined,
    /// The conversation was resolved.
    Resolved,
    /// Everybody left, and nobody came back.
    Abandoned,
    /// The media server lost it.
    MediaLost,
}
