//! What is accepted in a pod, or in a template of pods, yet told of.

use super::app_armor;
use meta::{Cursor, Quantity, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Volumes of systems that are no more: the field, what upstream calls it here, and what became of it.
const GONE_VOLUMES: [(&str, &str, &str); 9] = [
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

const SECCOMP_OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Of the template of a workload. One that is updated is told of again once it has changed.
pub fn of_template(template: &Cursor<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
    let generation = |object: &Value| object.int("metadata.generation");
    match old.is_some_and(|old| generation(old) == generation(new)) {
        true => Vec::new(),
        false => of_new_template(template),
    }
}

pub fn of_new_template(template: &Cursor<'_>) -> Vec<String> {
    of(template, old_app_armor)
}

/// What its annotations say of AppArmor is told [before](crate::Rules::warnings_as_sent).
pub fn of_pod(pod: &Cursor<'_>) -> Vec<String> {
    of(pod, |_, _, _| ())
}

/// `old_app_armor` looks at an annotated container.
fn of(pod: &Cursor<'_>, old_app_armor: impl Fn(&Cursor<'_>, &Value, &mut Vec<String>)) -> Vec<String> {
    let (spec, mut told) = (&pod.at("spec"), Vec::new());
    unmatched_spreading(spec, &mut told);
    for volume in spec.at("volumes").items() {
        volume_gone(&volume, &mut told);
    }
    for volume in spec.at("volumes").items() {
        overlapping_paths(volume.value, &mut told);
    }
    repeated(&spec.at("hostAliases"), "ip", &mut told);
    repeated(&spec.at("imagePullSecrets"), "name", &mut told);
    let containers: Vec<Cursor<'_>> =
        ["initContainers", "containers", "ephemeralContainers"].iter().flat_map(|list| items(spec, list)).collect();
    let is_annotated = !pod.value.at("metadata.annotations").is_empty();
    if is_annotated {
        old_seccomp(pod, spec.value.get("securityContext"), SECCOMP_OF_POD, &mut told);
    }
    for container in &containers {
        if is_annotated {
            let name = format!("{SECCOMP_OF_CONTAINER}{}", container.value.str("name"));
            old_seccomp(pod, container.value.get("securityContext"), &name, &mut told);
            old_app_armor(pod, container.value, &mut told);
        }
        fractions(container, &mut told);
        hidden_variables(&container.at("env"), &mut told);
    }
    let ports: Vec<Cursor<'_>> = containers.iter().flat_map(|container| items(container, "ports")).collect();
    clashing_ports(&ports, &mut told);
    repeated_port_names(&ports, &mut told);
    let grace = spec.at("terminationGracePeriodSeconds");
    if grace.int() < 0 {
        told.push(format!("{}: must be >= 0; negative values are invalid and will be treated as 1", grace.path));
    }
    told
}

/// An annotation where a field should be.
fn old_seccomp(pod: &Cursor<'_>, context: &Value, name: &str, told: &mut Vec<String>) {
    let annotation = pod.at("metadata.annotations").key(name);
    if context.get("seccompProfile").is_null() && !annotation.is_null() {
        told.push(format!("{}: non-functional in v1.27+; use the \"seccompProfile\" field instead", annotation.path));
    }
}

fn old_app_armor(pod: &Cursor<'_>, container: &Value, told: &mut Vec<String>) {
    let annotation = pod.at("metadata.annotations").key(&format!("{}{}", app_armor::PREFIX, container.str("name")));
    let common = pod.value.at("spec.securityContext.appArmorProfile");
    let is_said_otherwise = !container.at("securityContext.appArmorProfile").is_null()
        || (!common.is_null() && app_armor::of_annotation(annotation.str()).as_ref() == Some(common));
    if !annotation.is_null() && !is_said_otherwise {
        told.push(format!("{}: deprecated since v1.30; use the \"appArmorProfile\" field instead", annotation.path));
    }
}

fn items<'v>(of: &Cursor<'v>, list: &str) -> Vec<Cursor<'v>> {
    of.at(list).items().collect()
}

const NO_SELECTOR: &str = "a null labelSelector results in matching no pod";

fn unmatched_spreading(spec: &Cursor<'_>, told: &mut Vec<String>) {
    let constraints = spec.at("topologySpreadConstraints");
    let selectors = constraints.items().map(|constraint| constraint.at("labelSelector"));
    told.extend(selectors.filter(|selector| selector.is_null()).map(|at| format!("{}: {NO_SELECTOR}", at.path)));
}

