//! The state of a customer: only what decisions need.

use serde::{Deserialize, Serialize};

use super::{CustomerCommand, CustomerEvent, CustomerRefusal};
use crate::{CustomerId, Decider};

/// State.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Customer {}

impl Decider for Customer {
    const TYPE: &'static str = "customer";
    const SNAPSHOT_VERSION: i32 = 1;
    type Id = CustomerId;
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Refusal = CustomerRefusal;

    fn decide(&self, _command: &CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
        Ok(vec![])
    }

    fn evolve(&mut self, _event: &CustomerEvent) {}
}
