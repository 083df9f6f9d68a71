//! OpenChat's tests against real parts: a module per capability, one binary.

mod support;

mod architecture;
mod crash;
mod guide;
mod log;
mod projector;
mod routing;
