//! I/O: the API over HTTP and in process: one engine for every kind.
//!
//! The way of a request: identity -> flow control -> row -> authorization -> admission -> engine. HTTP adds TLS and
//! codecs around it; in process they are absent, and nothing else is.

mod admission;
mod aggregation;
pub mod authn;
pub mod authz;
mod bootstrap;
mod compactor;
mod crd;
pub mod engine;
pub mod http;
pub mod hub;
mod metrics;
mod outbound;
pub mod pages;
mod protobuf;
pub mod rows;
pub mod storage;
mod virtuals;
mod webhooks;

pub mod identity;

mod in_process;
mod server;

pub use aggregation::FrontProxy;
pub use in_process::InProcess;
pub use server::{ApiServer, Config, StartError};
