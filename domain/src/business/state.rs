//! The state of a business: only what decisions need.

use serde::{Deserialize, Serialize};

use super::{BusinessCommand, BusinessEvent, BusinessRefusal};
use crate::{BusinessId, Decider};

/// State.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Business {}

impl Decider for Business {
    const TYPE: &'static str = "business";
    const SNAPSHOT_VERSION: i32 = 1;
    type Id = BusinessId;
    type Command = BusinessCommand;
    type Event = BusinessEvent;
    type Refusal = BusinessRefusal;

    fn decide(&self, _command: &BusinessCommand) -> Result<Vec<BusinessEvent>, BusinessRefusal> {
        Ok(vec![])
    }

    fn evolve(&mut self, _event: &BusinessEvent) {}
}
