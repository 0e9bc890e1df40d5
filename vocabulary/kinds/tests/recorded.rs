//! Every sample becomes what upstream made of it, and its row shows what upstream showed.

mod server;

use kinds::builtin;
use meta::{Object, Value};
use server::{NOW, Server, files, read, source};
use std::fs;
use std::path::Path;

/// When upstream was asked: rows of events tell the time since.
const RECORDED_EVENTS: &str = "2026-11-21T08:00:00Z";

/// What admission adds upstream, and what only a connection knows of its user.
const ADMITTED: &[(&str, &str)] = &[
    ("Pod", "spec.priority"),
    ("Pod", "spec.preemptionPolicy"),
    ("Pod", "spec.imagePullSecrets"),
    ("PersistentVolume", "metadata.finalizers"),
    ("PersistentVolumeClaim", "metadata.finalizers"),
    ("VolumeAttributesClass", "metadata.finalizers"),
    ("CertificateSigningRequest", "spec.extra"),
];

fn without_admission(mut object: Value) -> Value {
    let kind = object.str("kind").to_string();
    for (_, path) in ADMITTED.iter().filter(|(of, _)| *of == kind) {
        object.remove(path);
    }
    if object.str("kind") == "Node" {
        let taints = object.at_mut("spec.taints").and_then(Value::as_list_mut).unwrap();
        taints.retain(|taint| taint.str("key") != "node.kubernetes.io/not-ready");
    }
    object
}

fn text(value: &Value) -> String {
    let bytes = Object::canonical(value);
    let pretty: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    serde_json::to_string_pretty(&pretty).unwrap()
}

#[test]
fn samples_become_what_upstream_made_of_them() {
    let rows = builtin();
    let mut failures = Vec::new();
    let is_sample = |path: &Path| path.to_string_lossy().ends_with(".in.json") && !path.ends_with("refused.in.json");
    for path in files(&source(), &is_sample) {
        let sample = read(&path);
        let answer = read(Path::new(&path.to_string_lossy().replace(".in.json", ".out.json")));
        let case = Server::of(&rows, &sample);
        let (stored, errors) = case.create(&fs::read(&path).unwrap()).unwrap();
        assert!(errors.is_empty(), "{}: {}", path.display(), errors.aggregate());
        let now = if case.def.names.kind == "Event" { RECORDED_EVENTS } else { NOW };
        let cells = Value::List(case.def.rules.cells(&stored, now.parse().unwrap()));
        let served = case.convert(stored, &case.stored, &case.spoken);
        let (ours, theirs) = (text(&served), text(&without_admission(answer.get("object").clone())));
        if ours != theirs {
            failures.push(format!("{}\n{}", path.display(), difference(&ours, &theirs)));
        }
        if &cells != answer.get("cells") {
            failures.push(format!("{}\n  ours {cells}\n  upstream {}", path.display(), answer.get("cells")));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

/// The lines that only one of two texts has.
fn difference(ours: &str, theirs: &str) -> String {
    let lacks =
        |text: &str, line: &str| !text.lines().any(|known| known.trim_end_matches(',') == line.trim_end_matches(','));
    let only = |mark: &str, text: &str, other: &str| -> Vec<String> {
        text.lines().filter(|line| lacks(other, line)).map(|line| format!("  {mark} {line}")).collect()
    };
    [only("ours", ours, theirs), only("upstream", theirs, ours)].concat().join("\n")
}
