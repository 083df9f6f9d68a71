//! The read side: one file per read model, with its row, fold, SQL and queries.
//!
//! A read model is a fold of a tenant's log into tables of its own. The projector hands each one its events in
//! order and commits tables and checkpoint together; a row remembers the position it was folded up to, so that
//! an event that comes twice changes nothing.

pub mod audit;
mod db;
pub mod feed;
pub mod log;
mod projection;
pub mod typing;

pub use db::{Db, DbError, QueryError, Sql};
pub use projection::{ApplyError, Projection};