fn volume_gone(volume: &Cursor<'_>, told: &mut Vec<String>) {
    for (source, shown, what) in GONE_VOLUMES {
        if !volume.value.get(source).is_null() {
            told.push(format!("{}: {what}", volume.path.field(shown)));
        }
    }
}

/// Where a file of a volume is to lie, and whose it is in a projected one.
struct File<'v> {
    path: &'v str,
    source: String,
}

impl File<'_> {
    fn shown(&self) -> String {
        if self.source.is_empty() { format!("{:?}", self.path) } else { format!("{:?} ({})", self.path, self.source) }
    }

    fn meets(&self, other: &File<'_>) -> bool {
        let within = |inner: &str, outer: &str| format!("{inner}/").starts_with(&format!("{outer}/"));
        !self.path.is_empty()
            && !other.path.is_empty()
            && (within(self.path, other.path) || within(other.path, self.path))
    }
}

fn overlapping_paths(volume: &Value, told: &mut Vec<String>) {
    let name = volume.str("name");
    let of = |source: &Value, field: &str| format!("{:?}", source.str(field));
    let (map, secret) = (volume.get("configMap"), volume.get("secret"));
    let plain = [
        (map, format!("ConfigMap {}", of(map, "name"))),
        (secret, format!("Secret {}", of(secret, "secretName"))),
        (volume.get("downwardAPI"), "DownwardAPI".to_string()),
    ];
    for (source, what) in plain {
        overlaps(name, &what, &files(source, ""), told);
    }
    let mut all = Vec::new();
    for source in volume.items("projected.sources") {
        if source.as_map().is_none_or(meta::Map::is_empty) {
            told.push(format!("volume {name:?} (Projected) has no sources provided"));
        }
        all.extend(projected(source));
    }
    overlaps(name, "Projected", &all, told);
}

fn files<'v>(source: &'v Value, whose: &str) -> Vec<File<'v>> {
    let file = |item: &'v Value| File { path: item.str("path").trim_end_matches('/'), source: whose.to_string() };
    source.items("items").iter().map(file).collect()
}

fn projected(source: &Value) -> Vec<File<'_>> {
    let (map, secret, bundle) = (source.get("configMap"), source.get("secret"), source.get("clusterTrustBundle"));
    let mut all = files(map, &format!("ConfigMap {:?}", map.str("name")));
    all.extend(files(secret, &format!("Secret {:?}", secret.str("name"))));
    all.extend(files(source.get("downwardAPI"), "DownwardAPI"));
    let signer = if bundle.get("name").is_null() { bundle.str("signerName") } else { bundle.str("name") };
    let single = [
        ("serviceAccountToken.path", "ServiceAccountToken".to_string()),
        ("clusterTrustBundle.path", format!("ClusterTrustBundle {signer:?}")),
        ("podCertificate.certificateChainPath", "PodCertificate chain".to_string()),
        ("podCertificate.keyPath", "PodCertificate key".to_string()),
        ("podCertificate.credentialBundlePath", "PodCertificate credential bundle".to_string()),
    ];
    let file = |(at, whose)| File { path: source.str(at).trim_end_matches('/'), source: whose };
    all.extend(single.map(file).into_iter().filter(|file| !file.path.is_empty()));
    all
}

fn overlaps(volume: &str, what: &str, files: &[File<'_>], told: &mut Vec<String>) {
    for (index, file) in files.iter().enumerate() {
        for known in files[..index].iter().filter(|known| known.meets(file)) {
            let both = format!("{} with {}", file.shown(), known.shown());
            told.push(format!("volume {volume:?} ({what}): overlapping paths: {both}"));
        }
    }
}

fn repeated(list: &Cursor<'_>, field: &str, told: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for at in list.items().map(|item| item.at(field)) {
        if !seen.insert(at.str().to_string()) {
            told.push(format!("{}: duplicate {field} {:?}", at.path, at.str()));
        }
    }
}

fn fractions(container: &Cursor<'_>, told: &mut Vec<String>) {
    for (list, resource) in [
        ("limits", "memory"),
        ("requests", "memory"),
        ("limits", "ephemeral-storage"),
        ("requests", "ephemeral-storage"),
    ] {
        let at = container.at("resources").at(list);
        let given = at.value.get(resource).as_str().unwrap_or_default();
        if Quantity::parse(given).is_ok_and(|quantity| quantity.milli_value() % 1000 != 0) {
            let path = at.path.key(resource);
            told.push(format!("{path}: fractional byte value {given:?} is invalid, must be an integer"));
        }
    }
}

