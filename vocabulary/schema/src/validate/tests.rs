use crate::specimen::object_meta;
use crate::structural;
use meta::{Cursor, Value};

/// The complaints about `value` as the one field `x` of a schema in YAML.
fn complaints(schema: &str, value: &str) -> Vec<String> {
    let schema = format!("type: object\nproperties:\n  x:\n{}", indented(schema, "    "));
    whole(&schema, &format!("x: {value}"))
}

fn whole(schema: &str, value: &str) -> Vec<String> {
    let types = structural::compile(&yaml(schema), &object_meta());
    let value = yaml(value);
    types.validate(&Cursor::root(&value)).iter().map(ToString::to_string).collect()
}

fn yaml(text: &str) -> Value {
    crate::yaml::parse(text.as_bytes()).unwrap().value
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

#[track_caller]
fn check(schema: &str, value: &str, expect: &[&str]) {
    assert_eq!(complaints(schema, value), expect, "{schema}: {value}");
}

#[test]
fn types() {
    check("type: integer", "3", &[]);
    check("type: integer", "3.0", &[]);
    check("type: number", "3", &[]);
    check("type: integer", "a", &[r#"x: Invalid value: "string": x in body must be of type integer: "string""#]);
    check("type: integer", "1.5", &[r#"x: Invalid value: "number": x in body must be of type integer: "number""#]);
    check("type: string", "3", &[r#"x: Invalid value: "integer": x in body must be of type string: "integer""#]);
    check("type: string", "~", &[r#"x: Invalid value: "null": x in body must be of type string: "null""#]);
    check("type: string\nnullable: true", "~", &[]);
    check("type: object", "[]", &[r#"x: Invalid value: "array": x in body must be of type object: "array""#]);
    check("x-kubernetes-int-or-string: true", "3", &[]);
    check(
        "x-kubernetes-int-or-string: true",
        "true",
        &[r#"x: Invalid value: "boolean": x in body must be of type integer,string: "boolean""#],
    );
    check(
        "type: array\nitems: {type: string}",
        "[a, 1]",
        &[r#"x[1]: Invalid value: "integer": x[1] in body must be of type string: "integer""#],
    );
    check(
        "type: object\nadditionalProperties: {type: string}",
        "{a: 1}",
        &[r#"x.a: Invalid value: "integer": x.a in body must be of type string: "integer""#],
    );
    check("x-kubernetes-preserve-unknown-fields: true", "[1, {a: b}]", &[]);
}

#[test]
fn scalars() {
    check("type: string\nminLength: 2", "a", &[r#"x: Invalid value: "a": x in body should be at least 2 chars long"#]);
    check("type: string\nmaxLength: 2", "abc", &["x: Too long: may not be more than 2 bytes"]);
    check("type: string\nmaxLength: 2", "éé", &[]);
    check("type: string\npattern: ^a+$", "b", &[r#"x: Invalid value: "b": x in body should match '^a+$'"#]);
    check("type: string\nenum: [a, b]", "c", &[r#"x: Unsupported value: "c": supported values: "a", "b""#]);
    check("type: integer\nenum: [1, 2]", "3", &[r#"x: Unsupported value: 3: supported values: "1", "2""#]);
    check("type: integer\nminimum: 2", "1", &["x: Invalid value: 1: x in body should be greater than or equal to 2"]);
    check(
        "type: number\nmaximum: 2\nexclusiveMaximum: true",
        "2.5",
        &["x: Invalid value: 2.5: x in body should be less than 2"],
    );
    check("type: integer\nmultipleOf: 3", "4", &["x: Invalid value: 4: x in body should be a multiple of 3"]);
    check("type: string\nformat: date", "x", &[r#"x: Invalid value: "x": x in body must be of type date: "x""#]);
    check(
        "type: string\nformat: date",
        "5",
        &[r#"x: Invalid value: "int64": x in body must be of type date: "int64""#],
    );
    check("type: integer\nformat: int32", "5000000000", &[]);
}

#[test]
fn lists_and_maps() {
    let list = |rule: &str| format!("type: array\nitems: {{type: integer}}\n{rule}");
    check(&list("minItems: 2"), "[1]", &["x: Invalid value: 1: x in body should have at least 2 items"]);
    check(&list("maxItems: 1"), "[1, 2]", &["x: Too many: 2: must have at most 1 item"]);
    check(&list("x-kubernetes-list-type: set"), "[1, 2, 1, 1]", &["x[2]: Duplicate value: 1"]);
    let map = |rule: &str| format!("type: object\nadditionalProperties: {{type: integer}}\n{rule}");
    check(&map("minProperties: 1"), "{}", &["x: Invalid value: 0: x in body should have at least 1 properties"]);
    check(&map("maxProperties: 1"), "{a: 1, b: 2}", &["x: Too many: 2: must have at most 1 item"]);
    check(
        "type: object\nproperties: {a: {type: string}}\nrequired: [a, b]",
        "{}",
        &["x.a: Required value", "x.b: Required value"],
    );
    check(
        "type: array\nx-kubernetes-list-type: map\nx-kubernetes-list-map-keys: [a]\nitems: {type: object, properties: {a: {type: string}, b: {type: string}}}",
        "[{a: x, b: z}, {a: x}, {}]",
        &[r#"x[1]: Duplicate value: {"a":"x"}"#],
    );
}

#[test]
fn junctors() {
    check("type: integer\nanyOf: [{minimum: 5}, {maximum: 1}]", "7", &[]);
    check(
        "type: integer\nanyOf: [{minimum: 5}, {maximum: 1}]",
        "3",
        &[
            r#"<nil>: Invalid value: "": "x" must validate at least one schema (anyOf)"#,
            "x: Invalid value: 3: x in body should be greater than or equal to 5",
        ],
    );
    check(
        "type: object\nproperties: {a: {type: string}, b: {type: string}}\noneOf: [{required: [a]}, {required: [b]}]",
        "{a: x, b: z}",
        &[r#"<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found 2 valid alternatives"#],
    );
    check(
        "type: object\nproperties: {a: {type: string}, b: {type: string}}\noneOf: [{required: [a]}, {required: [b]}]",
        "{}",
        &[
            r#"<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found none valid"#,
            "x.a: Required value",
        ],
    );
    check(
        "type: integer\nallOf: [{minimum: 5}]",
        "3",
        &[
            "x: Invalid value: 3: x in body should be greater than or equal to 5",
            r#"<nil>: Invalid value: "": "x" must validate all the schemas (allOf). None validated"#,
        ],
    );
    check(
        "type: integer\nnot: {minimum: 5}",
        "7",
        &[r#"<nil>: Invalid value: "": "x" must not validate the schema (not)"#],
    );
}

#[test]
fn the_root() {
    let schema = "type: object\nrequired: [spec]\nproperties: {spec: {type: object}, metadata: {type: object, properties: {name: {type: string, maxLength: 3}}}}";
    assert_eq!(
        whole(schema, "{apiVersion: a/v1, kind: A, metadata: {name: abcd, labels: {a: b}}}"),
        ["metadata.name: Too long: may not be more than 3 bytes", "spec: Required value"]
    );
}

#[test]
fn what_did_not_change_is_forgiven() {
    let types = structural::compile(
        &yaml(
            "type: object\nproperties: {a: {type: integer, maximum: 3}, l: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, properties: {k: {type: string}, v: {type: integer, maximum: 3}}}}}",
        ),
        &object_meta(),
    );
    let check = |new: &str, old: &str, expect: &[&str]| {
        let (new, old) = (yaml(new), yaml(old));
        let errors = types.validate_update(&Cursor::root(&new), &Cursor::root(&old));
        assert_eq!(errors.iter().map(|error| error.field.clone()).collect::<Vec<_>>(), expect);
    };
    check("{a: 5}", "{a: 5}", &[]);
    check("{a: 6}", "{a: 5}", &["a"]);
    check("{l: [{k: b, v: 5}, {k: a, v: 5}]}", "{l: [{k: a, v: 5}, {k: b, v: 4}]}", &["l[0].v"]);
}
