//! Pure: one folder a controller. Each declares what it reads and writes, and decides by one function; the runner does
//! the rest. A case under `testdata/` is objects in, plan out.

mod certificate_requests;
mod conditions;
mod deletion_order;
mod labels;
mod node_fit;
mod node_pods;
mod ownership;
mod pods;
mod revisions;
mod scaled;
mod service_pods;
mod taints;
mod template;

pub mod bootstrap_signer;
pub mod clusterrole_aggregation;
pub mod cronjob;
pub mod csr_approving;
pub mod csr_cleaner;
pub mod csr_signing;
pub mod daemonset;
pub mod deployment;
pub mod disruption;
pub mod endpoints;
pub mod endpointslice;
pub mod endpointslicemirroring;
pub mod garbage;
pub mod job;
pub mod namespace;
pub mod node_lifecycle;
pub mod pod_gc;
pub mod protection;
pub mod replicaset;
pub mod resourcequota;
pub mod root_ca;
pub mod serviceaccount;
pub mod statefulset;
pub mod taint_eviction;
pub mod token_cleaner;
pub mod ttl_after_finished;

#[cfg(test)]
mod testing;

use plan::Controller;
use std::sync::Arc;

/// What controllers must be told of the cluster they are in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The certificate that the API server is known by, in PEM.
    pub root_ca: String,
    /// The time zone of a name: to know them takes files.
    pub time_zone: fn(&str) -> Option<jiff::tz::TimeZone>,
    /// Who signs certificates that are asked for.
    pub signer: Option<Arc<dyn csr_signing::Signer>>,
}

impl Default for Settings {
    fn default() -> Settings {
        let utc = |name: &str| matches!(name, "UTC" | "Etc/UTC").then_some(jiff::tz::TimeZone::UTC);
        Settings { root_ca: String::new(), time_zone: utc, signer: None }
    }
}

pub type Make = fn(&Settings) -> Arc<dyn Controller>;

/// Every controller, in the order in which they are started.
pub const ALL: &[Make] = &[
    |_| Arc::new(namespace::Namespaces),
    |_| Arc::new(serviceaccount::ServiceAccounts),
    |settings| Arc::new(root_ca::RootCa { certificate: settings.root_ca.clone() }),
    |_| Arc::new(garbage::Garbage),
    |_| Arc::new(deployment::Deployments),
    |_| Arc::new(replicaset::ReplicaSets),
    |_| Arc::new(replicaset::ReplicationControllers),
    |_| Arc::new(daemonset::DaemonSets),
    |_| Arc::new(statefulset::StatefulSets),
    |_| Arc::new(endpointslice::EndpointSlices),
    |_| Arc::new(endpoints::LegacyEndpoints),
    |_| Arc::new(endpointslicemirroring::EndpointSliceMirroring),
    |_| Arc::new(job::Jobs),
    |settings| Arc::new(cronjob::CronJobs { time_zone: settings.time_zone }),
    |_| Arc::new(ttl_after_finished::TtlAfterFinished),
    |_| Arc::new(node_lifecycle::NodeLifecycle),
    |_| Arc::new(taint_eviction::TaintEviction),
    |_| Arc::new(pod_gc::PodGc),
    |_| Arc::new(protection::ClaimProtection),
    |_| Arc::new(protection::VolumeProtection),
    |_| Arc::new(protection::ClassProtection),
    |_| Arc::new(clusterrole_aggregation::ClusterRoleAggregation),
    |_| Arc::new(csr_approving::CsrApproving),
    |settings| Arc::new(csr_signing::CsrSigning { signer: settings.signer.clone() }),
    |_| Arc::new(csr_cleaner::CsrCleaner),
    |_| Arc::new(token_cleaner::TokenCleaner),
    |_| Arc::new(bootstrap_signer::BootstrapSigner),
    |_| Arc::new(resourcequota::ResourceQuotas),
    |_| Arc::new(disruption::Disruption),
];
