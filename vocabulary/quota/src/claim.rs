//! What a PersistentVolumeClaim takes: itself, its storage, and both of its class.

use crate::amounts::{Amounts, of_list};
use crate::one;
use meta::{Quantity, Value};

const OF_CLASS: &str = ".storageclass.storage.k8s.io/";
const LEGACY_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub(crate) fn tracks(name: &str) -> bool {
    matches!(name, "persistentvolumeclaims" | "requests.storage") || name.contains(OF_CLASS)
}

pub(crate) fn usage(claim: &Value) -> Amounts {
    let asked = of_list(claim.at("spec.resources.requests")).get("storage").copied();
    // A claim that was expanded holds the larger of what it asks for and what it was given.
    let given = of_list(claim.at("status.allocatedResources")).get("storage").copied();
    let storage = asked.max(given);
    let mut used = Amounts::from([("persistentvolumeclaims".into(), one())]);
    let mut add = |prefix: &str| {
        used.insert(format!("{prefix}persistentvolumeclaims").into(), one());
        if let Some(storage) = storage {
            used.insert(format!("{prefix}requests.storage").into(), Quantity::clone(&storage));
        }
    };
    add("");
    let legacy = claim.at("metadata.annotations").get(LEGACY_CLASS).as_str().unwrap_or("");
    match if legacy.is_empty() { claim.str("spec.storageClassName") } else { legacy } {
        "" => {}
        class => add(&format!("{class}{OF_CLASS}")),
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amounts::shown;
    use meta::value;

    #[test]
    fn claims_are_charged_for_their_class_too() {
        let claim = value!({"spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "1Gi"}}}});
        let expect = "gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,\
            gold.storageclass.storage.k8s.io/requests.storage=1Gi,persistentvolumeclaims=1,requests.storage=1Gi";
        assert_eq!(shown(&usage(&claim)), expect);
    }
}
