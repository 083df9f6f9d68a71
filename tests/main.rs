//! OpenChat's tests against real parts: a module per capability, one binary.

mod support;

mod architecture;
mod log;
mod projector;
