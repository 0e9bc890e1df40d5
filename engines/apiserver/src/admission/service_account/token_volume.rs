//! The volume through which a pod reaches the API: a token, the authority's certificate, the namespace's name.

use meta::{Value, value};

const PREFIX: &str = "kube-api-access-";
const PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Tokens asked for with this lifetime are extended by the server, see the answer to token requests.
const LIFETIME: i64 = 60 * 60 + 7;
const MODE: i64 = 0o644;

/// Mounts the volume into every container that has nothing at its path; adds it where it is not there yet.
pub(super) fn mount(pod: &mut Value, suffix: impl FnOnce() -> String) {
    let volumes = pod.items("spec.volumes").iter().map(|volume| volume.str("name"));
    let existing = volumes.into_iter().find(|name| name.starts_with(PREFIX)).map(str::to_string);
    let name = existing.clone().unwrap_or_else(|| format!("{PREFIX}{}", suffix()));
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        let Some(containers) = pod.at_mut("spec").and_then(|spec| spec.as_map_mut()?.get_mut(list)?.as_list_mut())
        else {
            continue;
        };
        for container in containers {
            mounted |= mount_into(container, &name);
        }
    }
    if mounted && existing.is_none() {
        let mut volumes = pod.items("spec.volumes").to_vec();
        volumes.push(volume(&name));
        pod.set("spec.volumes", volumes);
    }
}

fn mount_into(container: &mut Value, name: &str) -> bool {
    let mut mounts = container.items("volumeMounts").to_vec();
    if mounts.iter().any(|mount| mount.str("mountPath") == PATH) {
        return false;
    }
    mounts.push(value!({"name": name, "readOnly": true, "mountPath": PATH}));
    container.set("volumeMounts", mounts);
    true
}

fn volume(name: &str) -> Value {
    value!({"name": name, "projected": {"defaultMode": MODE, "sources": [
        {"serviceAccountToken": {"expirationSeconds": LIFETIME, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [
            {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
        ]}},
    ]}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pod: &Value) -> Vec<String> {
        pod.items("spec.volumes").iter().map(|volume| volume.str("name").to_string()).collect()
    }

    #[test]
    fn every_container_gets_the_volume() {
        let mut pod =
            value!({"spec": {"initContainers": [{"name": "i"}], "containers": [{"name": "a"}, {"name": "b"}]}});
        mount(&mut pod, || "abcde".into());
        assert_eq!(names(&pod), ["kube-api-access-abcde"]);
        for list in ["spec.initContainers", "spec.containers"] {
            for container in pod.items(list) {
                assert_eq!(container.items("volumeMounts")[0].str("name"), "kube-api-access-abcde");
            }
        }
    }

    #[test]
    fn what_is_there_stays() {
        let own = value!({"spec": {"containers": [{"volumeMounts": [{"name": "x", "mountPath": PATH}]}]}});
        let made = value!({"spec": {"containers": [{}], "volumes": [{"name": "kube-api-access-zzzzz"}]}});
        for (mut pod, expect) in [(own, vec![]), (made, vec!["kube-api-access-zzzzz"])] {
            mount(&mut pod, || "abcde".into());
            assert_eq!(names(&pod), expect);
        }
    }
}
