//! Why a customer refuses.

use crate::{CustomerId, Refusal, RefusalKind};

/// A customer's refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefusal {
    /// There is no such customer.
    #[error("There is no such customer.")]
    NotFound,
    /// The id is taken by another customer.
    #[error("This customer already exists.")]
    AlreadyExists,
    /// Only an anonymous visitor can be merged into a known customer.
    #[error("Only an anonymous visitor can be merged into another customer.")]
    NotAnonymous,
    /// It was merged into another customer.
    #[error("This visitor has been merged into another customer.")]
    Merged {
        /// Which.
        into: CustomerId,
    },
    /// More metadata than a customer may have.
    #[error("A customer can have at most {max} metadata keys.")]
    TooMuchMetadata {
        /// How many keys it may have.
        max: usize,
    },
}

impl Refusal for CustomerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "customer_not_found",
            Self::AlreadyExists => "customer_exists",
            Self::NotAnonymous => "customer_not_anonymous",
            Self::Merged { .. } => "customer_merged",
            Self::TooMuchMetadata { .. } => "too_much_metadata",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound => RefusalKind::NotFound,
            Self::TooMuchMetadata { .. } => RefusalKind::Invalid,
            Self::AlreadyExists | Self::NotAnonymous | Self::Merged { .. } => RefusalKind::Conflict,
        }
    }
}
