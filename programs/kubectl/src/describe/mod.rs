//! `kubectl describe`: one describer for each kind that upstream describes in words of its own, and one for all others.

mod autoscaler;
mod claim;
mod classes;
mod configmap;
mod containers;
mod cronjob;
mod deployment;
mod disruption_budget;
mod endpoints;
mod endpointslice;
mod env;
mod events;
mod generic;
mod ingress;
mod job;
mod namespace;
mod network_addresses;
mod network_policy;
mod node;
mod node_resources;
mod page;
mod pod;
mod priorityclass;
mod quota;
mod rbac;
mod replicas;
mod secret;
mod service;
mod serviceaccount;
mod signing_request;
mod template;
mod volume;
mod volumes;

use crate::failure::Failure;
use crate::session::Session;
use crate::targets::Target;
use crate::wire::Request;
use meta::Value;
use page::Page;

/// What a describer may ask.
pub struct Asker<'s, 'c> {
    session: &'s Session<'c>,
    target: &'s Target,
    show_events: bool,
}

type Describe = fn(&Asker<'_, '_>, &Value, &mut Page) -> Result<(), Failure>;

const DESCRIBERS: &[(&str, &str, Describe)] = &[
    ("", "Pod", pod::describe),
    ("", "Service", service::describe),
    ("", "Node", node::describe),
    ("", "Namespace", namespace::describe),
    ("", "ConfigMap", configmap::describe),
    ("", "Secret", secret::describe),
    ("", "ServiceAccount", serviceaccount::describe),
    ("", "PersistentVolumeClaim", claim::describe),
    ("", "PersistentVolume", volume::describe),
    ("", "ResourceQuota", quota::describe),
    ("", "LimitRange", namespace::limit_range),
    ("", "Endpoints", endpoints::describe),
    ("", "ReplicationController", replicas::replication_controller),
    ("apps", "Deployment", deployment::describe),
    ("apps", "ReplicaSet", replicas::replica_set),
    ("apps", "StatefulSet", replicas::stateful_set),
    ("apps", "DaemonSet", replicas::daemon_set),
    ("autoscaling", "HorizontalPodAutoscaler", autoscaler::describe),
    ("batch", "Job", job::describe),
    ("batch", "CronJob", cronjob::describe),
    ("certificates.k8s.io", "CertificateSigningRequest", signing_request::describe),
    ("discovery.k8s.io", "EndpointSlice", endpointslice::describe),
    ("networking.k8s.io", "Ingress", ingress::describe),
    ("networking.k8s.io", "IngressClass", classes::ingress),
    ("networking.k8s.io", "NetworkPolicy", network_policy::describe),
    ("networking.k8s.io", "ServiceCIDR", network_addresses::range),
    ("networking.k8s.io", "IPAddress", network_addresses::address),
    ("policy", "PodDisruptionBudget", disruption_budget::describe),
    ("rbac.authorization.k8s.io", "Role", rbac::role),
    ("rbac.authorization.k8s.io", "ClusterRole", rbac::role),
    ("rbac.authorization.k8s.io", "RoleBinding", rbac::binding),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", rbac::binding),
    ("scheduling.k8s.io", "PriorityClass", priorityclass::describe),
    ("storage.k8s.io", "StorageClass", classes::storage),
    ("storage.k8s.io", "VolumeAttributesClass", classes::volume_attributes),
];

pub fn describe(session: &Session<'_>, target: &Target, show_events: bool) -> Result<String, Failure> {
    let asker = Asker { session, target, show_events };
    let found = DESCRIBERS.iter().find(|(group, kind, _)| target.resource.is(group, kind));
    let describer = found.map_or(generic::describe as Describe, |(_, _, describer)| *describer);
    let mut page = Page::default();
    describer(&asker, &target.object, &mut page)?;
    Ok(page.finish())
}

/// A pod template on its own, as `rollout history` shows it.
pub fn pod_template(template: &Value) -> String {
    let mut page = Page::default();
    template::describe(template, &mut page);
    page.finish()
}

impl Asker<'_, '_> {
    fn get(&self, path: &str) -> Result<Value, Failure> {
        self.session.door()?.call(Request::get(path))
    }

    fn list(&self, path: String, labels: &str, fields: &str) -> Result<Vec<Value>, Failure> {
        let request = Request::get(path).with("labelSelector", labels).with("fieldSelector", fields);
        Ok(self.session.door()?.call(request)?.items("items").to_vec())
    }

    fn age(&self, moment: &Value) -> String {
        kinds::age(moment, self.session.now())
    }

    /// The events of the described object, at the end of its page.
    fn events(&self, page: &mut Page) {
        if self.show_events {
            events::describe(self, page);
        }
    }
}
