//! OpenChat's tests against real parts: a module per capability, one binary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod architecture;
mod calls;
mod cli;
mod crash;
mod fuzz;
mod guide;
mod live;
mod log;
mod model;
mod projector;
mod routing;
