//! What reaches out of a simulation is taken out of manifests: its containers have no network that a probe or a hook
//! could ask over, and the directories of the machine below are not theirs.

use meta::Value;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const OVER_NETWORK: [&str; 3] = ["httpGet", "tcpSocket", "grpc"];
const HOOKS: [&str; 2] = ["postStart", "preStop"];
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Says what was changed.
pub fn tame(manifest: &mut Value) -> Vec<String> {
    let whose = format!("{} {}", manifest.str("kind"), manifest.str("metadata.name"));
    let mut notes = Vec::new();
    walk(manifest, &mut notes);
    notes.dedup();
    notes.into_iter().map(|note| format!("{whose}: {note}")).collect()
}

/// A map with containers is a pod's spec, wherever its template stands.
fn walk(value: &mut Value, notes: &mut Vec<String>) {
    if !value.items("containers").is_empty() {
        return tame_pod(value, notes);
    }
    if let Value::Map(fields) = value {
        fields.iter_mut().for_each(|(_, field)| walk(field, notes));
    }
}

fn tame_pod(spec: &mut Value, notes: &mut Vec<String>) {
    for list in CONTAINERS {
        for container in spec.at_mut(list).and_then(Value::as_list_mut).into_iter().flatten() {
            tame_container(container, notes);
        }
    }
    for volume in spec.at_mut("volumes").and_then(Value::as_list_mut).into_iter().flatten() {
        if volume.remove("hostPath").is_some() {
            volume.set("emptyDir", Value::map());
            notes.push(format!("volume {} is an empty directory", volume.str("name")));
        }
    }
}

fn tame_container(container: &mut Value, notes: &mut Vec<String>) {
    let name = container.str("name").to_owned();
    let asks = |over: &Value| OVER_NETWORK.iter().any(|way| !over.get(way).is_null());
    for probe in PROBES {
        if asks(container.get(probe)) {
            container.remove(probe);
            notes.push(format!("{probe} of {name} is left out"));
        }
    }
    for hook in HOOKS {
        if asks(container.get("lifecycle").get(hook)) {
            container.at_mut("lifecycle").map(|lifecycle| lifecycle.remove(hook));
            notes.push(format!("{hook} of {name} is left out"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(manifest: &str, left: &str, notes: &[&str]) {
        let mut value = schema::yaml::parse(manifest.as_bytes()).expect("it is YAML").value;
        let told = tame(&mut value);
        let left = schema::yaml::parse(left.as_bytes()).expect("it is YAML").value;
        assert_eq!((value, told), (left, notes.iter().map(|note| (*note).to_owned()).collect()), "{manifest}");
    }

    #[test]
    fn what_reaches_out_is_taken_out() {
        check(
            "{kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, livenessProbe: {httpGet: {port: 1}}, \
             readinessProbe: {exec: {command: [x]}}}]}}",
            "{kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, readinessProbe: {exec: {command: [x]}}}]}}",
            &["Pod a: livenessProbe of c is left out"],
        );
        check(
            "{kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, \
             lifecycle: {preStop: {httpGet: {port: 1}}}}], volumes: [{name: v, hostPath: {path: /}}]}}}}}}",
            "{kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, \
             lifecycle: {}}], volumes: [{name: v, emptyDir: {}}]}}}}}}",
            &["CronJob a: preStop of c is left out", "CronJob a: volume v is an empty directory"],
        );
    }
}
