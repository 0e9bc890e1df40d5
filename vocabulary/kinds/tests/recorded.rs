//! Every sample becomes what upstream made of it, and its row shows what upstream showed.

use kinds::{Context, KindDef, builtin, metadata};
use meta::{GroupVersion, Object, Value};
use schema::Format;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const UID: &str = "00000000-0000-0000-0000-000000000000";
const NOW: &str = "2026-01-01T00:00:00Z";
/// When upstream was asked: rows of events tell the time since.
const RECORDED_EVENTS: &str = "2026-11-21T08:00:00Z";

fn samples(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nested = entries.flat_map(|path| if path.is_dir() { samples(&path) } else { vec![path] });
    nested.filter(|path| path.to_string_lossy().ends_with(".in.json")).collect()
}

fn read(path: &Path) -> Value {
    meta::parse(&fs::read(path).unwrap()).unwrap()
}

struct Case {
    def: Arc<KindDef>,
    version: String,
    /// The apiVersions between which the row converts.
    spoken: String,
    stored: String,
}

impl Case {
    fn new(rows: &[Arc<KindDef>], sample: &Value) -> Case {
        let spoken = GroupVersion::parse(sample.str("apiVersion")).unwrap();
        let is_it = |def: &&Arc<KindDef>| def.group == spoken.group && def.names.kind == sample.str("kind");
        let def = rows.iter().find(is_it).unwrap().clone();
        let stored = match &def.stored_as {
            Some(other) => other.group_version().api_version().to_string(),
            None => def.gvk(&def.storage_version().name).group_version().api_version().to_string(),
        };
        Case { def, version: spoken.version.to_string(), spoken: spoken.api_version().to_string(), stored }
    }

    fn convert(&self, value: Value, from: &str, to: &str) -> Value {
        if from == to {
            return value;
        }
        let mut value = self.def.rules.convert(value, from, to).unwrap();
        value.set("apiVersion", to);
        value
    }

    /// As the server does it: decode, default, prepare, judge.
    fn create(&self, text: &[u8]) -> Value {
        let schema = &self.def.version(&self.version).unwrap().schema;
        let mut value = schema.decode(text, Format::Json).unwrap().value;
        schema.default(&mut value);
        let mut value = self.convert(value, &self.spoken, &self.stored);
        self.def.rules.default(&mut value);
        value.set("metadata.uid", UID);
        value.set("metadata.creationTimestamp", NOW);
        if self.def.rules.has_generation() {
            value.set("metadata.generation", 1i64);
        }
        let groups = ["system:masters".to_string(), "system:authenticated".to_string()];
        let context = Context {
            def: &self.def,
            version: &self.version,
            subresource: "",
            now: NOW.parse().unwrap(),
            dry_run: false,
            user: "admin",
            groups: &groups,
        };
        self.def.rules.prepare_create(&context, &mut value);
        let mut errors = metadata::validate(&self.def, &value);
        errors.extend(self.def.rules.validate(&context, &value));
        assert!(errors.is_empty(), "{:?}: {}", self.def, errors.aggregate());
        self.def.rules.allocated(&mut value);
        value
    }
}

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
    for path in samples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let sample = read(&path);
        let answer = read(Path::new(&path.to_string_lossy().replace(".in.json", ".out.json")));
        let case = Case::new(&rows, &sample);
        let stored = case.create(&fs::read(&path).unwrap());
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
