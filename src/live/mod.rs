//! The live feed: a snapshot at a position, then every delta, in order, without a gap or a repetition.

mod catch_up;
mod hub;
mod outbox;
mod presence;
mod room;
mod sessions;
mod socket;
mod wire;

pub use hub::Hub;
pub use presence::Presence;
pub use sessions::watch_sessions;
pub use socket::{Subscriber, Who, open};
