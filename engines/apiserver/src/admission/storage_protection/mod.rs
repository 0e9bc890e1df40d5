//! Volumes, claims and attribute classes are held from their creation on, so that none vanishes while in use; the
//! controller of the same name lets go of what nothing uses.

use super::{Admitting, Operation, Plugin};
use futures::future::BoxFuture;
use meta::{Status, Value};

pub(super) struct StorageObjectInUseProtection;

const HELD: &[(&str, &str, &str)] = &[
    ("", "persistentvolumes", "kubernetes.io/pv-protection"),
    ("", "persistentvolumeclaims", "kubernetes.io/pvc-protection"),
    ("storage.k8s.io", "volumeattributesclasses", "kubernetes.io/vac-protection"),
];

fn finalizer(on: &Admitting<'_>) -> Option<&'static str> {
    HELD.iter().find(|(group, resource, _)| on.is(group, resource)).map(|(_, _, finalizer)| *finalizer)
}

impl Plugin for StorageObjectInUseProtection {
    fn name(&self) -> &'static str {
        "StorageObjectInUseProtection"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation == Operation::Create && finalizer(on).is_some()
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            finalizer(on).into_iter().for_each(|finalizer| hold(object, finalizer));
            Ok(())
        })
    }
}

fn hold(object: &mut Value, finalizer: &str) {
    let mut finalizers = object.items("metadata.finalizers").to_vec();
    if !finalizers.iter().any(|known| known.as_str() == Some(finalizer)) {
        finalizers.push(finalizer.into());
        object.set("metadata.finalizers", finalizers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_new_object_is_held_once() {
        for (given, expect) in [(value!([]), 1), (value!(["other"]), 2), (value!(["a/b", "held"]), 2)] {
            let mut object = value!({"metadata": {"finalizers": (given.clone())}});
            hold(&mut object, "held");
            assert_eq!(object.items("metadata.finalizers").len(), expect, "{given:?}");
        }
    }
}
