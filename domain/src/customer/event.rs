//! What can have happened to a customer.

use serde::{Deserialize, Serialize};

use crate::{CustomerId, Email, EventType, ExternalUserId, Metadata, Name, Phone};

/// An event of a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CustomerEvent {
    /// A customer that the business knows was seen for the first time.
    Registered {
        /// Its id in the business's own system.
        external_user_id: ExternalUserId,
        /// What the business said of it.
        profile: Profile,
    },
    /// Somebody unknown began to chat.
    VisitorArrived {
        /// What the visitor said of itself.
        profile: Profile,
    },
    /// What is known of the customer changed; only what changed is told.
    ProfileChanged {
        /// The changes.
        changes: ProfileChanges,
    },
    /// The anonymous visitor turned out to be a known customer, who takes over its conversations.
    Merged {
        /// The known customer.
        into: CustomerId,
    },
}

/// What is known of a customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Name.
    pub name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Telephone number.
    pub phone: Option<Phone>,
    /// What else the business keeps.
    #[serde(default)]
    pub metadata: Metadata,
}

/// Changes to a profile. An outer `None` leaves the field alone, an inner `None` clears it;
/// metadata are merged key by key, a `null` removes a key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileChanges {
    /// Name.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub name: Option<Option<Name>>,
    /// E-mail address.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub email: Option<Option<Email>>,
    /// Telephone number.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub phone: Option<Option<Phone>>,
    /// Changed metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

impl Profile {
    /// This profile with the changes laid over it.
    #[must_use]
    pub fn changed(&self, changes: &ProfileChanges) -> Self {
        Self {
            name: changes.name.clone().unwrap_or_else(|| self.name.clone()),
            email: changes.email.clone().unwrap_or_else(|| self.email.clone()),
            phone: changes.phone.clone().unwrap_or_else(|| self.phone.clone()),
            metadata: changes
                .metadata
                .as_ref()
                .map_or_else(|| self.metadata.clone(), |m| self.metadata.merged(m)),
        }
    }
}

impl EventType for CustomerEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "CustomerRegistered",
            Self::VisitorArrived { .. } => "VisitorArrived",
            Self::ProfileChanged { .. } => "CustomerProfileChanged",
            Self::Merged { .. } => "CustomerMerged",
        }
    }

    fn event_version(&self) -> i32 {
        1
    }
}