/// A name that is given a value anew, without a word of the old one.
fn hidden_variables(env: &Cursor<'_>, told: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for variable in env.items() {
        let name = variable.at("name").str().to_string();
        let reference = format!("$({name})");
        let value = variable.at("value").str().to_string();
        let extends = variable.at("valueFrom").is_null() && value != reference && value.contains(&reference);
        if seen.contains(&name) && !extends {
            told.push(format!(
                "{}: hides previous definition of {name:?}, which may be dropped when using apply",
                variable.path
            ));
        }
        seen.insert(name);
    }
}

fn clashing_ports(ports: &[Cursor<'_>], told: &mut Vec<String>) {
    let mut known: BTreeMap<(i64, String), Vec<&Cursor<'_>>> = BTreeMap::new();
    for port in ports {
        let others = known.entry((port.at("containerPort").int(), port.at("protocol").str().to_string())).or_default();
        for other in others.iter() {
            if let Some(word) = clash(port, other) {
                told.push(format!("{}: {word} port definition with {}", port.path, other.path));
            }
        }
        others.push(port);
    }
}

fn clash(port: &Cursor<'_>, other: &Cursor<'_>) -> Option<&'static str> {
    let of = |port: &Cursor<'_>| (port.at("hostIP").str().to_string(), port.at("hostPort").int());
    let ((ip, host), (other_ip, other_host)) = (of(port), of(other));
    match () {
        () if ip == other_ip && host == other_host => Some("duplicate"),
        () if host == 0 || other_host == 0 => Some("overlapping"),
        () if host == other_host && ip.is_empty() != other_ip.is_empty() => Some("dangerously ambiguous"),
        () => None,
    }
}

fn repeated_port_names(ports: &[Cursor<'_>], told: &mut Vec<String>) {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for port in ports {
        let name = port.at("name").str().to_string();
        match known.get(&name) {
            _ if name.is_empty() => {}
            Some(other) => told.push(format!(
                "{}: duplicate port name {name:?} with {other}, services and probes that select ports by name will use {other}",
                port.path
            )),
            None => _ = known.insert(name, port.path.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{of_new_template, of_pod};
    use meta::{Cursor, value};

    #[test]
    fn what_clashes_is_told() {
        let spec = value!({
            "containers": [{
                "name": "a",
                "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}, {"name": "A", "value": "3"}],
                "ports": [{"containerPort": 80i64, "protocol": "TCP"}, {"containerPort": 80i64, "protocol": "TCP"}],
            }],
            "volumes": [
                {"name": "p", "projected": {"sources": [{}]}},
                {"name": "c", "configMap": {"name": "m", "items": [{"path": "a/b"}, {"path": "a"}]}},
            ],
        });
        let pod = value!({"spec": spec});
        let told = of_pod(&Cursor::root(&pod));
        assert_eq!(
            told,
            [
                "volume \"p\" (Projected) has no sources provided",
                "volume \"c\" (ConfigMap \"m\"): overlapping paths: \"a\" with \"a/b\"",
                "spec.containers[0].env[2]: hides previous definition of \"A\", which may be dropped when using apply",
                "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
            ]
        );
    }

    #[test]
    fn annotations_before_fields_are_told_of_templates() {
        let template = value!({
            "metadata": {"annotations": {
                "container.apparmor.security.beta.kubernetes.io/a": "unconfined",
                "container.seccomp.security.alpha.kubernetes.io/b": "runtime/default",
                "seccomp.security.alpha.kubernetes.io/pod": "runtime/default",
            }},
            "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
        });
        const SECCOMP: &str = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
        let of_pod_alone = [
            format!("metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: {SECCOMP}"),
            format!("metadata.annotations[container.seccomp.security.alpha.kubernetes.io/b]: {SECCOMP}"),
        ];
        assert_eq!(of_pod(&Cursor::root(&template)), of_pod_alone);
        let app_armor = "metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]: deprecated since v1.30; use the \"appArmorProfile\" field instead";
        let [first, last] = &of_pod_alone;
        assert_eq!(of_new_template(&Cursor::root(&template)), [first, app_armor, last]);
    }
}
