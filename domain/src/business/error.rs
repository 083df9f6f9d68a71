//! Why a business refuses.

use crate::{Refusal, RefusalKind};

/// A business's refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusinessRefusal {
    /// There is no such business.
    #[error("There is no such business.")]
    NotFound,
    /// It was set up before.
    #[error("This business is already set up.")]
    AlreadySetUp,
    /// There is no such key.
    #[error("There is no such key.")]
    KeyNotFound,
    /// The id is taken by another key.
    #[error("This key already exists.")]
    KeyExists,
    /// The key was revoked.
    #[error("This key is revoked.")]
    KeyRevoked,
    /// A key may do something or it is of no use.
    #[error("A key needs at least one permission.")]
    NoPermission,
    /// Strict mode needs to know where.
    #[error("A strict key needs at least one allowed origin; or choose hotspot mode.")]
    NoOrigin,
    /// More origins than a key may have.
    #[error("A key can have at most {max} allowed origins.")]
    TooManyOrigins {
        /// How many it may have.
        max: usize,
    },
    /// More keys than a business may have.
    #[error("A business can have at most {max} keys that are not revoked.")]
    TooManyKeys {
        /// How many it may have.
        max: usize,
    },
    /// More canned replies than a business may have.
    #[error("A business can have at most {max} canned replies.")]
    TooManyReplies {
        /// How many it may have.
        max: usize,
    },
    /// The overlap is out of range.
    #[error("A rotated key can go on for at most 30 days.")]
    OverlapOutOfRange,
    /// A colour has six hexadecimal digits.
    #[error("A colour is written like #2563eb.")]
    Color,
    /// Hours that can't be kept.
    #[error("Opening hours must end after they begin, and a week can have at most {max} of them.")]
    Hours {
        /// How many there may be.
        max: usize,
    },
    /// Out of range.
    #[error("Capacity must be between 0 and {max}.")]
    CapacityOutOfRange {
        /// The most.
        max: u32,
    },
    /// Out of range.
    #[error("The grace period must be between 5 and 3600 seconds.")]
    GraceOutOfRange,
}

impl Refusal for BusinessRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "business_not_found",
            Self::AlreadySetUp => "business_exists",
            Self::KeyNotFound => "key_not_found",
            Self::KeyExists => "key_exists",
            Self::KeyRevoked => "key_revoked",
            Self::NoPermission => "no_permission_chosen",
            Self::NoOrigin => "no_origin_chosen",
            Self::TooManyOrigins { .. } => "too_many_origins",
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::TooManyReplies { .. } => "too_many_replies",
            Self::OverlapOutOfRange => "overlap_out_of_range",
            Self::Color => "invalid_color",
            Self::Hours { .. } => "invalid_hours",
            Self::CapacityOutOfRange { .. } => "capacity_out_of_range",
            Self::GraceOutOfRange => "grace_out_of_range",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound | Self::KeyNotFound => RefusalKind::NotFound,
            Self::AlreadySetUp
            | Self::KeyExists
            | Self::KeyRevoked
            | Self::TooManyKeys { .. }
            | Self::TooManyReplies { .. } => RefusalKind::Conflict,
            Self::NoPermission
            | Self::NoOrigin
            | Self::TooManyOrigins { .. }
            | Self::OverlapOutOfRange
            | Self::Color
            | Self::Hours { .. }
            | Self::CapacityOutOfRange { .. }
            | Self::GraceOutOfRange => RefusalKind::Invalid,
        }
    }
}
