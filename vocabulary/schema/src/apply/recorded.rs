//! Histories of one custom object under several managers, as upstream has lived them.
//!
//! Each line of the recording is a step: what was sent, the answer's code, and then the object and its owners
//! (manager, operation, whether there is a time, fields) or the message.

use super::*;
use crate::Schema;
use crate::sketch::sketch;
use meta::{Gvk, Time, Value, value};

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

#[test]
fn histories_go_as_upstreams_went() {
    let schema = sketch(THING);
    let (mut live, mut scenario, mut broken) = (None, Value::Null, false);
    let mut wrong = Vec::new();
    for line in include_str!("../../testdata/apply-scenarios.jsonl").lines() {
        let step = meta::parse(line.as_bytes()).unwrap();
        if *step.get("scenario") != scenario {
            (live, scenario, broken) = (None, step.get("scenario").clone(), false);
        }
        if broken {
            continue;
        }
        if let Err(why) = replay(&schema, &mut live, &step) {
            wrong.push(format!("{line}\n  {why}"));
            broken = true;
        }
    }
    assert!(wrong.is_empty(), "{} steps differ:\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n"));
}

fn replay(schema: &Schema, live: &mut Option<Value>, step: &Value) -> Result<(), String> {
    let gvk = Gvk::new("patch.test", "v1", "Thing");
    let versions = OneVersion { reset: None };
    let resource = Resource { schema, gvk: &gvk, subresource: "", versions: &versions };
    let now = Time::from_second(1_767_323_045).unwrap();
    let mut body = step.get("body").clone();
    body.set("apiVersion", "patch.test/v1");
    body.set("kind", "Thing");
    body.set("metadata.name", format!("t-{}", step.get("scenario")));
    let manager = step.str("manager");
    let mut object = if step.str("do") == "apply" {
        match resource.apply(live.as_ref(), &body, manager, step.bool("force"), now) {
            Ok(object) => object,
            Err(error) => return expect("message", &Value::from(error.to_string()), step.get("message")),
        }
    } else {
        decode(&mut body);
        body.set("metadata.uid", "u");
        resource.update(live.as_ref(), &mut body, manager, now);
        body
    };
    if !step.get("message").is_null() {
        return Err("was refused upstream".into());
    }
    decode(&mut object);
    object.set("metadata.uid", "u");
    let result = expect("object", &visible(&object), step.get("object"));
    let owners = expect("owners", &owners(&object), step.get("owners"));
    *live = Some(object);
    result.and(owners)
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

fn owners(object: &Value) -> Value {
    let mut entries = object.items("metadata.managedFields").to_vec();
    entries.sort_by_key(|entry| (entry.str("operation").to_string(), entry.str("manager").to_string()));
    let show = |entry: &Value| {
        let timed = !entry.get("time").is_null();
        let (manager, operation, fields) = (entry.get("manager"), entry.get("operation"), entry.get("fieldsV1"));
        value!([(manager.clone()), (operation.clone()), timed, (fields.clone())])
    };
    Value::List(entries.iter().map(show).collect())
}
