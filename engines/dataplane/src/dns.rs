//! Cluster DNS: names of the cluster from the zone of the latest plan, everything else from the resolvers of the node.
//!
//! It is served at the usual address of the cluster's DNS service, which the node itself holds (with scope host, so
//! that nothing ever chooses it as a source). A rule that changes the destination would also do, but every question
//! would then be a tracked and translated flow; held, it is an ordinary packet to a socket.

mod cache;
mod forward;
mod names;
mod resolv;
mod respond;
mod server;
mod wire;

pub use forward::Forwarder;
pub use names::Names;
pub use resolv::upstreams;
pub use server::DnsServer;
