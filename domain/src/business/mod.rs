//! A business: its settings and the keys to its integration.

mod command;
mod error;
mod event;
mod state;

pub use command::*;
pub use error::*;
pub use event::*;
pub use state::*;
