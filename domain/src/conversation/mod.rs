//! A conversation: who has it, whether it waits, and what may still happen to it.
//!
//! It protects that a conversation is one agent's at a time, that whatever waits is open and nobody's, that a
//! settled matter holds no capacity and no call, and that at most one call goes on.

mod calls;
mod command;
mod decide;
mod error;
mod event;
mod reasons;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use reasons::*;
pub use state::*;
