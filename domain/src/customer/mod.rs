//! A customer: one record per person and business, and who turned out to be whom.

mod command;
mod error;
mod event;
mod state;

pub use command::*;
pub use error::*;
pub use event::*;
pub use state::*;
