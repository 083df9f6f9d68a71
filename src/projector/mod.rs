//! Keeps the read models up with the log, exactly once in effect.
//!
//! Rows and checkpoint commit together; the checkpoint moves only from where the projector believes it to be, so
//! two projectors can't both move it. Only the node that leads folds; the others look how far it has come. What has just been appended arrives in memory, and because positions are
//! dense it is known whether that follows on the checkpoint without a hole; if not, the log is read.

mod apply;
mod follow;
mod read;
mod rebuild;
mod run;
mod status;
mod views;

pub use read::{read_range, viewed};
pub use rebuild::{RebuildError, Rebuilt, named, rebuild, rebuild_changed};
pub use run::{Committed, Follower, Projector, Sources};
pub use status::{Lag, ProjectorStatus, lag};
pub use views::{Behind, Views};
