//! The audit timeline: who did what, when, through which key or session, read from the log itself.
//!
//! It has no table of its own: a copy of the evidence is not evidence.

mod as_of;
mod entry;
mod query;
mod summary;
#[cfg(test)]
mod tests;

pub use as_of::ConversationAsOf;
pub use entry::{AuditActor, AuditEntry, AuditSubject};
pub use query::{AsOf, AuditFilter, export, history, page, position_as_of};
