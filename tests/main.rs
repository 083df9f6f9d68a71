//! OpenChat's tests against real parts: a module per capability, one binary.

mod support;

mod log;
mod projector;
