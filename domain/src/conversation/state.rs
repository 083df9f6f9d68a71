//! The state of a conversation: only what decisions need.

use serde::{Deserialize, Serialize};

use super::{ConversationCommand, ConversationEvent, ConversationRefusal};
use crate::{ConversationId, Decider};

/// State.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {}

impl Decider for Conversation {
    const TYPE: &'static str = "conversation";
    const SNAPSHOT_VERSION: i32 = 1;
    type Id = ConversationId;
    type Command = ConversationCommand;
    type Event = ConversationEvent;
    type Refusal = ConversationRefusal;

    fn decide(&self, _command: &ConversationCommand) -> Result<Vec<ConversationEvent>, ConversationRefusal> {
        Ok(vec![])
    }

    fn evolve(&mut self, _event: &ConversationEvent) {}
}
