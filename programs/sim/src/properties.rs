//! What must hold: at every acknowledgement, and of the whole once faults have stopped.

use crate::door::Door;
use crate::fault;
use crate::gate::Gate;
use crate::timeline::Timeline;
use apiserver::identity::Identity;
use client::{Answer, ApiClient, Request};
use kinds::Verb;
use meta::{Gvr, Object, Status, Value};
use std::collections::{BTreeMap, BTreeSet};

const COLLECTOR: &str = "system:serviceaccount:kube-system:generic-garbage-collector";
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Looks at an answer before its caller does.
pub fn acknowledged(gate: &Gate, who: &Identity, request: &Request, answer: &Answer) {
    if !fault::writes(request) {
        return;
    }
    if let Answer::Object(object) = answer {
        gate.ledger.promise(object.header.resource_version);
        if request.verb == Verb::Delete && who.name == COLLECTOR {
            collected(gate, object);
        }
    }
}

/// The collector may delete what no living owner holds.
fn collected(gate: &Gate, object: &Object) {
    let owners: BTreeSet<&str> = object.header.owner_references.iter().map(|owner| owner.uid.as_str()).collect();
    let all = gate.ledger.living();
    let holds =
        |other: &&Object| owners.contains(other.header.uid.as_str()) && other.header.deletion_timestamp.is_none();
    if let Some(owner) = all.iter().find(holds) {
        gate.timeline.violation(format_args!("{} was collected while its owner {} lives", object.key(), owner.key()));
    }
}

/// What an administrator sees at one moment.
pub struct Survey {
    pods: Vec<Value>,
    deployments: Vec<Value>,
    services: Vec<Value>,
    slices: Vec<Value>,
}

impl Survey {
    pub async fn take(door: &Door) -> Result<Survey, Status> {
        Ok(Survey {
            pods: list(door, "", "pods").await?,
            deployments: list(door, "apps", "deployments").await?,
            services: list(door, "", "services").await?,
            slices: list(door, "discovery.k8s.io", "endpointslices").await?,
        })
    }
}

async fn list(door: &Door, group: &str, plural: &str) -> Result<Vec<Value>, Status> {
    let (_, all) = door.call(Request::list(Gvr::new(group, "v1", plural), "")).await?.items()?;
    let living = all.iter().filter(|object| object.header.deletion_timestamp.is_none());
    Ok(living.map(|object| object.decode_value()).collect())
}

fn name(of: &Value) -> String {
    format!("{}/{}", of.str("metadata.namespace"), of.str("metadata.name"))
}

/// No address of a Service is given twice.
pub fn addresses_unique(survey: &Survey, timeline: &Timeline) {
    let mut given: BTreeMap<&str, String> = BTreeMap::new();
    for service in &survey.services {
        let all = service.items("spec.clusterIPs").iter().filter_map(Value::as_str);
        for address in all.filter(|address| *address != "None") {
            if let Some(other) = given.insert(address, name(service)) {
                timeline.violation(format_args!("{address} was given to {other} and {}", name(service)));
            }
        }
    }
}

/// One line a deployment and a service: what is wanted and what there is. What differs is a violation.
pub fn desired_is_actual(survey: &Survey, timeline: &Timeline) -> Vec<String> {
    let deployments = survey.deployments.iter().map(|deployment| rolled_out(deployment, survey, timeline));
    let selecting = survey.services.iter().filter(|service| !service.at("spec.selector").is_null());
    deployments.chain(selecting.map(|service| endpoints_are_pods(service, survey, timeline))).collect()
}

fn rolled_out(deployment: &Value, survey: &Survey, timeline: &Timeline) -> String {
    let wanted = deployment.int("spec.replicas");
    let own: Vec<&Value> =
        survey.pods.iter().filter(|pod| selected(pod, deployment, "spec.selector.matchLabels")).collect();
    let running = own.iter().filter(|pod| is_running(pod)).count() as i64;
    let line = format!("deployment {}: {running} of {wanted} running, {} pods", name(deployment), own.len());
    if running != wanted || own.len() as i64 != wanted {
        timeline.violation(&line);
    }
    line
}

fn endpoints_are_pods(service: &Value, survey: &Survey, timeline: &Timeline) -> String {
    let of = |slice: &&Value| {
        slice.str("metadata.namespace") == service.str("metadata.namespace")
            && slice.at("metadata.labels").get(SERVICE_NAME).as_str() == Some(service.str("metadata.name"))
    };
    let endpoints = survey.slices.iter().filter(of).flat_map(|slice| slice.items("endpoints"));
    let told: BTreeSet<&str> = endpoints.filter_map(|it| it.items("addresses").first()?.as_str()).collect();
    let own = survey.pods.iter().filter(|pod| selected(pod, service, "spec.selector") && is_running(pod));
    let there: BTreeSet<&str> = own.map(|pod| pod.str("status.podIP")).collect();
    let line = format!("service {}: {} endpoints", name(service), told.len());
    if told != there {
        timeline.violation(format_args!("{line}: told {told:?}, there {there:?}"));
    }
    line
}

fn selected(pod: &Value, by: &Value, selector: &str) -> bool {
    let labels = pod.at("metadata.labels");
    pod.str("metadata.namespace") == by.str("metadata.namespace")
        && by.fields(selector).all(|(name, value)| labels.get(name) == value)
}

fn is_running(pod: &Value) -> bool {
    let ready = |c: &Value| c.str("type") == "Ready" && c.str("status") == "True";
    pod.str("status.phase") == "Running" && pod.items("status.conditions").iter().any(ready)
}
