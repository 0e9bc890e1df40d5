//! Who owns what in objects of built-in kinds, as upstream has answered it: created, updated, applied over, and with what
//! was applied dropped again.
//!
//! Each line of a recording is one object's history; a step has the object as upstream kept it, without what admission and
//! allocation add after owners are known, and its owners (manager, operation, whether there is a time, fields), or the
//! message of a conflict.

use meta::{GroupVersion, Gvk, Time, Value, value};
use schema::Schema;
use schema::apply::{OneVersion, Resource, Set};

#[test]
fn built_in_kinds_are_owned_as_upstream_owns_them() {
    check(include_str!("../testdata/owners.jsonl"));
}

#[test]
fn duplicates_are_owned_as_one() {
    check(include_str!("../testdata/owners-duplicates.jsonl"));
}

fn check(recorded: &str) {
    let mut wrong = Vec::new();
    for line in recorded.lines() {
        let history = meta::parse(line.as_bytes()).unwrap();
        let kind = History::of(&history);
        let mut live = None;
        for (i, step) in history.items("steps").iter().enumerate() {
            if let Err(why) = kind.replay(&mut live, step) {
                wrong.push(format!("{} step {i} ({}): {why}", history.str("kind"), step.str("do")));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} steps differ:\n{}", wrong.len(), wrong.join("\n"));
}

struct History {
    schema: Schema,
    gvk: Gvk,
    reset: Option<Set>,
}

impl History {
    fn of(history: &Value) -> History {
        let schema = kinds::schema_of(history.str("type")).unwrap();
        let group_version = GroupVersion::parse(history.str("apiVersion")).unwrap();
        let has_status = schema.descend("status").is_some();
        History {
            gvk: Gvk::new(group_version.group, group_version.version, history.str("kind")),
            reset: has_status.then(|| Set::of_fields(["status"])),
            schema,
        }
    }

    fn replay(&self, live: &mut Option<Value>, step: &Value) -> Result<(), String> {
        let versions = OneVersion { reset: self.reset.as_ref() };
        let resource = Resource { schema: &self.schema, gvk: &self.gvk, subresource: "", versions: &versions };
        let now = Time::from_second(1_767_323_045).unwrap();
        let (manager, config) = (step.str("manager"), step.get("config"));
        if step.str("do") == "conflict" {
            let refusal = resource.apply(live.as_ref(), config, manager, false, now).err();
            let message = refusal.map_or(String::new(), |error| error.to_string());
            return expect(&Value::from(message), step.get("message"));
        }
        let mut object = self.decoded(step.get("object").clone());
        if step.str("do") == "apply" {
            let applied = resource.apply(live.as_ref(), config, manager, true, now).map_err(|e| e.to_string())?;
            object.set("metadata.managedFields", applied.at("metadata.managedFields").clone());
        } else {
            resource.update(live.as_ref(), &mut object, manager, now);
        }
        let owners = owners(&object);
        *live = Some(object);
        expect(&owners, step.get("owners"))
    }

    fn decoded(&self, mut object: Value) -> Value {
        object.set("apiVersion", self.gvk.group_version().api_version());
        object.set("kind", &self.gvk.kind);
        self.schema.decode_value(object).unwrap().value
    }
}

fn expect(ours: &Value, theirs: &Value) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("\n  ours   {ours}\n  theirs {theirs}")) }
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
