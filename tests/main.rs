//! OpenChat's tests against real parts: a module per capability, one binary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod architecture;
mod calls;
mod cli;
mod crash;
mod customers;
mod demo;
mod deploy;
mod durable;
mod faults;
mod files;
mod fuzz;
mod guide;
mod housekeeping;
mod inbox;
mod launch;
mod live;
mod log;
mod model;
mod nodes;
mod portal;
mod projector;
mod refusals;
mod routing;
mod tls;
