//! OpenChat: customer support that other businesses plug into their own product.

pub mod accounts;
pub mod app;
pub mod calls;
pub mod clock;
pub mod config;
pub mod demo;
pub mod files;
pub mod http;
pub mod live;
pub mod nodes;
pub mod observe;
pub mod postgres;
pub mod projector;
pub mod reactions;
pub mod store;
pub mod telemetry;
pub mod tls;
