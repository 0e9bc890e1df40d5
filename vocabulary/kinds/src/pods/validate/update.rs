//! What an update may change of a pod that exists: little.

use super::{gated, scheduling};
use crate::check;
use meta::{Cursor, ErrorList, FieldError, Value};

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

pub fn judge(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    for list in ["containers", "initContainers"] {
        if new.value.items(list).len() != old.items(list).len() {
            return check::forbidden(&new.at(list).path, "pod updates may not add or remove containers", out);
        }
    }
    images(new, out);
    deadline(&new.at("activeDeadlineSeconds"), old.get("activeDeadlineSeconds"), out);
    tolerations(&new.at("tolerations"), old.items("tolerations"), out);
    gates(&new.at("schedulingGates"), old.items("schedulingGates"), out);
    gated::judge(new, old, out);
    if settled(new.value, old) != *old {
        let why = format!("pod updates may not change fields other than {UPDATABLE}");
        check::forbidden(&new.path, &why, out);
    }
}

/// Told once more than of a new pod.
fn images(new: &Cursor<'_>, out: &mut ErrorList) {
    for list in ["containers", "initContainers"] {
        for image in new.at(list).items().map(|container| container.at("image")) {
            if check::required(&image, "", out) && image.str() != image.str().trim() {
                check::invalid(&image, "must not have leading or trailing whitespace", out);
            }
        }
    }
}

fn deadline(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    match (new.value.as_int(), old.as_int()) {
        (Some(new_seconds), Some(seconds)) if seconds < new_seconds => {
            check::invalid(new, "must be less than or equal to previous value", out);
        }
        (None, Some(_)) => check::invalid(new, "must not update from a positive integer to nil value", out),
        _ => {}
    }
}

fn tolerations(new: &Cursor<'_>, old: &[Value], out: &mut ErrorList) {
    let without_time = |toleration: &Value| {
        let mut copy = toleration.clone();
        copy.remove("tolerationSeconds");
        copy
    };
    let kept = |old: &Value| new.items().any(|new| without_time(new.value) == without_time(old));
    if !old.iter().all(kept) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        return check::forbidden(&new.path, why, out);
    }
    scheduling::tolerations(new, out);
}

fn gates(new: &Cursor<'_>, old: &[Value], out: &mut ErrorList) {
    for gate in new.items() {
        let name = gate.at("name");
        if !old.iter().any(|old| old.str("name") == name.str()) {
            let why = format!("only deletion is allowed, but found new scheduling gate '{}'", name.str());
            out.push(FieldError::forbidden(&name.path, why));
        }
    }
}

/// The new spec with everything that may change set back.
fn settled(new: &Value, old: &Value) -> Value {
    let mut copy = new.clone();
    for list in ["containers", "initContainers"] {
        let containers = copy.at_mut(list).and_then(Value::as_list_mut).into_iter().flatten();
        for (container, before) in containers.zip(old.items(list)) {
            container.set("image", before.get("image").clone());
        }
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        restore(&mut copy, old, field);
    }
    const GRACE: &str = "terminationGracePeriodSeconds";
    if old.int(GRACE) < 0 && copy.int(GRACE) == 1 {
        restore(&mut copy, old, GRACE);
    }
    gated::settle(&mut copy, old);
    copy
}

pub(super) fn restore(copy: &mut Value, old: &Value, field: &str) {
    match old.get(field) {
        Value::Null => _ = copy.remove(field),
        value => copy.set(field, value.clone()),
    }
}
