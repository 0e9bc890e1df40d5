//! A cluster written in lines, such as
//!
//! `node a cpu=4 memory=8Gi label:zone=x taint:key=value:NoSchedule cordoned`
//! `pod p cpu=1 label:app=web on=a spec {"nodeSelector": {"zone": "x"}}`

use jiff::{SignedDuration, Timestamp};
use meta::{CompactString, Gvr, Key, Object, Value, parse, value};
use plan::Change;
use scheduler::{Decision, Outcome, Profile, Scheduler};
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct Stage {
    pub scheduler: Scheduler,
    objects: BTreeMap<(String, Key), Arc<Object>>,
    now: Timestamp,
    made: u64,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage::with(Profile::default())
    }
}

impl Stage {
    pub fn with(profile: Profile) -> Stage {
        let now = Timestamp::from_second(1_000_000).unwrap();
        Stage { scheduler: Scheduler::new(profile), objects: BTreeMap::new(), now, made: 0 }
    }

    pub fn of(lines: &str) -> Stage {
        let mut stage = Stage::default();
        stage.put_all(lines);
        stage
    }

    pub fn put_all(&mut self, lines: &str) {
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| self.put(line));
    }

    /// Creates or changes what a line describes.
    pub fn put(&mut self, line: &str) {
        let (resource, mut object) = read(line);
        let key = Key::new(object.str("metadata.namespace"), object.str("metadata.name"));
        let old = self.objects.get(&(resource.clone(), key.clone())).cloned();
        self.made += 1;
        let uid = old.as_ref().map_or_else(|| format!("uid-{}", self.made).into(), |old| old.header.uid.clone());
        object.set("metadata.uid", uid);
        object.set("metadata.resourceVersion", self.made.to_string());
        let new = Arc::new(Object::from_value(&object).unwrap());
        self.objects.insert((resource.clone(), key.clone()), new.clone());
        self.change(&resource, key, old, Some(new));
    }

    pub fn remove(&mut self, resource: &str, name: &str) {
        let key = if resource == "pods" { Key::new("default", name) } else { Key::cluster(name) };
        let old = self.objects.remove(&(resource.to_owned(), key.clone()));
        assert!(old.is_some(), "{name} is there to be removed");
        self.change(resource, key, old, None);
    }

    fn change(&mut self, resource: &str, key: Key, old: Option<Arc<Object>>, new: Option<Arc<Object>>) {
        let change = Change { resource: Gvr::new("", "v1", resource), key, old, new };
        self.scheduler.apply(&change, self.now).unwrap();
    }

    pub fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub fn next(&mut self) -> Option<Decision> {
        self.scheduler.next(self.now, 0)
    }

    /// Decides about all that can be decided about now.
    pub fn run(&mut self) -> Vec<(CompactString, String)> {
        let mut told = Vec::new();
        while let Some(decision) = self.next() {
            told.push((decision.pod.object.header.name.clone(), outcome(&decision)));
        }
        told
    }

    pub fn fail(&mut self, decision: &Decision) {
        self.scheduler.binding_failed(&decision.pod, self.now);
    }
}

/// The node, or the message.
pub fn outcome(decision: &Decision) -> String {
    match &decision.outcome {
        Outcome::Placed { node, .. } => node.to_string(),
        Outcome::Refused { message } => message.clone(),
        Outcome::Leaving => "leaving".into(),
    }
}

/// Where the pod of the last line goes, or why it goes nowhere.
pub fn check(cluster: &str, pod: &str, expect: &str) {
    let mut stage = Stage::of(cluster);
    stage.run();
    stage.put(pod);
    let told = stage.run();
    assert_eq!(told.len(), 1, "{pod}");
    assert_eq!(told[0].1, expect, "{pod}\non\n{cluster}");
}

