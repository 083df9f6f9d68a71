//! The state of a member of a business's team: only what decisions need.

use serde::{Deserialize, Serialize};

use super::{AgentCommand, AgentEvent, AgentRefusal};
use crate::{AgentId, Decider};

/// State.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Agent {}

impl Decider for Agent {
    const TYPE: &'static str = "agent";
    const SNAPSHOT_VERSION: i32 = 1;
    type Id = AgentId;
    type Command = AgentCommand;
    type Event = AgentEvent;
    type Refusal = AgentRefusal;

    fn decide(&self, _command: &AgentCommand) -> Result<Vec<AgentEvent>, AgentRefusal> {
        Ok(vec![])
    }

    fn evolve(&mut self, _event: &AgentEvent) {}
}
