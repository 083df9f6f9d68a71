//! A business: its settings and the keys to its integration.
//!
//! It protects that settings keep within their ranges, that a strict key knows where it may be used, and that what
//! is revoked stays revoked.

mod command;
mod decide;
mod error;
mod event;
mod hours;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use hours::*;
pub use state::*;
