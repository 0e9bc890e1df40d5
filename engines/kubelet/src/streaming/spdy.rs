//! SPDY/3.1 as Kubernetes clients speak it: streams in both directions over one connection, without flow control.

mod connection;
mod frame;
mod headers;

pub use connection::{Connection, Outgoing, Stream};
