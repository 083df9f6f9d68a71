//! The read models by name, and how the projector drives them.

use openchat_domain::Recorded;

use crate::{
    Db, DbError, Write, agents,
    customers::{self, CustomerView},
    inbox::{self, ConversationView},
    keys, launch, replies,
    routing_queue::{self, Line},
    rows::Kept,
    settings, transcript,
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

    /// The version of tables, documents and fold; a release that raises it rebuilds the read model.
    #[must_use]
    pub const fn version(self) -> i32 {
        match self {
            Self::Inbox => 3,
            Self::RoutingQueue | Self::Customers => 2,
            Self::Transcript | Self::Agents | Self::Keys | Self::Settings | Self::Launch | Self::Replies => 1,
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

    /// What folding a batch of events in comes to; they are in position order per tenant, perhaps of several tenants.
    /// All of it must be committed together, or else `at_hand` forgotten.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn writes(
        self,
        db: &impl Db,
        at_hand: &AtHand,
        events: &[&Recorded],
    ) -> Result<Vec<Write>, ApplyError> {
        match self {
            Self::Inbox => inbox::writes(db, &at_hand.conversations, events).await,
            Self::Transcript => Ok(transcript::writes(events)),
            Self::RoutingQueue => routing_queue::writes(db, &at_hand.lines, events).await,
            Self::Customers => customers::writes(db, &at_hand.customers, events).await,
            Self::Agents => agents::writes(db, events).await,
            Self::Keys => keys::writes(db, events).await,
            Self::Settings => settings::writes(db, events).await,
            Self::Launch => Ok(launch::writes(events)),
            Self::Replies => replies::writes(db, events).await,
        }
    }
}

/// How many rows of a table are kept at hand.
const KEPT: usize = 8_192;

/// The rows that nearly every event changes, as their tables hold them: whoever alone writes them needn't ask again for
/// those that it has just written.
#[derive(Debug)]
pub struct AtHand {
    conversations: Kept<ConversationView>,
    customers: Kept<CustomerView>,
    lines: Kept<Line>,
}

impl Default for AtHand {
    fn default() -> Self {
        Self { conversations: Kept::new(KEPT), customers: Kept::new(KEPT), lines: Kept::new(KEPT) }
    }
}
