use super::Dialect;
use crate::specimen::{object_meta, pod};
use crate::structural;
use meta::{Value, value};

fn of_pod(name: &str, dialect: Dialect) -> (Value, Vec<String>) {
    let schema = pod();
    let schema = schema.at(schema.types.named(name).unwrap());
    let mut refers = Vec::new();
    let value = schema.openapi(dialect, &mut |name, _| refers.push(name.to_string()));
    (value, refers)
}

#[test]
fn built_in_types() {
    let (value, refers) = of_pod("io.k8s.api.core.v1.PodSpec", Dialect::V3);
    assert_eq!(value.at("properties.restartPolicy"), &value!({"type": "string", "default": "Always"}));
    assert_eq!(
        value.at("properties.nodeSelector"),
        &value!({"type": "object", "additionalProperties": {"type": "string", "default": ""}})
    );
    assert_eq!(
        value.at("properties.containers"),
        &value!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"default": {}, "allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.Container"}]}})
    );
    assert_eq!(refers, ["Container", "PodSecurityContext", "Volume"].map(|name| format!("io.k8s.api.core.v1.{name}")));
    let (value, _) = of_pod("io.k8s.api.core.v1.PodSpec", Dialect::V2);
    assert_eq!(value.at("properties.restartPolicy"), &value!({"type": "string"}));
    assert_eq!(
        value.at("properties.securityContext"),
        &value!({"$ref": "#/definitions/io.k8s.api.core.v1.PodSecurityContext"})
    );
}

/// A custom kind's schema comes out as it went in, but for what every object has.
#[test]
fn custom_types() {
    let spec = value!({"type": "object", "description": "d", "default": {"a": 1i64}, "required": ["a"], "properties": {
        "a": {"type": "integer", "format": "int32", "minimum": 1i64, "maximum": 5i64, "exclusiveMaximum": true, "title": "t"},
        "b": {"type": "string", "nullable": true, "enum": ["a", "b"], "pattern": "x", "minLength": 1i64},
        "c": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "d": {"x-kubernetes-preserve-unknown-fields": true},
        "e": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"z": {"type": "string"}}},
        "g": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "minItems": 1i64,
              "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}}},
        "h": {"type": "object", "additionalProperties": {"type": "string", "nullable": true}, "x-kubernetes-map-type": "atomic"},
        "i": {"type": "object", "properties": {"x": {"type": "string"}}, "oneOf": [{"required": ["x"]}],
              "not": {"required": ["y"]}, "allOf": [{"properties": {"x": {"minLength": 3i64}}}]},
        "j": {"type": "object", "additionalProperties": true},
        "k": {"type": "string", "x-kubernetes-validations": [{"rule": "self != 'a'", "reason": "FieldValueInvalid"}]},
        "l": {"type": "number", "multipleOf": 0.5f64},
        "m": {"type": "array", "items": {"type": "string"}},
    }});
    let schema =
        structural::compile(&value!({"type": "object", "properties": {"spec": (spec.clone())}}), &object_meta());
    let whole = schema.openapi(Dialect::V3, &mut |_, _| ());
    assert_eq!(canonical(whole.at("properties.spec")), canonical(&spec));
    assert_eq!(
        whole.at("properties.metadata"),
        &value!({"allOf": [{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]})
    );
    let old = schema.openapi(Dialect::V2, &mut |_, _| ());
    let property = |name: &str| old.at("properties.spec.properties").get(name).clone();
    assert_eq!(property("b"), value!({"enum": ["a", "b"], "pattern": "x", "minLength": 1i64}));
    assert_eq!(property("c"), value!({"x-kubernetes-int-or-string": true}));
    assert_eq!(property("e"), value!({"x-kubernetes-preserve-unknown-fields": true}));
    assert_eq!(
        property("h"),
        value!({"type": "object", "additionalProperties": {}, "x-kubernetes-map-type": "atomic"})
    );
    assert_eq!(property("i"), value!({"type": "object", "properties": {"x": {"type": "string"}}}));
}

/// Whole numbers without regard to their notation.
fn canonical(value: &Value) -> Value {
    meta::parse(&value.to_json()).unwrap()
}
