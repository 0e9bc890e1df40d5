use super::{check, compile};
use crate::specimen::object_meta;
use meta::{Path, Value, value};

fn yaml(text: &str) -> Value {
    crate::yaml::parse(text.as_bytes()).unwrap().value
}

#[track_caller]
fn refused(schema: &str, expect: &[&str]) {
    let errors = check(&yaml(schema), &Path::new("s"), false, &object_meta());
    assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), expect, "{schema}");
}

fn spec(rest: &str) -> String {
    format!("type: object\nproperties: {{spec: {rest}}}")
}

#[test]
fn a_type_is_stated_everywhere() {
    refused("{}", &["s.type: Required value: must not be empty at the root"]);
    refused("type: string", &[r#"s.type: Invalid value: "string": must be object at the root"#]);
    refused(&spec("{}"), &["s.properties[spec].type: Required value: must not be empty for specified object fields"]);
    refused(
        &spec("{type: array, items: {}}"),
        &["s.properties[spec].items.type: Required value: must not be empty for specified array items"],
    );
    refused(&spec("{type: array}"), &["s.properties[spec].items: Required value: must be specified"]);
    refused(&spec("{x-kubernetes-preserve-unknown-fields: true}"), &[]);
    refused(&spec("{x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}"), &[]);
    refused(
        &spec("{type: float}"),
        &[
            r#"s.properties[spec].type: Unsupported value: "float": supported values: "array", "boolean", "integer", "number", "object", "string""#,
        ],
    );
}

#[test]
fn logic_adds_rules_alone() {
    refused(
        &spec(
            "{type: object, properties: {a: {type: string}}, anyOf: [{type: object, properties: {a: {minLength: 1}}}]}",
        ),
        &["s.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural"],
    );
    refused(
        "type: object\nallOf: [{properties: {a: {minLength: 1}}}]",
        &["s.properties[a]: Required value: because it is defined in s.allOf[0].properties[a]"],
    );
    refused(
        &spec("{type: string, not: {default: x}}"),
        &["s.properties[spec].not.default: Forbidden: must be undefined to be structural"],
    );
}

#[test]
fn metadata_stays_what_it_is() {
    refused(
        "type: object\nproperties: {metadata: {type: object, properties: {name: {type: string, pattern: a}}}}",
        &[],
    );
    refused(
        "type: object\nproperties: {metadata: {type: object, properties: {labels: {type: object}}}}",
        &[
            "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
        ],
    );
    refused(
        "type: object\nproperties: {kind: {type: integer}}",
        &[r#"s.properties[kind].type: Invalid value: "integer": must be string"#],
    );
    refused("type: object\nnullable: true", &["s.nullable: Forbidden: nullable cannot be true at the root"]);
}

#[test]
fn lists_have_keys() {
    let list = |rest: &str| spec(&format!("{{type: array, x-kubernetes-list-type: map, {rest}}}"));
    refused(
        &list("items: {type: object, properties: {a: {type: string}}}"),
        &[
            "s.properties[spec].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
        ],
    );
    refused(
        &list("x-kubernetes-list-map-keys: [a], items: {type: object, properties: {a: {type: string}}}"),
        &[
            "s.properties[spec].items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        ],
    );
    refused(
        &list("x-kubernetes-list-map-keys: [b], items: {type: object, properties: {a: {type: string}}}"),
        &[
            r#"s.properties[spec].x-kubernetes-list-map-keys: Invalid value: ["b"]: entries must all be names of item properties"#,
        ],
    );
}

#[test]
fn defaults_satisfy_their_schema() {
    refused(
        &spec("{type: object, properties: {a: {type: integer, default: x}}}"),
        &[
            r#"s.properties[spec].properties[a].default: Invalid value: "string":  in body must be of type integer: "string""#,
        ],
    );
    refused(
        &spec("{type: object, default: {b: 1}}"),
        &[r#"s.properties[spec].default: Invalid value: {"b":1}: must not have unknown fields"#],
    );
    refused(
        "type: object\nproperties: {kind: {type: string, default: x}}",
        &["s.properties[kind].default: Forbidden: must not be set in top-level kind"],
    );
}

#[test]
fn what_is_not_supported_is_told() {
    refused(&spec("{type: string, $ref: x}"), &["s.properties[spec].$ref: Forbidden: $ref is not supported"]);
    refused(
        &spec("{type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}"),
        &[
            "s.properties[spec].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ],
    );
    refused(
        &spec("{type: array, items: {type: string}, uniqueItems: true}"),
        &[
            "s.properties[spec].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ],
    );
    refused(
        &spec("{type: string, x-kubernetes-validations: [{message: a}]}"),
        &["s.properties[spec].x-kubernetes-validations[0].rule: Required value: rule is not specified"],
    );
}

#[test]
fn types_prune_and_default() {
    let schema = yaml(&spec(
        "{type: object, default: {}, properties: {size: {type: integer, default: 3}, inner: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}}}",
    ));
    let types = compile(&schema, &object_meta());
    let mut value = value!({"metadata": {"name": "a"}, "x": 1i64});
    assert_eq!(types.prune(&mut value), ["x"]);
    types.default(&mut value);
    assert_eq!(value, value!({"metadata": {"name": "a"}, "spec": {"size": 3i64}}));
    let mut value = value!({"spec": {"inner": {"apiVersion": "v1", "kind": "A", "metadata": {}, "y": 1i64}}});
    assert_eq!(types.prune(&mut value), ["spec.inner.y"]);
}
