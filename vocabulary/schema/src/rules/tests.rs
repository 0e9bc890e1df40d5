use crate::structural::{check, compile};
use crate::{Schema, Types};
use meta::{Path, Value, value};
use std::sync::Arc;

/// Without metadata: rules look at none.
fn bare() -> Schema {
    let mut types = Types::default();
    let root = types.add(crate::Node::new(crate::Shape::Struct(crate::StructType::default())));
    Schema { types: Arc::new(types), root }
}

fn of_spec(rules: Value, properties: Value) -> Value {
    let mut spec = value!({"type": "object"});
    spec.set("properties", properties);
    spec.set("x-kubernetes-validations", rules);
    let mut schema = value!({"type": "object"});
    schema.set("properties.spec", spec);
    schema
}

fn judged(schema: &Value, new: &Value, old: Option<&Value>) -> (Vec<String>, Vec<String>) {
    let verdict = compile(schema, &bare()).judge_rules(new, old);
    (verdict.errors.iter().map(ToString::to_string).collect(), verdict.warnings)
}

fn errors(schema: &Value, new: &Value, old: Option<&Value>) -> Vec<String> {
    judged(schema, new, old).0
}

fn refused(schema: &Value) -> Vec<String> {
    check(schema, &Path::new("s"), false, &bare()).iter().map(ToString::to_string).collect()
}

fn sizes() -> Value {
    value!({"x": {"type": "integer"}, "y": {"type": "integer"}, "name": {"type": "string"},
        "list": {"type": "array", "maxItems": 725i64, "items": {"type": "integer"}}})
}

#[test]
fn what_a_broken_rule_says() {
    let rules = value!([
        {"rule": "self.x + self.y > 0"},
        {"rule": "self.x > 1", "message": "too small", "fieldPath": ".x", "reason": "FieldValueForbidden"},
        {"rule": "self.x > 2", "messageExpression": "'x is ' + string(self.x)"},
        {"rule": "self.y == 100 / self.x"},
        {"rule": "self.name == 'a'"}]);
    let schema = of_spec(rules, sizes());
    assert_eq!(
        errors(&schema, &value!({"spec": {"x": 0i64, "y": 0i64}}), None),
        [
            "spec: Invalid value: failed rule: self.x + self.y > 0",
            "spec.x: Forbidden: too small",
            "spec: Invalid value: x is 0",
            r#"spec: Invalid value: "object": division by zero evaluating rule: self.y == 100 / self.x"#,
            r#"spec: Invalid value: "object": no such key: name evaluating rule: self.name == 'a'"#,
        ]
    );
}

#[test]
fn rules_about_changes() {
    let mut schema = of_spec(value!([]), sizes());
    let node = "properties.spec.properties.x.x-kubernetes-validations";
    schema
        .set(node, value!([{"rule": "self > oldSelf"}, {"rule": "oldSelf.orValue(0) < 10", "optionalOldSelf": true}]));
    let spec = |x: i64| value!({"spec": {"x": x}});
    assert_eq!(errors(&schema, &spec(9), None), [""; 0]);
    assert_eq!(errors(&schema, &spec(10), Some(&spec(9))), [""; 0]);
    assert_eq!(errors(&schema, &spec(8), Some(&spec(9))), ["spec.x: Invalid value: 8: failed rule: self > oldSelf"]);
    assert_eq!(
        errors(&schema, &spec(12), Some(&spec(11))),
        ["spec.x: Invalid value: 12: failed rule: oldSelf.orValue(0) < 10"]
    );
}

#[test]
fn what_was_broken_before_is_told_but_forgiven() {
    let schema = of_spec(value!([{"rule": "self.x > 1"}]), sizes());
    let spec = |y: i64| value!({"spec": {"x": 0i64, "y": y}});
    let told = "spec: Invalid value: failed rule: self.x > 1";
    assert_eq!(judged(&schema, &spec(1), Some(&spec(1))), (vec![], vec![told.to_string()]));
    assert_eq!(judged(&schema, &spec(2), Some(&spec(1))), (vec![told.to_string()], vec![]));
}

