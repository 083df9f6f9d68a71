//! The read models by name, and how the projector drives them.

use openchat_domain::Recorded;

use crate::{
    Db, DbError, agents, customers, inbox, keys, launch, replies, routing_queue, settings, transcript,
};

/// A read model that lives in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Projection {
    /// [`inbox`].
    Inbox,
    /// [`transcript`].
    Transcript,
    /// [`routing_queue`].
    RoutingQueue,
    /// [`customers`].
    Customers,
    /// [`agents`].
    Agents,
    /// [`keys`].
    Keys,
    /// [`settings`].
    Settings,
    /// [`launch`].
    Launch,
    /// [`replies`].
    Replies,
}

/// Why a batch could not be folded in.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A statement failed.
    #[error("the read model could not be written")]
    Db(#[from] DbError),
    /// A stored row could not be read back.
    #[error("the read model holds an unreadable {what}")]
    Unreadable {
        /// What could not be read.
        what: &'static str,
    },
}

impl Projection {
    /// Every read model, in the order in which a batch is applied.
    pub const ALL: &'static [Self] = &[
        Self::Inbox,
        Self::Transcript,
        Self::RoutingQueue,
        Self::Customers,
        Self::Agents,
        Self::Keys,
        Self::Settings,
        Self::Launch,
        Self::Replies,
    ];

    /// The name that `openchat rebuild NAME` takes and checkpoints carry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Transcript => "transcript",
            Self::RoutingQueue => "routing_queue",
            Self::Customers => "customers",
            Self::Agents => "agents",
            Self::Keys => "keys",
            Self::Settings => "settings",
            Self::Launch => "launch",
            Self::Replies => "replies",
        }
    }

    /// The version of tables and fold; a release that raises it rebuilds the read model.
    #[must_use]
    pub const fn version(self) -> i32 {
        match self {
            Self::Inbox | Self::RoutingQueue => 2,
            Self::Transcript
            | Self::Customers
            | Self::Agents
            | Self::Keys
            | Self::Settings
            | Self::Launch
            | Self::Replies => 1,
        }
    }

    /// The tables that it owns, rebuilt and switched together.
    #[must_use]
    pub const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Inbox => &["inbox"],
            Self::Transcript => &["transcript"],
            Self::RoutingQueue => &["routing", "routing_agents"],
            Self::Customers => &["customers"],
            Self::Agents => &["agents"],
            Self::Keys => &["integration_keys"],
            Self::Settings => &["businesses"],
            Self::Launch => &["launch_steps"],
            Self::Replies => &["canned_replies"],
        }
    }

    /// The table and columns, other than a primary key, by which its fold finds rows. The tenant comes last, so that no plan
    /// made while the table is small takes an index on them for a search by the primary key.
    #[must_use]
    pub const fn finds_by(self) -> Option<&'static str> {
        match self {
            Self::Inbox => Some("inbox (customer_id, tenant_id)"),
            Self::Transcript
            | Self::RoutingQueue
            | Self::Customers
            | Self::Agents
            | Self::Keys
            | Self::Settings
            | Self::Launch
            | Self::Replies => None,
        }
    }

    /// Folds a batch of events, in position order per tenant, perhaps of several tenants.
    ///
    /// # Errors
    /// [`ApplyError`]; the caller's transaction must then be rolled back.
    pub async fn apply(self, db: &impl Db, events: &[&Recorded]) -> Result<(), ApplyError> {
        match self {
            Self::Inbox => inbox::apply(db, events).await,
            Self::Transcript => transcript::apply(db, events).await,
            Self::RoutingQueue => routing_queue::apply(db, events).await,
            Self::Customers => customers::apply(db, events).await,
            Self::Agents => agents::apply(db, events).await,
            Self::Keys => keys::apply(db, events).await,
            Self::Settings => settings::apply(db, events).await,
            Self::Launch => launch::apply(db, events).await,
            Self::Replies => replies::apply(db, events).await,
        }
    }
}
