//! Everything that runs in one process, put together.

use crate::{
    clock::Clock,
    config::Limits,
    projector::Views,
    store::{Aggregates, Pools},
};

/// What handlers, sockets and reactions work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Commands go in here.
    pub aggregates: Aggregates,
    /// Read models and plain tables are read through these.
    pub pools: Pools,
    /// How far the read models have come.
    pub views: Views,
    /// The time and fresh ids.
    pub clock: Clock,
    /// The origin that goes into links, without a slash at its end.
    pub public_url: std::sync::Arc<str>,
    /// What clients may ask per second.
    pub limits: Limits,
}
