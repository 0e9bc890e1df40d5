//! A namespace's labels say what its pods may do: which pods are refused, and of which pods and templates it is told.

mod namespace;

use super::{Admitting, Operation, Plugin, lookup};
use futures::future::BoxFuture;
use meta::{Gvr, Key, Object, Status, Value};
use podsecurity::{Level, Pod, Policy, evaluate};

pub(super) struct PodSecurity;

/// Nothing of a pod that a check looks at changes through these.
const IGNORED: [&str; 8] = ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

/// Kinds that make pods, and where they keep the template.
const TEMPLATES: [(&str, &str, &str); 8] = [
    ("", "replicationcontrollers", "spec.template"),
    ("", "podtemplates", "template"),
    ("apps", "replicasets", "spec.template"),
    ("apps", "deployments", "spec.template"),
    ("apps", "statefulsets", "spec.template"),
    ("apps", "daemonsets", "spec.template"),
    ("batch", "jobs", "spec.template"),
    ("batch", "cronjobs", "spec.jobTemplate.spec.template"),
];

/// What is looked at.
#[derive(Clone, Copy)]
enum Subject {
    Namespace,
    Pod,
    /// At this path of the object. It is only told of: what it makes is refused later.
    Template(&'static str),
}

impl Plugin for PodSecurity {
    fn name(&self) -> &'static str {
        "PodSecurity"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        matches!(on.operation, Operation::Create | Operation::Update) && subject(on).is_some()
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        match (subject(on), object) {
            (Some(Subject::Namespace), Some(namespace)) => Box::pin(namespace::check(on, namespace)),
            // Most namespaces ask for nothing, and their pods should not pay for those that do.
            (Some(subject), Some(object)) if policy_seen(on).is_none_or(|policy| !policy.is_privileged()) => {
                Box::pin(check(on, subject, object))
            }
            _ => Box::pin(async { Ok(()) }),
        }
    }
}

fn subject(on: &Admitting<'_>) -> Option<Subject> {
    let (group, resource) = (on.def.group.as_str(), on.def.names.plural.as_str());
    match (group, resource, on.call.request.subresource.as_str()) {
        ("", "pods", part) => (!IGNORED.contains(&part)).then_some(Subject::Pod),
        ("", "namespaces", "") => Some(Subject::Namespace),
        (_, _, "") => {
            let template = TEMPLATES.iter().find(|(of, name, _)| (*of, *name) == (group, resource));
            template.map(|(_, _, path)| Subject::Template(path))
        }
        _ => None,
    }
}

/// None: the namespace is not seen yet.
fn policy_seen(on: &Admitting<'_>) -> Option<Policy> {
    let row = on.going.table.get("", "namespaces")?;
    let namespace = row.hub.get(&Key::cluster(on.call.request.key.namespace.clone()))?;
    Some(policy_of(&namespace))
}

/// Labels that cannot be read count as the strictest; whoever set them was told.
fn policy_of(namespace: &Object) -> Policy {
    let labels = &namespace.header.labels;
    Policy::read(|name| labels.get(name).map(|value| value.as_str())).0
}

async fn policy(on: &Admitting<'_>) -> Result<Policy, Status> {
    let name = &on.call.request.key.namespace;
    let namespaces = Gvr::new("", "v1", "namespaces");
    let found = lookup::find(on.api, &namespaces, &Key::cluster(name.clone())).await.ok().flatten();
    let found = found.ok_or_else(|| Status::internal(format!("failed to lookup namespace {name:?}")))?;
    Ok(policy_of(&found))
}

async fn check(on: &Admitting<'_>, subject: Subject, object: &Value) -> Result<(), Status> {
    match (subject, policy(on).await) {
        (Subject::Template(path), Ok(policy)) => tell(on, &policy, object.at(path)),
        (Subject::Pod, policy) => return check_pod(on, &policy?, object),
        _ => {}
    }
    Ok(())
}

fn check_pod(on: &Admitting<'_>, policy: &Policy, pod: &Value) -> Result<(), Status> {
    let old = on.old.filter(|_| on.operation == Operation::Update);
    if old.is_some_and(|old| !podsecurity::is_significant(pod.get("spec"), old.get("spec"))) {
        return Ok(());
    }
    let violations = evaluate(policy.enforce, &Pod::of(pod));
    if !violations.is_empty() {
        let pods = Gvr::new("", "v1", "pods");
        let why = format!("violates PodSecurity \"{}\": {violations}", policy.enforce);
        return Err(Status::forbidden(&pods, on.object_name(Some(pod)), why));
    }
    // What has just been found to break nothing needs no second look.
    if policy.warn != policy.enforce {
        tell(on, policy, pod);
    }
    Ok(())
}

/// An optional template that is not there breaks nothing.
fn tell(on: &Admitting<'_>, policy: &Policy, pod: &Value) {
    if policy.warn.level == Level::Privileged || pod.is_null() {
        return;
    }
    let violations = evaluate(policy.warn, &Pod::of(pod));
    if !violations.is_empty() {
        on.effects.warn(vec![format!("would violate PodSecurity \"{}\": {violations}", policy.warn)]);
    }
}
