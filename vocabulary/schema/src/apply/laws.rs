//! What holds for every object, configuration and set.

use super::*;
use crate::Schema;
use crate::sketch::sketch;
use meta::{Gvk, Map, Time, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

const THING: &str = "
Thing
  apiVersion string
  kind string
  metadata Meta
  spec Spec
Meta
  name string
  uid string
  labels map string
  managedFields list any
Spec
  replicas int
  items list(name) Item
  tags set string
  atoms list string
  whole Whole
  flags map string
Item
  name string
  image string
  args list string
Whole atomic
  a string
";

fn word() -> impl Strategy<Value = Value> {
    prop_oneof!["a", "b", "c"].prop_map(Value::from)
}

fn words() -> impl Strategy<Value = Value> {
    proptest::sample::subsequence(vec!["a", "b", "c"], 0..=3).prop_shuffle().prop_map(Value::from)
}

fn flags() -> impl Strategy<Value = Value> {
    btree_map("[a-c]", word(), 0..3).prop_map(|map| Value::Map(map.into_iter().collect()))
}

fn items() -> impl Strategy<Value = Value> {
    let item = (proptest::option::of(word()), proptest::option::of(words()));
    btree_map("[x-z]", item, 0..3).prop_map(|items| {
        let item = |(name, (image, args)): (String, (Option<Value>, Option<Value>))| {
            let fields = [("name", Some(Value::from(name))), ("image", image), ("args", args)];
            Value::Map(fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
        };
        Value::List(items.into_iter().map(item).collect())
    })
}

/// A configuration of some of the fields.
fn config() -> impl Strategy<Value = Value> {
    let fields = (
        proptest::option::of((1..3i64).prop_map(Value::Int)),
        proptest::option::of(items()),
        proptest::option::of(words()),
        proptest::option::of(words()),
        proptest::option::of(flags()),
        proptest::option::of(flags()),
    );
    fields.prop_map(|(replicas, items, tags, atoms, flags, labels)| {
        let spec = [("replicas", replicas), ("items", items), ("tags", tags), ("atoms", atoms), ("flags", flags)];
        let mut object = Value::map();
        object.set("apiVersion", "v1");
        object.set("kind", "Thing");
        object.set("metadata.name", "a");
        if let Some(labels) = labels {
            object.set("metadata.labels", labels);
        }
        object.set("spec", spec.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Map>());
        object
    })
}

fn set() -> impl Strategy<Value = Set> {
    let step = select(vec!["f:a", "f:b", "f:c", "k:{\"name\":\"x\"}", "v:1"]);
    let path = vec(step, 1..4);
    vec(path, 0..12).prop_map(|paths| {
        let mut set = Set::default();
        for path in paths {
            let path: Vec<_> = path.into_iter().map(meta::CompactString::from).collect();
            set.insert(&path);
        }
        set
    })
}

fn schema() -> Schema {
    sketch(THING)
}

fn now() -> Time {
    Time::from_second(1_767_323_045).unwrap()
}

fn apply(live: Option<&Value>, config: &Value, manager: &str, force: bool) -> Result<Value, ApplyError> {
    let (schema, gvk) = (schema(), Gvk::new("", "v1", "Thing"));
    let versions = OneVersion { reset: None };
    let resource = Resource { schema: &schema, gvk: &gvk, subresource: "", versions: &versions };
    let mut object = resource.apply(live, config, manager, force, now())?;
    object.set("metadata.uid", "u");
    Ok(object)
}

fn update(live: Option<&Value>, mut new: Value, manager: &str) -> Value {
    let (schema, gvk) = (schema(), Gvk::new("", "v1", "Thing"));
    let versions = OneVersion { reset: None };
    new.set("metadata.uid", "u");
    let resource = Resource { schema: &schema, gvk: &gvk, subresource: "", versions: &versions };
    resource.update(live, &mut new, manager, now());
    new
}

fn without_owners(mut object: Value) -> Value {
    object.remove("metadata.managedFields");
    object
}

fn members(set: &Set) -> std::collections::BTreeSet<Vec<meta::CompactString>> {
    set.paths().into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applying_twice_is_applying_once(before in config(), config in config()) {
        let live = update(None, before, "u");
        let once = apply(Some(&live), &config, "m", true).unwrap();
        let twice = apply(Some(&once), &config, "m", false).unwrap();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn disjoint_owners_never_conflict(a in config(), b in config()) {
        let mut b = b;
        for field in ["replicas", "items", "tags", "atoms", "flags"] {
            if !a.get("spec").get(field).is_null() {
                b.remove(&format!("spec.{field}"));
            }
        }
        b.remove("metadata.labels");
        let first = apply(None, &a, "a", false).unwrap();
        prop_assert!(apply(Some(&first), &b, "b", false).is_ok());
    }

    #[test]
    fn who_forces_gets_what_was_asked_for(a in config(), b in config()) {
        let first = apply(None, &a, "a", false).unwrap();
        let second = apply(Some(&first), &b, "b", true).unwrap();
        prop_assert!(apply(Some(&second), &b, "c", false).is_ok(), "nothing of it is left to change");
    }

    #[test]
    fn what_its_last_owner_drops_is_deleted(config in config()) {
        let mut empty = config.clone();
        empty.remove("spec");
        empty.remove("metadata.labels");
        let live = apply(None, &config, "m", false).unwrap();
        let gone = apply(Some(&live), &empty, "m", false).unwrap();
        prop_assert!(gone.get("spec").as_map().is_none_or(|spec| spec.iter().all(|(_, value)| value.is_empty())), "{}", gone);
    }

    #[test]
    fn an_update_owns_just_what_it_changes(a in config(), b in config()) {
        let live = update(None, a, "a");
        let same = update(Some(&live), without_owners(live.clone()), "b");
        prop_assert_eq!(&same, &live);
        let next = update(Some(&live), b, "b");
        let comparison = Comparison::of(super::atom::Type::root(&schema()), &live, &next).unwrap();
        let owners = Owners::from_stored(next.at("metadata.managedFields").clone());
        let mine = owners.0.iter().find(|owner| owner.manager == "b").map(|owner| members(&owner.fields)).unwrap_or_default();
        let mut written = comparison.into_written();
        written.subtract(&super::strip::UNOWNED);
        prop_assert_eq!(mine, members(&written));
    }

    #[test]
    fn comparing_backwards_swaps_added_and_removed(a in config(), b in config()) {
        let schema = schema();
        let kind = super::atom::Type::root(&schema);
        let there = Comparison::of(kind, &a, &b).unwrap();
        let back = Comparison::of(kind, &b, &a).unwrap();
        prop_assert_eq!((&there.added, &there.modified, &there.removed), (&back.removed, &back.modified, &back.added));
        prop_assert_eq!(there.is_same(), a == b || only_orders_differ(&a, &b));
    }

    #[test]
    fn sets_are_sets(a in set(), b in set(), c in set()) {
        let (sa, sb) = (members(&a), members(&b));
        prop_assert_eq!(members(&a.union(&b)), sa.union(&sb).cloned().collect());
        prop_assert_eq!(members(&a.intersection(&b)), sa.intersection(&sb).cloned().collect());
        prop_assert_eq!(members(&a.difference(&b)), sa.difference(&sb).cloned().collect());
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert_eq!(&a.intersection(&b).union(&a.difference(&b)), &a);
        prop_assert_eq!(a.overlaps(&b), !a.intersection(&b).is_empty());
        let mut below = a.clone();
        below.subtract_recursively(&b);
        let kept = |path: &&Vec<_>| (1..=path.len()).all(|len| !sb.contains(&path[..len]));
        prop_assert_eq!(members(&below), sa.iter().filter(kept).cloned().collect());
        prop_assert!(members(&a.leaves()).is_subset(&sa));
    }

    #[test]
    fn sets_survive_their_text(set in set()) {
        let text = set.clone().into_value().to_json();
        prop_assert_eq!(Set::decode(&meta::parse(&text).unwrap()).unwrap(), set);
    }
}

/// Lists with keys and sets are compared without their order.
fn only_orders_differ(a: &Value, b: &Value) -> bool {
    let sorted = |object: &Value| {
        let mut object = object.clone();
        for list in ["spec.items", "spec.tags"] {
            if let Some(list) = object.at_mut(list).and_then(Value::as_list_mut) {
                list.sort_by_key(Value::to_string);
            }
        }
        object
    };
    sorted(a) == sorted(b)
}
