//! A member of a business's team: what it may do and whether it takes work.

mod command;
mod error;
mod event;
mod state;

pub use command::*;
pub use error::*;
pub use event::*;
pub use state::*;
