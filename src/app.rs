//! Everything that runs in one process, put together.

use std::sync::Arc;

use crate::{
    accounts::Accounts,
    clock::Clock,
    http::Edge,
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
    pub public_url: Arc<str>,
    /// Who may come in.
    pub accounts: Accounts,
    /// Limits, measurements and readiness.
    pub edge: Arc<Edge>,
}
