//! Several nodes over one database: one of them leads, each knows whether others are alive, and they tell each other
//! what is new.
//!
//! What is true is in the database. NATS carries what has been recorded there, so that nobody has to look for it, and what is
//! true only for a moment; whatever it loses is found by the next look.

mod bus;
mod news;
mod node;

pub use bus::{Bus, BusError, Heard};
pub use news::{LiveNews, LogNews, News, Told};
pub use node::Node;
pub(crate) use node::TERM;
