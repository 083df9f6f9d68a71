//! OpenChat's tests against real parts: a module per capability, one binary.

mod support;

mod architecture;
mod crash;
mod guide;
mod live;
mod log;
mod model;
mod projector;
mod routing;
