//! Histories of one custom object under several managers, as upstream has lived them.
//!
//! Each line of the recording is a step: what was sent, the answer's code, and then the object and its owners
//! (manager, operation, whether there is a time, fields) or the message.

use super::*;
use crate::Schema;
use crate::sketch::sketch;
use meta::{Gvk, Time, Value, value};
use std::collections::BTreeMap;

const THING: &str = "
Thing
  apiVersion string
  kind string
  metadata Meta
  spec Spec
  status Status
Meta
  name string
  namespace string
  uid string
  resourceVersion string
  labels map string
  annotations map string
  finalizers set string
Spec
  replicas int
  items list(name) Item
  ports list(port,protocol) Port
  tags set string
  atoms list string
  whole Whole
  table map Row
  flags map string
  inner Inner
  free Free
Item
  name string
  image string
  env list(name) Env
  args list string
Env
  name string
  value string
Port
  port int
  protocol string default=\"TCP\"
  name string
Whole atomic
  a string
  b string
Row
  a string
  b string
Inner
  a string
  deep Deep
Deep
  x string
  y string
Free keep
Status
  replicas int
  conditions list(type) Condition
Condition
  type string
  status string
";

/// The same kind in another version: what was one value is fields, and the reverse.
const TWO_V1: &str = "
Two
  apiVersion string
  kind string
  metadata Meta
  spec Spec
Meta
  name string
  uid string
  resourceVersion string
  labels map string
Spec
  replicas int
  items list(name) Item
  tags set string
  whole Whole
  inner Inner
  flags map string
Item
  name string
  image string
  args list string
Whole atomic
  a string
  b string
Inner
  a string
  deep Deep
Deep
  x string
  y string
";

#[test]
fn histories_go_as_upstreams_went() {
    check(include_str!("../../testdata/apply-scenarios.jsonl"), &|_| sketch(THING));
}

#[test]
fn owners_of_two_versions_meet() {
    check(include_str!("../../testdata/apply-versions.jsonl"), &|step| {
        let other = TWO_V1.replace("tags set string", "tags list string").replace("Whole atomic", "Whole");
        sketch(if step.str("version") == "v2" { &other } else { TWO_V1 })
    });
}

#[test]
fn owners_follow_a_schema_that_changes() {
    check(include_str!("../../testdata/apply-shifts.jsonl"), &|step| {
        let atomic = TWO_V1
            .replace("items list(name)", "items list")
            .replace("tags set", "tags list")
            .replace("Inner\n  a", "Inner atomic\n  a")
            .replace("flags map", "flags atomicmap");
        sketch(if step.str("schema") == "atomic" { &atomic } else { TWO_V1 })
    });
}

/// Replays every history up to its first difference.
fn check(recorded: &str, schema_of: &dyn Fn(&Value) -> Schema) {
    let (mut live, mut scenario, mut broken) = (None, Value::Null, false);
    let mut wrong = Vec::new();
    for line in recorded.lines() {
        let step = meta::parse(line.as_bytes()).unwrap();
        if *step.get("scenario") != scenario {
            (live, scenario, broken) = (None, step.get("scenario").clone(), false);
        }
        if broken {
            continue;
        }
        if let Err(why) = replay(schema_of, &mut live, &step) {
            wrong.push(format!("{line}\n  {why}"));
            broken = true;
        }
    }
    assert!(wrong.is_empty(), "{} histories differ:\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n"));
}

/// Versions between which conversion only renames.
struct Renamed<'a>(&'a dyn Fn(&Value) -> Schema);

impl Versions for Renamed<'_> {
    fn schema(&self, api_version: &str) -> Option<Schema> {
        let (_, version) = api_version.split_once('/')?;
        Some(self.0(&value!({"version": version})))
    }

    fn convert(&self, mut object: Value, _: &str, to: &str) -> Result<Value, String> {
        object.set("apiVersion", to);
        Ok(object)
    }

    fn reset(&self, _: &str) -> Option<&Set> {
        None
    }
}

fn replay(schema_of: &dyn Fn(&Value) -> Schema, live: &mut Option<Value>, step: &Value) -> Result<(), String> {
    let version = if step.get("version").is_null() { "v1" } else { step.str("version") };
    let (schema, versions) = (schema_of(step), Renamed(schema_of));
    let gvk = Gvk::new("patch.test", version, "Thing");
    let resource = Resource { schema: &schema, gvk: &gvk, subresource: "", versions: &versions };
    let now = Time::from_second(1_767_323_045).unwrap();
    let mut body = step.get("body").clone();
    name(&mut body, step, version);
    if let Some(live) = live {
        name(live, step, version);
    }
    let manager = step.str("manager");
    let mut object = if step.str("do") == "apply" {
        match resource.apply(live.as_ref(), &body, manager, step.bool("force"), now) {
            Ok(object) => object,
            Err(error) => return expect("message", &Value::from(error.to_string()), step.get("message")),
        }
    } else {
        decode(&mut body);
        resource.update(live.as_ref(), &mut body, manager, now);
        body
    };
    if !step.get("message").is_null() {
        return Err("was refused upstream".into());
    }
    decode(&mut object);
    let result = expect("object", &visible(&object), step.get("object"));
    let owners = expect("owners", &owners(&object, !step.get("version").is_null()), step.get("owners"));
    *live = Some(object);
    result.and(owners)
}

fn name(object: &mut Value, step: &Value, version: &str) {
    object.set("apiVersion", format!("patch.test/{version}"));
    object.set("kind", "Thing");
    object.set("metadata.name", format!("t-{}", step.get("scenario")));
}

fn expect(what: &str, ours: &Value, theirs: &Value) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: ours   {ours}\n  {what}: theirs {theirs}")) }
}

/// What the server does to an object before it looks at owners: defaults, and metadata as Go keeps it.
fn decode(object: &mut Value) {
    let ports = object.at_mut("spec.ports").and_then(Value::as_list_mut);
    ports.into_iter().flatten().for_each(|port| port.set_if_absent("protocol", "TCP"));
    let metadata = object.entry("metadata").as_map_mut().unwrap();
    metadata.retain(|_, value| !value.is_empty());
    metadata.insert("uid", "u");
}

fn visible(object: &Value) -> Value {
    let mut visible = object.clone();
    for hidden in ["apiVersion", "kind", "metadata.name", "metadata.uid", "metadata.managedFields"] {
        visible.remove(hidden);
    }
    if visible.get("metadata").is_empty() {
        visible.remove("metadata");
    }
    visible
}

fn owners(object: &Value, with_version: bool) -> Value {
    let show = |entry: &Value| {
        let names = ["manager", "operation", "apiVersion"].map(|name| entry.str(name).to_string());
        let timed = !entry.get("time").is_null();
        let mut shown: Vec<Value> = names[..if with_version { 3 } else { 2 }].iter().map(Value::from).collect();
        shown.extend([Value::from(timed), entry.get("fieldsV1").clone()]);
        ([names[1].clone(), names[0].clone(), names[2].clone()], Value::List(shown))
    };
    let entries: BTreeMap<_, _> = object.items("metadata.managedFields").iter().map(show).collect();
    Value::List(entries.into_values().collect())
}
