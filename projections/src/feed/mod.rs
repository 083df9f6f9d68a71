//! The live feed: what a socket is sent, as pure functions of the log.
//!
//! A socket begins with a snapshot at a position, or resumes; from there each event of the business's log yields
//! at most one delta for the team ([`Delta::for_agents`]) and at most one for each customer
//! ([`CustomerFeed::advance`]), live and on resume alike. Folding the deltas into the snapshot gives what a fresh
//! snapshot would hold, on the server as in the browser.
//!
//! The objects that snapshots and deltas are made of are those of the read models, and the lists of both are kept up
//! to date by the same folds. Beside the deltas that concern a conversation, so that this holds, the team's feed has
//! `conversation.customerChanged`, `customer.updated`, `agent.invited`, `agent.joined`, `agent.updated` and
//! `agent.deactivated`, and a
//! customer's has `customer.updated` for its own profile. `queue.changed` is a customer's only: the team sees the
//! queue itself change, by the deltas of the conversations.

mod agent;
mod agent_snapshot;
mod customer;
mod customer_snapshot;
mod delta;
mod frames;
pub mod load;
mod queue;
mod schema;
#[cfg(test)]
mod tests;

pub use agent::{AgentChange, AgentDelta};
pub use agent_snapshot::{AgentSnapshot, AgentSummary};
pub use customer::{CustomerChange, CustomerDelta, CustomerFeed, CustomerScope, CustomerStep};
pub use customer_snapshot::{CustomerSnapshot, OwnConversation, OwnProfile, OwnStatus, PublicBusiness};
pub use delta::{Delta, SentDelta};
pub use frames::{AgentFrame, ClientFrame, CustomerFrame, Notice, Presence, ServerFrame, close};
pub use queue::QueueOrder;
pub use schema::schemas;
