//! I/O: the client of a real etcd cluster. The store's keys are etcd's keys, unchanged.
//!
//! - [`EtcdStore`] is the port on the v3 gRPC API; [`Cluster`] says where it is and who asks.
//! - Calls go to one member at a time and move on to the next where a member does not answer. What was only read is
//!   asked again; a write is asked again only where it certainly did not happen, otherwise its outcome is unknown.
//! - Each watch has a stream of its own, on a connection apart from the calls': a slow reader holds up nobody.

mod cluster;
mod compacted;
mod etcd_store;
mod failure;
mod leases;
mod members;
mod reading;
mod watching;
mod writing;

pub use cluster::{Cluster, ConnectError, Tls};
pub use etcd_store::EtcdStore;

/// Generated from `proto/etcd.proto`.
mod wire {
    #![allow(clippy::all)]
    tonic::include_proto!("etcdserverpb");
}
