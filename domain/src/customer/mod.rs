//! A customer: one record per person and business, and who turned out to be whom.
//!
//! It protects that only what really changed is recorded, and that a visitor who turned out to be a known customer
//! is that customer for good.

mod command;
mod decide;
mod error;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use state::*;
