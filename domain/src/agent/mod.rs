//! A member of a business's team: what it may do and whether it takes work.
//!
//! It protects that a team keeps its one owner, that only who has joined takes work, and that whoever was only
//! disconnected comes back as it was.

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
