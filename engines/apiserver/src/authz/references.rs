//! Which Secrets, ConfigMaps and claims a pod names.

use meta::Value;

/// Kinds of volumes that name a Secret in a field of their own.
const SECRETS_OF_VOLUMES: [&str; 10] = [
    "secret.secretName",
    "secret.name",
    "azureFile.secretName",
    "cephfs.secretRef.name",
    "csi.nodePublishSecretRef.name",
    "flexVolume.secretRef.name",
    "iscsi.secretRef.name",
    "rbd.secretRef.name",
    "scaleIO.secretRef.name",
    "storageos.secretRef.name",
];

/// The volumes of a pod and what is projected into them.
fn sources(pod: &Value) -> impl Iterator<Item = &Value> {
    let volumes = pod.items("spec.volumes");
    volumes.iter().chain(volumes.iter().flat_map(|volume| volume.items("projected.sources")))
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"].into_iter().flat_map(|list| pod.items(list))
}

fn secret_names(pod: &Value) -> impl Iterator<Item = &str> {
    let pull = pod.items("spec.imagePullSecrets").iter().map(|secret| secret.str("name"));
    let volumes = sources(pod).flat_map(|source| SECRETS_OF_VOLUMES.iter().map(|field| source.str(field)));
    let names = pull.chain(volumes).chain(environment(pod, "secretRef", "secretKeyRef"));
    names.filter(|name| !name.is_empty())
}

fn config_map_names(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = sources(pod).map(|source| source.str("configMap.name"));
    volumes.chain(environment(pod, "configMapRef", "configMapKeyRef")).filter(|name| !name.is_empty())
}

fn environment<'a>(pod: &'a Value, whole: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    containers(pod).flat_map(move |container| {
        let from = container.items("envFrom").iter().map(move |from| from.get(whole).str("name"));
        from.chain(container.items("env").iter().map(move |env| env.at("valueFrom").get(key).str("name")))
    })
}

pub fn secrets(pod: &Value, name: &str) -> bool {
    secret_names(pod).any(|own| own == name)
}

pub fn config_maps(pod: &Value, name: &str) -> bool {
    config_map_names(pod).any(|own| own == name)
}

pub fn claims(pod: &Value, name: &str) -> bool {
    sources(pod).any(|source| source.str("persistentVolumeClaim.claimName") == name)
}

pub fn any_secret(pod: &Value) -> bool {
    secret_names(pod).next().is_some()
}

pub fn any_config_map(pod: &Value) -> bool {
    config_map_names(pod).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_pod_refers_to_what_it_names() {
        let pod = value!({"spec": {
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [{"secret": {"secretName": "s"}}, {"projected": {"sources": [{"configMap": {"name": "c"}}]}},
                {"persistentVolumeClaim": {"claimName": "p"}}],
            "containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "k"}}}], "envFrom": [{"configMapRef": {"name": "e"}}]}],
        }});
        type Refers = fn(&Value, &str) -> bool;
        let cases: [(Refers, &str, bool); 8] = [
            (secrets, "pull", true),
            (secrets, "s", true),
            (secrets, "k", true),
            (secrets, "c", false),
            (config_maps, "c", true),
            (config_maps, "e", true),
            (config_maps, "s", false),
            (claims, "p", true),
        ];
        for (refers, name, expect) in cases {
            assert_eq!(refers(&pod, name), expect, "{name}");
        }
    }
}
