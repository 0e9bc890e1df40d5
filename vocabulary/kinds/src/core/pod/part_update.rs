//! What updates of a pod's parts may do: of its ephemeral containers, which only come, and of its resources in place.

use crate::check;
use crate::pods::qos;
use meta::{Cursor, ErrorList, FieldError, Path, Value};

/// Once there, an ephemeral container stays as it is.
pub fn judge_ephemeral(spec: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let list = spec.at("ephemeralContainers");
    for before in old.items("ephemeralContainers") {
        let name = before.str("name");
        let what = match list.items().find(|container| container.at("name").str() == name) {
            Some(same) if same.value == before => continue,
            Some(_) => "changed",
            None => "removed\n",
        };
        check::forbidden(&list.path, &format!("existing ephemeral containers {name:?} may not be {what}"), out);
    }
}

/// Only the containers' resources, and how a change of them is taken, are looked at; other lists of containers stay
/// as they were asked for, to be refused.
pub fn resized(asked: &Value, before: &Value) -> Value {
    let mut spec = before.clone();
    let lists = ["containers", "initContainers"];
    if lists.iter().any(|list| asked.items(list).len() != before.items(list).len()) {
        return asked.clone();
    }
    for list in lists.into_iter().filter(|list| !before.items(list).is_empty()) {
        spec.set(list, Value::List(resized_list(asked.items(list), before.items(list))));
    }
    spec
}

fn resized_list(asked: &[Value], before: &[Value]) -> Vec<Value> {
    if names(asked).ne(names(before)) {
        return asked.to_vec();
    }
    let resized = asked.iter().zip(before).map(|(asked, before)| {
        let mut container = before.clone();
        for field in ["resources", "resizePolicy"] {
            match asked.get(field) {
                Value::Null => _ = container.remove(field),
                value => container.set(field, value.clone()),
            }
        }
        container
    });
    resized.collect()
}

fn names(containers: &[Value]) -> impl Iterator<Item = &str> {
    containers.iter().map(|container| container.str("name"))
}

pub fn judge_resize(pod: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let (spec, before) = (pod.at("spec"), old.get("spec"));
    let class = Some(old.str("status.qosClass")).filter(|class| !class.is_empty());
    if class.unwrap_or_else(|| qos::class(before)) != qos::class(spec.value) {
        let why = "Pod QOS Class may not change as a result of resizing";
        out.push(FieldError::invalid(&spec.path, pod.at("status.qosClass").str(), why));
    }
    let ordered = ["containers", "initContainers"].map(|list| judge_order(list, &spec, before, out));
    if ordered == [true, true] {
        judge_removals(&spec, before, out);
        judge_others(&spec, before, out);
    }
}

/// Neither more, nor fewer, nor others.
fn judge_order(list: &str, spec: &Cursor<'_>, before: &Value, out: &mut ErrorList) -> bool {
    let (new, old) = (spec.at(list), before.items(list));
    if new.items().count() != old.len() {
        check::forbidden(&new.path, &format!("{list} may not be added or removed on resize"), out);
        return false;
    }
    let moved: Vec<_> = new.items().zip(old).filter(|(new, old)| new.at("name").str() != old.str("name")).collect();
    for (container, _) in &moved {
        let path = container.at("name").path;
        check::forbidden(&path, &format!("{list} may not be renamed or reordered on resize"), out);
    }
    moved.is_empty()
}

fn judge_removals(spec: &Cursor<'_>, before: &Value, out: &mut ErrorList) {
    for list in ["initContainers", "containers"] {
        for (container, old) in spec.at(list).items().zip(before.items(list)) {
            if list == "containers" || is_sidecar(old) {
                judge_removal(&container.at("resources"), old.get("resources"), out);
            }
        }
    }
}

fn judge_removal(resources: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    for field in ["requests", "limits"] {
        let new = resources.at(field);
        if old.fields(field).any(|(name, _)| new.value.get(name).is_null()) {
            check::forbidden(&new.path, &format!("resource {field} cannot be removed"), out);
        }
    }
}

fn judge_others(spec: &Cursor<'_>, before: &Value, out: &mut ErrorList) {
    for list in ["containers", "initContainers"] {
        for (container, old) in spec.at(list).items().zip(before.items(list)) {
            if let Some(why) = other_change(list, container.value, old) {
                check::forbidden(&Path::clone(&spec.path), why, out);
            }
        }
    }
}

fn other_change(list: &str, new: &Value, old: &Value) -> Option<&'static str> {
    let (regular, sidecar) = (list == "containers", is_sidecar(old));
    let same = match regular || sidecar {
        true => without_resizable(new) == without_resizable(old),
        false => new == old,
    };
    match (regular, sidecar) {
        _ if same => None,
        (true, _) => Some("only cpu and memory resources are mutable"),
        (false, true) => Some("only cpu and memory resources for sidecar containers are mutable"),
        (false, false) => Some("resources for non-sidecar init containers are immutable"),
    }
}

fn is_sidecar(container: &Value) -> bool {
    container.str("restartPolicy") == "Always"
}

fn without_resizable(container: &Value) -> Value {
    let mut left = container.clone();
    for list in ["resources.requests", "resources.limits"] {
        for name in ["cpu", "memory"] {
            left.remove(&format!("{list}.{name}"));
        }
        if left.at(list).is_empty() {
            left.remove(list);
        }
    }
    if left.get("resources").is_empty() {
        left.remove("resources");
    }
    left
}
