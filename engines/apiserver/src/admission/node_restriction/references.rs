//! Which other objects a pod refers to. A mirror pod shows what a kubelet runs anyway, so it may name none: a kubelet
//! could read through it what it has no business with.

use crate::authz::references;
use meta::Value;

const VOLUMES: [(&str, &str); 7] = [
    ("configMap", "configmaps (via configmap volumes)"),
    ("secret", "secrets (via secret volumes)"),
    ("csi", "csidrivers (via CSI volumes)"),
    ("glusterfs", "endpoints (via glusterFS volumes)"),
    ("persistentVolumeClaim", "persistentvolumeclaims"),
    ("ephemeral", "persistentvolumeclaims (via ephemeral volumes)"),
    ("azureFile", "secrets (via azureFile volumes)"),
];
const PROJECTED: [(&str, &str); 5] = [
    ("configMap", "configmaps (via projected volumes)"),
    ("secret", "secrets (via projected volumes)"),
    ("serviceAccountToken", "serviceaccounts (via projected volumes)"),
    ("clusterTrustBundle", "clustertrustbundles"),
    ("podCertificate", "podcertificates"),
];

/// The first resource that the pod refers to, in upstream's words.
pub(super) fn first(pod: &Value) -> Option<&'static str> {
    if !pod.str("spec.serviceAccountName").is_empty() {
        return Some("serviceaccounts");
    }
    if references::any_secret(pod) {
        return Some("secrets");
    }
    if references::any_config_map(pod) {
        return Some("configmaps");
    }
    if !pod.items("spec.resourceClaims").is_empty() {
        return Some("resourceclaims");
    }
    pod.items("spec.volumes").iter().find_map(of_volume)
}

fn of_volume(volume: &Value) -> Option<&'static str> {
    let named = |table: &[(&str, &'static str)], source: &Value| {
        table.iter().find(|(field, _)| !source.get(field).is_null()).map(|(_, words)| *words)
    };
    named(&VOLUMES, volume)
        .or_else(|| volume.items("projected.sources").iter().find_map(|source| named(&PROJECTED, source)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn references_are_found() {
        for (spec, expect) in [
            (value!({"volumes": [{"hostPath": {"path": "/x"}}, {"emptyDir": {}}]}), None),
            (value!({"volumes": [{"projected": {"sources": [{"downwardAPI": {}}]}}]}), None),
            (value!({"serviceAccountName": "a"}), Some("serviceaccounts")),
            (value!({"imagePullSecrets": [{"name": "a"}]}), Some("secrets")),
            (value!({"volumes": [{"secret": {"secretName": "a"}}]}), Some("secrets")),
            (value!({"containers": [{"envFrom": [{"configMapRef": {"name": "a"}}]}]}), Some("configmaps")),
            (value!({"resourceClaims": [{"name": "a"}]}), Some("resourceclaims")),
            (value!({"volumes": [{"persistentVolumeClaim": {"claimName": "a"}}]}), Some("persistentvolumeclaims")),
            (
                value!({"volumes": [{"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]}),
                Some("serviceaccounts (via projected volumes)"),
            ),
        ] {
            assert_eq!(first(&value!({"spec": (spec.clone())})), expect, "{spec:?}");
        }
    }
}
