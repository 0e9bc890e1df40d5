use super::*;
use crate::sketch::sketch;
use meta::value;

const POD: &str = "
Pod
  metadata! ObjectMeta
  spec! PodSpec
ObjectMeta
  name string
  labels map string
  finalizers set string merge
  ownerReferences list(uid) OwnerReference merge=uid
OwnerReference
  uid string
  name string
PodSpec
  containers! list(name) Container merge=name
  tolerations list Toleration
  selector~ Selector
  plain map Container
  strategy Strategy
Container
  name string
  image string
  args list string
  ports list(containerPort,protocol) Port merge=containerPort
Port
  containerPort int
  protocol string
Toleration
  key string
Selector
  matchLabels map string
Strategy
  type string
  rolling Toleration
";

fn run(object: &str, patch: &str) -> Result<String, String> {
    let parse = |text: &str| meta::parse(text.as_bytes()).unwrap();
    let patch = decode(parse(patch)).map_err(|e| e.to_string())?;
    apply(&sketch(POD), parse(object), patch).map(|value| value.to_string()).map_err(|e| e.to_string())
}

fn check(object: &str, patch: &str, expect: &str) {
    assert_eq!(run(object, patch).as_deref(), Ok(expect), "{object} + {patch}");
}

fn refused(object: &str, patch: &str, why: &str) {
    assert_eq!(run(object, patch), Err(why.to_string()), "{object} + {patch}");
}

/// A pod of containers, each written `name` or `name:image`.
fn pod(containers: &str) -> String {
    let one = |text: &str| match text.split_once(':') {
        Some((name, image)) => format!(r#"{{"image":"{image}","name":"{name}"}}"#),
        None => format!(r#"{{"name":"{text}"}}"#),
    };
    let items: Vec<String> = containers.split_whitespace().map(one).collect();
    format!(r#"{{"spec":{{"containers":[{}]}}}}"#, items.join(","))
}

#[test]
fn maps_merge_and_nulls_delete() {
    check(
        r#"{"metadata":{"labels":{"a":"1","b":"2"}}}"#,
        r#"{"metadata":{"labels":{"a":null,"c":"3"}}}"#,
        r#"{"metadata":{"labels":{"b":"2","c":"3"}}}"#,
    );
    check("{}", r#"{"metadata":{"labels":{"a":null,"c":"3"}}}"#, r#"{"metadata":{"labels":{"c":"3"}}}"#);
    check(
        r#"{"metadata":{"labels":{"a":"1"}}}"#,
        r#"{"metadata":{"labels":{"$patch":"replace","b":"2"}}}"#,
        r#"{"metadata":{"labels":{"b":"2"}}}"#,
    );
    check(
        r#"{"metadata":{"labels":{"a":"1"}}}"#,
        r#"{"metadata":{"labels":{"$patch":"delete"}}}"#,
        r#"{"metadata":{"labels":{}}}"#,
    );
    check(
        r#"{"spec":{"selector":{"matchLabels":{"a":"1"}}}}"#,
        r#"{"spec":{"selector":{"matchLabels":{"b":"2"}}}}"#,
        r#"{"spec":{"selector":{"matchLabels":{"b":"2"}}}}"#,
    );
    check(
        r#"{"spec":{"strategy":{"rolling":{"key":"x"},"type":"a"}}}"#,
        r#"{"spec":{"strategy":{"$retainKeys":["type"],"type":"b"}}}"#,
        r#"{"spec":{"strategy":{"type":"b"}}}"#,
    );
}

#[test]
fn lists_merge_by_key() {
    check(&pod("a:1 b:1"), &pod("b:2"), &pod("a:1 b:2"));
    check(&pod("a:1 b:1"), &pod("c:1"), &pod("c:1 a:1 b:1"));
    check(&pod("a:1 b:1"), r#"{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}"#, &pod("b:1"));
    check(&pod("a:1 b:1"), r#"{"spec":{"containers":[{"name":"z","image":"9"},{"$patch":"replace"}]}}"#, &pod("z:9"));
    check(
        r#"{"spec":{"tolerations":[{"key":"a"}]}}"#,
        r#"{"spec":{"tolerations":[{"key":"b"}]}}"#,
        r#"{"spec":{"tolerations":[{"key":"b"}]}}"#,
    );
    check(
        r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}]}]}}"#,
        r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"UDP"}]}]}}"#,
        r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"UDP"}]}]}}"#,
    );
}

