//! Keeps the read models up with the log, exactly once in effect.

mod views;

pub use views::{Behind, Views};
