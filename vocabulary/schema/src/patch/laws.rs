//! What holds for every document and every patch.

use super::*;
use crate::sketch::sketch;
use meta::{Decoded, Map};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const THING: &str = "
Thing
  a map string
  b list(name) Item merge=name
  c list string merge
  name string
Item
  name string
  a Thing
  b list string
";

fn key() -> impl Strategy<Value = String> {
    let names = vec!["a", "b", "c", "name", "0", "-1", "-"];
    let orders = vec!["$setElementOrder/b", "$setElementOrder/c", "$setElementOrder"];
    let others = vec!["$patch", "$retainKeys", "$deleteFromPrimitiveList/c", "$deleteFromPrimitiveList"];
    prop_oneof![8 => select(names), 1 => select(orders), 1 => select(others)].prop_map(String::from)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3i64).prop_map(Value::from),
        select(vec!["a", "b", "replace", "delete", "merge"]).prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            2 => vec((key(), inner.clone()), 0..5).prop_map(|fields| Value::Map(fields.into_iter().collect())),
            1 => vec(inner, 0..4).prop_map(Value::List),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    vec((key(), document()), 0..5).prop_map(|fields| Value::Map(fields.into_iter().collect()))
}

fn pointer() -> impl Strategy<Value = String> {
    vec(key(), 0..4).prop_map(|steps| steps.into_iter().map(|step| format!("/{}", step.replace('/', "~1"))).collect())
}

fn operations() -> impl Strategy<Value = Value> {
    let kind = select(vec!["add", "remove", "replace", "move", "copy", "test"]);
    let operation = (kind, pointer(), pointer(), document()).prop_map(|(kind, path, from, value)| {
        let fields: [(&str, Value); 4] =
            [("op", kind.into()), ("path", path.into()), ("from", from.into()), ("value", value)];
        Value::Map(fields.into_iter().collect())
    });
    vec(operation, 0..6).prop_map(Value::List)
}

fn run(format: Format, object: &Value, patch: Value) -> Result<Value, PatchError> {
    let patch = Patch::decode(format, Decoded { value: patch, duplicates: Vec::new() }, true)?;
    patch.apply(&sketch(THING), object.clone())
}

fn has_null(value: &Value) -> bool {
    value.as_map().is_some_and(|fields| fields.iter().any(|(_, field)| field.is_null() || has_null(field)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_patches_never_panic(object in object(), patch in operations()) {
        let _ = run(Format::Json, &object, patch);
    }

    #[test]
    fn strategic_patches_never_panic(object in object(), patch in object()) {
        let _ = run(Format::Strategic, &object, patch);
    }

    #[test]
    fn what_was_added_passes_its_test(object in object(), name in "[a-c]", value in document()) {
        let step = |op: &str| {
            let fields = [("op", Value::from(op)), ("path", Value::from(format!("/{name}"))), ("value", value.clone())];
            Value::Map(fields.into_iter().collect())
        };
        let patched = run(Format::Json, &object, Value::List(vec![step("add"), step("test")])).unwrap();
        prop_assert_eq!(patched.get(&name), &value);
    }

    /// Once more than once, for upstream prunes nulls within lists only when a list replaces something other than a map.
    #[test]
    fn merging_again_changes_nothing(object in object(), patch in object()) {
        let once = run(Format::Merge, &object, patch.clone()).unwrap();
        let twice = run(Format::Merge, &once, patch.clone()).unwrap();
        prop_assert_eq!(&run(Format::Merge, &twice, patch).unwrap(), &twice);
        prop_assert!(once == twice || once.to_string().contains("null"));
    }

    #[test]
    fn an_empty_merge_changes_nothing(object in object()) {
        prop_assert_eq!(&run(Format::Merge, &object, Value::map()).unwrap(), &object);
        prop_assert_eq!(&run(Format::Strategic, &object, Value::map()).unwrap(), &object);
    }

    #[test]
    fn a_merge_into_nothing_is_the_patch_itself(patch in object()) {
        prop_assume!(!has_null(&patch) && !patch.to_string().contains("null"));
        prop_assert_eq!(&run(Format::Merge, &Value::map(), patch.clone()).unwrap(), &patch);
    }

    #[test]
    fn a_merge_of_nulls_empties(object in object()) {
        let nulls: Map = object.as_map().unwrap().iter().map(|(name, _)| (name.clone(), Value::Null)).collect();
        prop_assert!(run(Format::Merge, &object, Value::Map(nulls)).unwrap().is_empty());
    }
}
