//! Pure: one folder a controller. Each declares what it reads and writes, and decides by one function; the runner does
//! the rest. A case under `testdata/` is objects in, plan out.

mod conditions;
mod labels;
mod ownership;
mod pods;
mod service_pods;
mod template;

pub mod deployment;
pub mod endpointslice;
pub mod replicaset;

#[cfg(test)]
mod testing;

use plan::Controller;

/// Every controller, in the order in which they are started.
pub const ALL: &[&dyn Controller] = &[
    &deployment::Deployments,
    &replicaset::ReplicaSets,
    &replicaset::ReplicationControllers,
    &endpointslice::EndpointSlices,
];