fn read(line: &str) -> (String, Value) {
    let (words, spec) = line.split_once(" spec ").unwrap_or((line, "{}"));
    let mut words = words.split_whitespace();
    let (kind, name) = (words.next().unwrap(), words.next().unwrap());
    let spec = parse(spec.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error:?}"));
    let object = match kind {
        "node" => node(name, words, spec),
        "pod" => pod(name, words, spec),
        "service" => other("v1", "Service", "default", name, words, spec),
        "replicaset" => other("apps/v1", "ReplicaSet", "default", name, words, spec),
        "namespace" => other("v1", "Namespace", "", name, words, spec),
        "budget" => return ("poddisruptionbudgets".into(), budget(name, words, spec)),
        _ => panic!("{line}"),
    };
    (format!("{kind}s"), object)
}

fn other<'a>(
    version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
    words: impl Iterator<Item = &'a str>,
    spec: Value,
) -> Value {
    let mut object = value!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec});
    if !namespace.is_empty() {
        object.set("metadata.namespace", namespace);
    }
    words.for_each(|word| label(&mut object, word));
    object
}

fn budget<'a>(name: &str, words: impl Iterator<Item = &'a str>, spec: Value) -> Value {
    let mut budget = other("policy/v1", "PodDisruptionBudget", "default", name, std::iter::empty(), spec);
    for word in words {
        let allowed = word.strip_prefix("allowed=").and_then(|text| text.parse::<i64>().ok()).expect(word);
        budget.set("status.disruptionsAllowed", allowed);
    }
    budget
}

fn label(object: &mut Value, word: &str) {
    let (key, value) = word.strip_prefix("label:").and_then(|pair| pair.split_once('=')).expect(word);
    *object.entry("metadata").entry("labels").entry(key) = value.into();
}

fn node<'a>(name: &str, words: impl Iterator<Item = &'a str>, spec: Value) -> Value {
    let mut node = value!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": spec,
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
    });
    let (mut taints, mut images) = (Vec::new(), Vec::new());
    for word in words {
        match word.split_once('=') {
            _ if word == "cordoned" => node.set("spec.unschedulable", true),
            _ if word.starts_with("label:") => label(&mut node, word),
            _ if word.starts_with("taint:") => taints.push(taint(&word["taint:".len()..])),
            Some(("image", image)) => images.push(value!({"names": [image], "sizeBytes": 500_000_000_i64})),
            Some((resource, amount)) => *node.entry("status").entry("allocatable").entry(resource) = amount.into(),
            None => panic!("{word}"),
        }
    }
    node.set("spec.taints", taints);
    node.set("status.images", images);
    node
}

fn taint(text: &str) -> Value {
    let (pair, effect) = text.rsplit_once(':').unwrap();
    let (key, value) = pair.split_once('=').unwrap();
    value!({"key": key, "value": value, "effect": effect})
}

fn pod<'a>(name: &str, words: impl Iterator<Item = &'a str>, mut spec: Value) -> Value {
    let (mut metadata, mut status) = (value!({"metadata": {"name": name, "namespace": "default"}}), Value::map());
    let mut container = value!({"name": "c", "image": "i", "resources": {}});
    spec.set_if_absent("schedulerName", "default-scheduler");
    for word in words {
        match word.split_once('=') {
            _ if word == "leaving" => metadata.set("metadata.deletionTimestamp", "2026-01-01T00:00:00Z"),
            _ if word == "ended" => status.set("phase", "Succeeded"),
            _ if word.starts_with("label:") => label(&mut metadata, word),
            Some(("on", node)) => spec.set("nodeName", node),
            Some(("image", image)) => container.set("image", image),
            Some(("started", time)) => status.set("startTime", time),
            Some(("priority", priority)) => spec.set("priority", priority.parse::<i64>().unwrap()),
            Some(("namespace", namespace)) => metadata.set("metadata.namespace", namespace),
            Some(("port", port)) => {
                container.set("ports", vec![value!({"hostPort": (port.parse::<i64>().unwrap()), "protocol": "TCP"})])
            }
            Some(("owner", replica_set)) => {
                let owner =
                    value!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": replica_set, "controller": true});
                metadata.set("metadata.ownerReferences", vec![owner]);
            }
            Some((resource, amount)) => {
                *container.entry("resources").entry("requests").entry(resource) = amount.into();
            }
            None => panic!("{word}"),
        }
    }
    spec.set("containers", vec![container]);
    let metadata = metadata.get("metadata").clone();
    value!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status})
}
