//! Pods that a kubelet runs by itself and shows here: their spec stays as it is, and refers to nothing.

use super::super::node_restriction::MIRROR;
use crate::authz::references;
use meta::Value;

pub(super) fn is_mirror(pod: &Value) -> bool {
    !pod.at("metadata.annotations").get(MIRROR).is_null()
}

pub(super) fn check(pod: &Value) -> Result<(), &'static str> {
    if !pod.str("spec.serviceAccountName").is_empty() {
        return Err("a mirror pod may not reference service accounts");
    }
    if references::any_secret(pod) {
        return Err("a mirror pod may not reference secrets");
    }
    let mut sources = pod.items("spec.volumes").iter().flat_map(|volume| volume.items("projected.sources"));
    match sources.any(|source| !source.get("serviceAccountToken").is_null()) {
        true => Err("a mirror pod may not use ServiceAccountToken volume projections"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_mirror_pod_refers_to_nothing() {
        for (spec, allowed) in [
            (value!({}), true),
            (value!({"serviceAccountName": "a"}), false),
            (value!({"volumes": [{"secret": {"secretName": "a"}}]}), false),
            (value!({"volumes": [{"projected": {"sources": [{"serviceAccountToken": {"path": "a"}}]}}]}), false),
        ] {
            assert_eq!(check(&value!({"spec": (spec.clone())})).is_ok(), allowed, "{spec:?}");
        }
    }
}