#[test]
fn an_expensive_evaluation_ends() {
    let rule = "self.list.all(x, self.list.all(y, y == x))";
    let schema = of_spec(value!([{"rule": rule}, {"rule": "false"}]), sizes());
    assert_eq!(refused(&schema), [""; 0]);
    let mut object = value!({"spec": {}});
    object.set("spec.list", Value::from(vec![20i64; 725]));
    assert_eq!(
        errors(&schema, &object, None),
        [format!(
            "spec: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: {rule}"
        )]
    );
}

#[test]
fn definitions_whose_rules_cannot_be() {
    let one = |rule: Value| {
        let mut rules = value!([]);
        rules.as_list_mut().unwrap().push(rule);
        refused(&of_spec(rules, sizes()))
    };
    let shown = |rule: &str| {
        format!(
            r#"{{"Rule":"{rule}","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}}"#
        )
    };
    let at = "s.properties[spec].x-kubernetes-validations[0]";
    assert_eq!(
        one(value!({"rule": "self.z == 100"})),
        [format!(
            "{at}.rule: Invalid value: {}: compilation failed: ERROR: <input>:1:5: undefined field 'z'\n | self.z == 100\n | ....^",
            shown("self.z == 100")
        )]
    );
    assert_eq!(
        one(value!({"rule": "self.x"})),
        [format!("{at}.rule: Invalid value: {}: cel expression must evaluate to a bool", shown("self.x"))]
    );
    assert_eq!(
        one(value!({"rule": "true", "optionalOldSelf": true})),
        [format!("{at}.optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule")]
    );
}

#[test]
fn rules_that_may_cost_too_much() {
    let mut schema = value!({"type": "object"});
    let items = value!({"type": "array", "items": {"type": "string"},
        "x-kubernetes-validations": [{"rule": "self.all(s, s == 'string constant')"}]});
    schema.set("properties.spec", value!({"type": "object"}));
    schema.set("properties.spec.properties.x", value!({"type": "array"}));
    schema.set("properties.spec.properties.x.items", items);
    let at = "s.properties[spec].properties[x].items.x-kubernetes-validations[0].rule";
    let advice = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
    assert_eq!(
        refused(&schema),
        [
            format!("{at}: Forbidden: estimated rule cost exceeds budget by factor of more than 100x {advice}"),
            format!(
                "{at}: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
            ),
            format!(
                "s: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x {advice}"
            ),
        ]
    );
}

/// Schemas beside what upstream refuses them for, and objects beside what their rules say of them there.
#[test]
fn as_upstream() {
    let recorded = meta::parse(include_bytes!("../../testdata/rules.json")).unwrap();
    let mut wrong = Vec::new();
    for case in recorded.as_list().unwrap() {
        let schema = case.get("schema");
        let texts = |value: &Value, field: &str| {
            let texts = value.items(field).iter().filter_map(Value::as_str);
            let mut texts: Vec<String> = texts.map(String::from).collect();
            texts.sort();
            texts
        };
        let mut differ = |expected: Vec<String>, mut found: Vec<String>, about: &Value| {
            found.sort();
            if expected != found {
                wrong.push(format!(
                    "{about}\n  upstream {}\n  here     {}",
                    expected.join("\n           "),
                    found.join("\n           ")
                ));
            }
        };
        differ(texts(case, "refused"), refused(schema), schema.at("properties.spec.x-kubernetes-validations"));
        for object in case.items("objects") {
            let old = Some(object.get("old")).filter(|old| !old.is_null());
            let (errors, warnings) = judged(schema, object.get("new"), old);
            differ(texts(object, "errors"), errors, object.get("new"));
            differ(texts(object, "warnings"), warnings, object.get("new"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
