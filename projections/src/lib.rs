//! The read side: one file per read model, with its row, fold, SQL and queries.
//!
//! A read model is a fold of a tenant's log into tables of its own. The projector hands each one its events in
//! order and commits tables and checkpoint together; a row remembers the position it was folded up to, so that
//! an event that comes twice changes nothing.

#![deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

// The feed's reference folds serve the server's tests, too, and call this crate by its name.
#[cfg(test)]
extern crate self as openchat_projections;

pub mod agents;
pub mod audit;
pub mod customers;
mod db;
pub mod feed;
#[cfg(test)]
mod history;
pub mod inbox;
pub mod keys;
pub mod launch;
pub mod log;
mod page;
mod projection;
pub mod replies;
pub mod routing_queue;
mod rows;
mod search;
pub mod settings;
pub mod transcript;
pub mod typing;
pub mod viewing;

pub use db::{Db, DbError, QueryError, Sql, Write};
pub use page::{Cursor, CursorError, Page};
pub use projection::{ApplyError, AtHand, Projection};
pub use rows::Document;
