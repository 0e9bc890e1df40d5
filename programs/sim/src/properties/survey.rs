//! What an administrator sees at one moment, and that no address in it was given twice.

use crate::door::Door;
use crate::timeline::Timeline;
use client::{ApiClient, Request};
use meta::{Gvr, Status, Value};
use std::collections::BTreeMap;

pub struct Survey {
    pub pods: Vec<Value>,
    pub deployments: Vec<Value>,
    pub stateful_sets: Vec<Value>,
    pub daemon_sets: Vec<Value>,
    pub services: Vec<Value>,
    pub slices: Vec<Value>,
    pub nodes: Vec<Value>,
}

impl Survey {
    pub async fn take(door: &Door) -> Result<Survey, Status> {
        Ok(Survey {
            pods: list(door, "", "pods").await?,
            deployments: list(door, "apps", "deployments").await?,
            stateful_sets: list(door, "apps", "statefulsets").await?,
            daemon_sets: list(door, "apps", "daemonsets").await?,
            services: list(door, "", "services").await?,
            slices: list(door, "discovery.k8s.io", "endpointslices").await?,
            nodes: list(door, "", "nodes").await?,
        })
    }
}

async fn list(door: &Door, group: &str, plural: &str) -> Result<Vec<Value>, Status> {
    let (_, all) = door.call(Request::list(Gvr::new(group, "v1", plural), "")).await?.items()?;
    let living = all.iter().filter(|object| object.header.deletion_timestamp.is_none());
    Ok(living.map(|object| object.decode_value()).collect())
}

pub fn name(of: &Value) -> String {
    format!("{}/{}", of.str("metadata.namespace"), of.str("metadata.name"))
}

/// No address and no port of a Service is given twice, at any moment.
pub async fn addresses_unique(door: &Door, timeline: &Timeline) -> Result<(), Status> {
    let mut given = Given { to: BTreeMap::new(), timeline };
    for service in &list(door, "", "services").await? {
        let addresses = service.items("spec.clusterIPs").iter().filter_map(Value::as_str);
        addresses.filter(|address| *address != "None").for_each(|address| given.give(address, service));
        let ports = service.items("spec.ports").iter().map(|port| (port.int("nodePort"), port.str("protocol")));
        ports
            .filter(|(port, _)| *port != 0)
            .for_each(|(port, protocol)| given.give(&format!("node port {port}/{protocol}"), service));
    }
    Ok(())
}

/// No two pods that run have one address.
pub fn pods_unique(survey: &Survey, timeline: &Timeline) {
    let mut given = Given { to: BTreeMap::new(), timeline };
    let own = |pod: &&Value| pod.str("status.phase") == "Running" && !pod.bool("spec.hostNetwork");
    for pod in survey.pods.iter().filter(own) {
        let addresses = pod.items("status.podIPs").iter().map(|it| it.str("ip")).filter(|it| !it.is_empty());
        addresses.for_each(|address| given.give(address, pod));
    }
}

struct Given<'a> {
    to: BTreeMap<String, String>,
    timeline: &'a Timeline,
}

impl Given<'_> {
    fn give(&mut self, what: &str, to: &Value) {
        if let Some(other) = self.to.insert(what.to_owned(), name(to)) {
            self.timeline.violation(format_args!("{what} was given to {other} and {}", name(to)));
        }
    }
}
