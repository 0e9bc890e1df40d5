use super::*;
use crate::Schema;
use crate::sketch::sketch;
use meta::{Gvk, Time, Value, value};

const KIND: &str = "
Thing
  apiVersion string
  kind string
  metadata! Meta
  spec! Spec
  status! Status
Meta
  name string
  namespace string
  uid string
  labels map string
  annotations map string
  finalizers set string merge
  managedFields list any
Spec
  replicas int
  selector! Selector
  items! list(name) Item merge=name
  ports list(port,protocol) Port
  atoms list string
  whole Selector
  free any
Selector atomic
  matchLabels map string
Item
  name! string
  image string
  resources! Resources
  env list(name) Env
Resources
  limits map quantity
Env
  name! string
  value string
Port
  port int
  protocol string default=\"TCP\"
  name string
Status
  replicas int
  conditions list(type) Condition
Condition
  type string
  status string
";

fn schema() -> Schema {
    sketch(KIND)
}

fn json(text: &str) -> Value {
    meta::parse(text.as_bytes()).unwrap()
}

fn at(second: i64) -> Time {
    Time::from_second(1_767_323_045 + second).unwrap()
}

/// A server of one object.
struct World {
    schema: Schema,
    gvk: Gvk,
    live: Option<Value>,
    now: i64,
}

impl World {
    fn new() -> World {
        World { schema: schema(), gvk: Gvk::new("", "v1", "Thing"), live: None, now: 0 }
    }

    fn resource<'a>(&'a self, versions: &'a OneVersion<'a>, subresource: &'a str) -> Resource<'a> {
        Resource { schema: &self.schema, gvk: &self.gvk, subresource, versions }
    }

    fn full(&self, body: &str) -> Value {
        let mut object = json(body);
        object.set("apiVersion", "v1");
        object.set("kind", "Thing");
        object.set("metadata.name", "a");
        object
    }

    fn update(&mut self, manager: &str, subresource: &str, body: &str) {
        let mut object = self.full(body);
        object.set("metadata.uid", "u");
        let versions = OneVersion { reset: None };
        self.resource(&versions, subresource).update(self.live.as_ref(), &mut object, manager, at(self.now));
        self.live = Some(object);
        self.now += 1;
    }

    fn apply(&mut self, manager: &str, force: bool, body: &str) -> Result<(), String> {
        let config = self.full(body);
        let versions = OneVersion { reset: None };
        let resource = self.resource(&versions, "");
        let mut applied =
            resource.apply(self.live.as_ref(), &config, manager, force, at(self.now)).map_err(|e| e.to_string())?;
        applied.set("metadata.uid", "u");
        self.live = Some(applied);
        self.now += 1;
        Ok(())
    }

    /// Who owns what: `manager Operation: fields`, each in a line.
    fn owners(&self) -> Vec<String> {
        let entries = self.live.as_ref().unwrap().items("metadata.managedFields");
        let show = |entry: &Value| {
            let parts = ["manager", "operation", "subresource"].map(|name| entry.str(name));
            let head = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            format!("{head} {}", entry.get("fieldsV1"))
        };
        entries.iter().map(show).collect()
    }

    fn spec(&self) -> String {
        self.live.as_ref().unwrap().get("spec").to_string()
    }
}

