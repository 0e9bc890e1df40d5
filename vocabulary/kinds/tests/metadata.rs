//! What upstream says of metadata.

use kinds::{builtin, metadata};
use meta::{Value, value};

fn check(plural: &str, metadata: Value, expect: &[&str]) {
    let def = builtin().into_iter().find(|def| def.names.plural == plural).unwrap();
    let object = value!({ "metadata": metadata });
    let errors: Vec<String> = metadata::validate(&def, &object).iter().map(ToString::to_string).collect();
    assert_eq!(errors, expect, "{plural}");
}

#[test]
fn metadata_of_a_new_object() {
    check("pods", value!({"name": "a", "namespace": "b"}), &[]);
    check("pods", value!({"namespace": "b"}), &["metadata.name: Required value: name or generateName is required"]);
    check("pods", value!({"name": "a"}), &["metadata.namespace: Required value"]);
    check(
        "nodes",
        value!({"name": "a", "namespace": "b"}),
        &["metadata.namespace: Forbidden: not allowed on this type"],
    );
    check("roles", value!({"name": "system:a", "namespace": "b"}), &[]);
    check(
        "pods",
        value!({"name": "a", "namespace": "b", "finalizers": ["x"]}),
        &[
            r#"metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified"#,
        ],
    );
    check("pods", value!({"name": "a-x", "generateName": "a-", "namespace": "b"}), &[]);
    check(
        "pods",
        value!({"name": "a", "namespace": "b", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]}),
        &[r#"metadata.ownerReferences.uid: Invalid value: "": must not be empty"#],
    );
}

#[test]
fn metadata_of_an_updated_object() {
    let def = builtin().into_iter().find(|def| def.names.plural == "pods").unwrap();
    let old =
        value!({"metadata": {"name": "a", "namespace": "b", "uid": "1", "deletionTimestamp": "2026-01-01T00:00:00Z"}});
    let mut new = old.clone();
    assert!(metadata::validate_update(&def, &new, &old).is_empty());
    new.set("metadata.uid", "2");
    new.set("metadata.finalizers", vec!["x/y"]);
    let errors: Vec<String> = metadata::validate_update(&def, &new, &old).iter().map(ToString::to_string).collect();
    let (once, again) = errors.split_at(errors.len() / 2);
    assert_eq!(once, again, "by the generic code and by the kind's own");
    assert_eq!(
        once,
        [
            r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x/y"}"#,
            r#"metadata.uid: Invalid value: "2": field is immutable"#,
        ]
    );
}
