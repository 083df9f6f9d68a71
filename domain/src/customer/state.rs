//! The state of a customer: only what decisions need.

use serde::{Deserialize, Serialize};

use super::{CustomerCommand, CustomerEvent, CustomerRefusal, Profile, decide::decide};
use crate::{CustomerId, Decider, ExternalUserId};

/// A customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Customer {
    /// Nothing has happened yet.
    #[default]
    Unknown,
    /// The business knows it.
    Known {
        /// Its id in the business's own system.
        external_user_id: ExternalUserId,
        /// What is known of it.
        profile: Profile,
    },
    /// A visitor whom nobody has named.
    Anonymous {
        /// What the visitor said of itself.
        profile: Profile,
    },
    /// A visitor who turned out to be a known customer.
    Merged {
        /// The known customer.
        into: CustomerId,
    },
}

impl Decider for Customer {
    const TYPE: &'static str = "customer";
    const SNAPSHOT_VERSION: i32 = 1;
    type Id = CustomerId;
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Refusal = CustomerRefusal;

    fn decide(&self, command: &CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
        decide(self, command)
    }

    fn evolve(&mut self, event: &CustomerEvent) {
        match (self, event) {
            (it @ Self::Unknown, CustomerEvent::Registered { external_user_id, profile }) => {
                *it = Self::Known { external_user_id: external_user_id.clone(), profile: profile.clone() };
            }
            (it @ Self::Unknown, CustomerEvent::VisitorArrived { profile }) => {
                *it = Self::Anonymous { profile: profile.clone() };
            }
            (
                Self::Known { profile, .. } | Self::Anonymous { profile },
                CustomerEvent::ProfileChanged { changes },
            ) => *profile = profile.changed(changes),
            (it @ Self::Anonymous { .. }, CustomerEvent::Merged { into }) => {
                *it = Self::Merged { into: *into }
            }
            (
                Self::Unknown | Self::Known { .. } | Self::Anonymous { .. } | Self::Merged { .. },
                CustomerEvent::Registered { .. }
                | CustomerEvent::VisitorArrived { .. }
                | CustomerEvent::ProfileChanged { .. }
                | CustomerEvent::Merged { .. },
            ) => {}
        }
    }
}
