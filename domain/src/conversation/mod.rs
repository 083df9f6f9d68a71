//! A conversation: who has it, whether it waits, and what may still happen to it.

mod command;
mod error;
mod event;
mod state;

pub use command::*;
pub use error::*;
pub use event::*;
pub use state::*;