/// Replays recorded cases: `columns | ... | result`, where a result that starts with `! ` is a refusal.
fn replay(recorded: &str, run_case: impl Fn(&[&str]) -> Result<String, String>) {
    let cases = recorded.lines().filter(|line| !line.starts_with('#'));
    let mut wrong = Vec::new();
    for line in cases {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let (expect, given) = columns.split_last().unwrap();
        let result = run_case(given).unwrap_or_else(|why| format!("! {}", why.replace('\n', "\\n")));
        if result.trim() != *expect {
            wrong.push(format!("{line}\n    but got: {result}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn container(text: &str) -> Value {
    if text == "!" {
        return value!({"$patch": "replace"});
    }
    if let Some(name) = text.strip_prefix('-') {
        return value!({"name": name, "$patch": "delete"});
    }
    let (name, image) = text.split_once(':').unwrap_or((text, "0"));
    value!({"name": name, "image": image})
}

fn list(text: &str, item: impl Fn(&str) -> Value) -> Value {
    Value::List(text.split_whitespace().map(item).collect())
}

fn apply_values(object: Value, patch: Value) -> Result<Value, String> {
    apply(&sketch(POD), object, decode(patch).unwrap()).map_err(|e| e.to_string())
}

#[test]
fn maps_keep_upstreams_order() {
    replay(include_str!("../../../testdata/strategic-order.txt"), |given| {
        let mut patch = Value::map();
        patch.set("spec.containers", list(given[2], container));
        if given[1] != "none" {
            let order = list(given[1], |name| value!({"name": name}));
            patch.at_mut("spec").unwrap().as_map_mut().unwrap().insert("$setElementOrder/containers", order);
        }
        let live = list(given[0], container);
        let result = apply_values(value!({"spec": {"containers": live}}), patch)?;
        let show = |item: &Value| match item.str("image") {
            "0" => item.str("name").to_string(),
            image => format!("{}:{image}", item.str("name")),
        };
        Ok(result.items("spec.containers").iter().map(show).collect::<Vec<_>>().join(" "))
    });
}

#[test]
fn scalars_keep_upstreams_order() {
    let scalars = |text: &str| list(text, |item| value!(item));
    replay(include_str!("../../../testdata/strategic-scalars.txt"), |given| {
        let mut patch = Map::default();
        for (name, column) in [("$setElementOrder/finalizers", given[1]), ("finalizers", given[2])] {
            if column != "none" {
                patch.insert(name, scalars(column));
            }
        }
        if !given[3].is_empty() {
            patch.insert("$deleteFromPrimitiveList/finalizers", scalars(given[3]));
        }
        let live = if given[0].is_empty() { Value::map() } else { value!({"finalizers": (scalars(given[0]))}) };
        let result = apply_values(value!({"metadata": live}), value!({"metadata": (Value::Map(patch))}))?;
        let show = |item: &Value| item.as_str().unwrap().to_string();
        Ok(result.items("metadata.finalizers").iter().map(show).collect::<Vec<_>>().join(" "))
    });
}

#[test]
fn deletions_from_scalar_lists() {
    let with = |list: &str| format!(r#"{{"metadata":{{"finalizers":{list}}}}}"#);
    check(
        &with(r#"["a","b"]"#),
        r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]}}"#,
        &with(r#"["c","b"]"#),
    );
}

#[test]
fn contradictions_are_named() {
    refused(
        r#"{"metadata":{"finalizers":["a"]}}"#,
        r#"{"metadata":{"finalizers":[1]}}"#,
        "list element types are not identical: [[a] [1]]",
    );
    refused(
        &pod("a"),
        r#"{"spec":{"containers":[{"image":"x"}]}}"#,
        "map: map[image:x] does not contain declared merge key: name",
    );
    refused(&pod("a"), r#"{"$patch":"zap"}"#, "unknown patch type: zap in map: map[$patch:zap]");
    refused(
        &pod("a"),
        r#"{"spec":{"containers":[{"$patch":"merge"}]}}"#,
        "merging lists cannot yet be specified in the patch",
    );
    refused(
        r#"{"spec":{"plain":{"x":{"name":"a"}}}}"#,
        r#"{"spec":{"plain":{"x":{"name":"b"}}}}"#,
        "merging an object in json but data type is not struct, instead is: map",
    );
    refused(
        "{}",
        r#"{"$setElementOrder/foo":[]}"#,
        "unable to find api field in struct Pod for the json field \"foo\"",
    );
    refused("{}", r#"{"$retainKeys":["a"],"spec":{}}"#, "invalid patch format of retainKeys");
}

/// What a server stored may not be what its schema says, and an empty patch names no item to complain of.
#[test]
fn an_empty_patch_of_a_live_list_of_no_maps_is_refused() {
    for live in ["1", "null", r#""a""#] {
        let object = format!(r#"{{"spec":{{"containers":[{live}]}}}}"#);
        assert!(run(&object, r#"{"spec":{"containers":[]}}"#).is_err(), "{live}");
    }
}