#[test]
fn creation_owns_what_is_set() {
    let mut world = World::new();
    world.update("kubectl", "", r#"{"metadata":{"labels":{"a":"b"}},"spec":{"replicas":1,"items":[{"name":"x","image":"i","resources":{}}]},"status":{}}"#);
    assert_eq!(
        world.owners(),
        [
            r#"kubectl Update {"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:items":{"k:{\"name\":\"x\"}":{".":{},"f:image":{},"f:name":{},"f:resources":{}}},"f:replicas":{}}}"#
        ]
    );
}

#[test]
fn only_a_change_bumps_the_time() {
    let mut world = World::new();
    world.update("a", "", r#"{"spec":{"replicas":1}}"#);
    let before = world.live.clone();
    world.update("b", "", r#"{"spec":{"replicas":1}}"#);
    assert_eq!(world.live, before);
    world.update("b", "", r#"{"spec":{"replicas":2}}"#);
    assert_eq!(world.owners(), [r#"b Update {"f:spec":{"f:replicas":{}}}"#]);
    assert_eq!(world.live.as_ref().unwrap().items("metadata.managedFields")[0].str("time"), at(2).to_string());
}

#[test]
fn subresources_are_owners_of_their_own() {
    let mut world = World::new();
    world.update("a", "", r#"{"spec":{"replicas":1}}"#);
    world.update("a", "status", r#"{"spec":{"replicas":1},"status":{"replicas":1}}"#);
    assert_eq!(
        world.owners(),
        [r#"a Update {"f:spec":{"f:replicas":{}}}"#, r#"a Update status {"f:status":{"f:replicas":{}}}"#]
    );
}

#[test]
fn applying_twice_is_applying_once() {
    let mut world = World::new();
    let config = r#"{"spec":{"replicas":1,"items":[{"name":"x","image":"i"}]}}"#;
    world.apply("m", false, config).unwrap();
    let once = world.live.clone();
    world.apply("m", false, config).unwrap();
    assert_eq!(world.live, once);
    assert_eq!(
        world.owners(),
        [r#"m Apply {"f:spec":{"f:items":{"k:{\"name\":\"x\"}":{".":{},"f:image":{},"f:name":{}}},"f:replicas":{}}}"#]
    );
}

#[test]
fn a_conflict_names_owner_and_field() {
    let mut world = World::new();
    world.update("kubectl", "", r#"{"spec":{"replicas":1}}"#);
    assert_eq!(
        world.apply("m", false, r#"{"spec":{"replicas":2}}"#),
        Err(r#"Apply failed with 1 conflict: conflict with "kubectl" using v1: .spec.replicas"#.into())
    );
    world.apply("m", true, r#"{"spec":{"replicas":2}}"#).unwrap();
    assert_eq!(world.owners(), [r#"m Apply {"f:spec":{"f:replicas":{}}}"#]);
    world.apply("n", false, r#"{"spec":{"replicas":2}}"#).unwrap();
    assert_eq!(world.owners().len(), 2, "the same value is owned together");
    assert_eq!(
        world.apply("o", false, r#"{"spec":{"replicas":3}}"#),
        Err("Apply failed with 2 conflicts: conflicts with \"m\":\n- .spec.replicas\nconflicts with \"n\":\n- .spec.replicas".into())
    );
}

#[test]
fn what_its_last_owner_drops_is_deleted() {
    let mut world = World::new();
    world
        .apply("m", false, r#"{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"items":[{"name":"x"},{"name":"y"}]}}"#)
        .unwrap();
    world.apply("n", false, r#"{"spec":{"items":[{"name":"y","image":"i"}]}}"#).unwrap();
    world.apply("m", false, r#"{"metadata":{"labels":{"b":"2"}}}"#).unwrap();
    assert_eq!(world.spec(), r#"{"items":[{"image":"i","name":"y"}]}"#);
    assert_eq!(world.live.as_ref().unwrap().at("metadata.labels").to_string(), r#"{"b":"2"}"#);
}

#[test]
fn an_empty_list_forgets_all_owners() {
    let mut world = World::new();
    world.update("a", "", r#"{"spec":{"replicas":1}}"#);
    world.update("a", "", r#"{"metadata":{"managedFields":[]},"spec":{"replicas":2}}"#);
    assert!(world.owners().is_empty());
    world.apply("m", false, r#"{"spec":{"replicas":2}}"#).unwrap();
    assert_eq!(
        world.owners(),
        [r#"m Apply {"f:spec":{"f:replicas":{}}}"#, r#"before-first-apply Update {"f:spec":{"f:replicas":{}}}"#]
    );
}

#[test]
fn many_updaters_become_ancient() {
    let mut world = World::new();
    for i in 0..13 {
        let labels: Vec<String> = (0..=i).map(|j| format!("\"l{j}\":\"v\"")).collect();
        world.update(&format!("m{i}"), "", &format!(r#"{{"metadata":{{"labels":{{{}}}}}}}"#, labels.join(",")));
    }
    let owners = world.owners();
    assert_eq!(owners.len(), 10);
    assert!(owners[0].starts_with("ancient-changes Update"), "{owners:?}");
}

#[test]
fn kubectl_moves_from_its_own_apply_to_the_servers() {
    let mut world = World::new();
    let annotation =
        r#"{\"apiVersion\":\"v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":1}}\n"#;
    let body = format!(
        r#"{{"metadata":{{"annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{annotation}"}}}},"spec":{{"replicas":1}}}}"#
    );
    world.update("kubectl-client-side-apply", "", &body);
    world.apply("kubectl", false, r#"{"spec":{"replicas":2}}"#).unwrap();
    let live = world.live.as_ref().unwrap();
    assert_eq!(live.int("spec.replicas"), 2);
    assert_eq!(
        live.at("metadata.annotations").get("kubectl.kubernetes.io/last-applied-configuration").as_str().unwrap(),
        "{\"apiVersion\":\"v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":2}}\n"
    );
}

#[test]
fn a_configuration_must_fit() {
    let mut world = World::new();
    let prefix = "failed to create typed patch object (/a; /v1, Kind=Thing): ";
    for (body, why) in [
        (r#"{"spec":{"zap":1}}"#, ".spec.zap: field not declared in schema"),
        (r#"{"spec":{"replicas":"1"}}"#, ".spec.replicas: expected numeric (int or float), got string"),
        (r#"{"spec":[]}"#, ".spec: expected map, got &{[]}"),
        (r#"{"spec":{"items":[{"name":"x"},{"name":"x"}]}}"#, ".spec.items: duplicate entries for key [name=\"x\"]"),
        (
            r#"{"status":{"conditions":[{"status":"x"}]}}"#,
            ".status.conditions: element 0: associative list with keys has an element that omits all key fields [\"type\"] (and doesn't have default values for any key fields)",
        ),
    ] {
        assert_eq!(world.apply("m", false, body), Err(format!("{prefix}{why}")), "{body}");
    }
    let list = value!({"apiVersion": "v1", "kind": "Thing", "metadata": {"managedFields": []}});
    let versions = OneVersion { reset: None };
    let error = world.resource(&versions, "").apply(None, &list, "m", false, at(0)).unwrap_err();
    assert_eq!(error.to_string(), "metadata.managedFields must be nil");
}

#[test]
fn fields_out_of_reach_have_no_owner() {
    let world = World::new();
    let reset = Set::of_fields(["status"]);
    let versions = OneVersion { reset: Some(&reset) };
    let mut object = world.full(r#"{"spec":{"replicas":1},"status":{"replicas":1}}"#);
    world.resource(&versions, "").update(None, &mut object, "a", at(0));
    assert_eq!(
        object.items("metadata.managedFields")[0].get("fieldsV1").to_string(),
        r#"{"f:spec":{"f:replicas":{}}}"#
    );
}

const SCALE: &str = "
Scale
  apiVersion string
  kind string
  metadata! ScaleMeta
  spec! ScaleSpec
ScaleMeta
  name string
  uid string
  managedFields list any
ScaleSpec
  replicas int
";

/// Sets the replicas through the scale, as a deployment's owners see it.
fn scale(entries: &Value, from: i64, to: i64, manager: &str) -> Value {
    let owners = ScaleOwners { entries, api_version: "apps/v1", replicas: &[("apps/v1", Some("spec.replicas"))] };
    let object = |replicas: i64| {
        let mut object =
            json(r#"{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a","uid":"u"},"spec":{}}"#);
        if replicas != 0 {
            object.set("spec.replicas", replicas);
        }
        object
    };
    let (schema, gvk) = (sketch(SCALE), Gvk::new("autoscaling", "v1", "Scale"));
    let versions = OneVersion { reset: None };
    let resource = Resource { schema: &schema, gvk: &gvk, subresource: "scale", versions: &versions };
    let (mut old, mut new) = (object(from), object(to));
    if let Some(entries) = owners.to_scale() {
        old.set("metadata.managedFields", entries);
    }
    resource.update(Some(&old), &mut new, manager, at(9));
    owners.to_resource(new.at("metadata.managedFields")).unwrap_or_default()
}

#[test]
fn whoever_scales_owns_the_replicas() {
    let entry = |manager: &str, operation: &str, fields: &str, rest: &str| {
        format!(
            r#"{{"apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{{"f:spec":{fields}}},"manager":"{manager}","operation":"{operation}"{rest}}}"#
        )
    };
    let time = r#","time":"2026-01-02T03:04:05Z""#;
    let applied = json(&format!("[{}]", entry("m", "Apply", r#"{"f:replicas":{},"f:selector":{}}"#, time)));
    assert_eq!(scale(&applied, 0, 0, "kubectl"), applied, "nothing changed");

    let left = entry("m", "Apply", r#"{"f:selector":{}}"#, time);
    let scaled_by = |manager: &str| {
        let scaler = entry(manager, "Update", r#"{"f:replicas":{}}"#, r#","subresource":"scale""#);
        json(&format!("[{left},{scaler}]"))
    };
    let once = scale(&applied, 0, 1, "kubectl");
    assert_eq!(once, scaled_by("kubectl"));
    assert_eq!(scale(&once, 1, 2, "other"), scaled_by("other"));
}
