//! What can be asked of a customer.

use super::event::ProfileChanges;
use crate::{CustomerId, ExternalUserId};

/// A command to a customer.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerCommand {
    /// The business names a customer: register it, or record what has changed since.
    Upsert {
        /// Its id in the business's own system.
        external_user_id: ExternalUserId,
        /// What the business says of it now.
        profile: ProfileChanges,
    },
    /// Somebody unknown begins to chat.
    Arrive {
        /// What the visitor says of itself.
        profile: ProfileChanges,
    },
    /// The customer, or the team, changes what is known.
    ChangeProfile {
        /// The changes; those that change nothing are dropped.
        changes: ProfileChanges,
    },
    /// The anonymous visitor is a known customer.
    Merge {
        /// The visitor itself, which is whom this asks.
        visitor: CustomerId,
        /// The known customer, of the same business.
        into: CustomerId,
    },
}
