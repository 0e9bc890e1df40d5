//! A node.

use super::page::{Page, moment, or, resources};
use super::{Asker, node_resources};
use crate::failure::Failure;
use meta::{Map, Value};

const ROLE: &str = "node-role.kubernetes.io/";
const INFO: [(&str, &str); 10] = [
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
    ("Kube-Proxy Version", "kubeProxyVersion"),
];

pub fn describe(asker: &Asker<'_, '_>, node: &Value, page: &mut Page) -> Result<(), Failure> {
    let (spec, status) = (node.get("spec"), node.get("status"));
    page.field(0, "Name", node.str("metadata.name"));
    page.field(0, "Roles", or(&roles(node).join(","), "<none>"));
    page.metadata(node);
    page.field(0, "CreationTimestamp", moment(node.str("metadata.creationTimestamp")));
    page.entries("Taints", &taints(spec));
    page.field(0, "Unschedulable", spec.bool("unschedulable"));
    lease(asker, page);
    conditions(page, status.items("conditions"));
    page.line(0, "Addresses:");
    for address in status.items("addresses") {
        page.field(1, address.str("type"), address.str("address"));
    }
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        if !status.get(field).is_empty() {
            page.line(0, format!("{title}:"));
            resources(page, 1, status.get(field));
        }
    }
    page.line(0, "System Info:");
    for (title, field) in INFO {
        page.field(1, title, status.get("nodeInfo").str(field));
    }
    page.field_unless_empty(0, "PodCIDR", spec.str("podCIDR"));
    let ranges: Vec<&str> = spec.items("podCIDRs").iter().filter_map(Value::as_str).collect();
    page.field_unless_empty(0, "PodCIDRs", &ranges.join(","));
    page.field_unless_empty(0, "ProviderID", spec.str("providerID"));
    node_resources::describe(asker, node, page)?;
    asker.events(page);
    Ok(())
}

fn roles(node: &Value) -> Vec<String> {
    let labels = node.at("metadata.labels").as_map().into_iter().flat_map(Map::iter);
    let mut roles: Vec<String> = labels
        .filter_map(|(name, value)| match (name.strip_prefix(ROLE), name.as_str()) {
            (Some(role), _) if !role.is_empty() => Some(role.to_string()),
            (_, "kubernetes.io/role") => value.as_str().filter(|role| !role.is_empty()).map(str::to_string),
            _ => None,
        })
        .collect();
    roles.sort();
    roles
}

fn taints(spec: &Value) -> Vec<String> {
    let mut taints: Vec<&Value> = spec.items("taints").iter().collect();
    taints.sort_by_key(|taint| (taint.str("effect"), taint.str("key")));
    let text = |taint: &&Value| {
        let value = match taint.str("value") {
            "" => String::new(),
            value => format!("={value}"),
        };
        let effect = match taint.str("effect") {
            "" => String::new(),
            effect => format!(":{effect}"),
        };
        format!("{}{value}{effect}", taint.str("key"))
    };
    taints.iter().map(text).collect()
}

fn lease(asker: &Asker<'_, '_>, page: &mut Page) {
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{}", asker.target.name);
    match asker.get(&path) {
        Err(failure) => page.field(0, "Lease", format!("Failed to get lease: {failure}")),
        Ok(lease) => {
            let time = |field: &str| match lease.get("spec").str(field) {
                "" => "<unset>".to_string(),
                time => moment(time),
            };
            page.line(0, "Lease:");
            page.field(1, "HolderIdentity", or(lease.str("spec.holderIdentity"), "<unset>"));
            page.field(1, "AcquireTime", time("acquireTime"));
            page.field(1, "RenewTime", time("renewTime"));
        }
    }
}

fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for one in conditions {
        let (seen, changed) = (moment(one.str("lastHeartbeatTime")), moment(one.str("lastTransitionTime")));
        let (kind, status, reason) = (one.str("type"), one.str("status"), one.str("reason"));
        page.line(1, format!("{kind} \t{status} \t{seen} \t{changed} \t{reason} \t{}", one.str("message")));
    }
}
