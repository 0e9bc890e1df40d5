use super::*;

fn run(object: &str, patch: &str) -> Result<String, String> {
    let (operations, _) =
        Operations::decode(meta::parse(patch.as_bytes()).unwrap(), true).map_err(|e| e.to_string())?;
    let result = operations.apply(meta::parse(object.as_bytes()).unwrap()).map_err(|e| e.to_string())?;
    Ok(result.to_string())
}

fn check(object: &str, patch: &str, expect: &str) {
    assert_eq!(run(object, patch).as_deref(), Ok(expect), "{object} + {patch}");
}

fn refused(object: &str, patch: &str, why: &str) {
    assert_eq!(run(object, patch), Err(why.to_string()), "{object} + {patch}");
}

#[test]
fn every_operation_applies() {
    check(r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":[1]}]"#, r#"{"a":1,"b":[1]}"#);
    check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/1","value":9}]"#, r#"{"a":[1,9,2]}"#);
    check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/-","value":9}]"#, r#"{"a":[1,2,9]}"#);
    check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/-1","value":9}]"#, r#"{"a":[1,2,9]}"#);
    check(r#"{"a":[1,2]}"#, r#"[{"op":"remove","path":"/a/-2"}]"#, r#"{"a":[2]}"#);
    check(r#"{"a":1}"#, r#"[{"op":"replace","path":"/b","value":2}]"#, r#"{"a":1,"b":2}"#);
    check(r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":{"c":3}}]"#, r#"{"c":3}"#);
    check(r#"{"a":{"x":1}}"#, r#"[{"op":"move","from":"/a/x","path":"/y"}]"#, r#"{"a":{},"y":1}"#);
    check(r#"{"a":{"x":1}}"#, r#"[{"op":"copy","from":"/a","path":"/b"}]"#, r#"{"a":{"x":1},"b":{"x":1}}"#);
    check(r#"{"a":1}"#, r#"[{"op":"copy","from":"/z","path":"/b"}]"#, r#"{"a":1,"b":null}"#);
    check(r#"{"a/b":1,"c~d":2}"#, r#"[{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/c~0d"}]"#, "{}");
    check(
        r#"{"a":1}"#,
        r#"[{"op":"test","path":"/a","value":1},{"op":"test","path":"/b","value":null}]"#,
        r#"{"a":1}"#,
    );
    check(r#"{"a":1}"#, r#"[{"op":"test","path":"","value":{"a":1}}]"#, r#"{"a":1}"#);
}

#[test]
fn what_does_not_fit_is_refused() {
    refused("{}", r#"[{"op":"test","path":"/a","value":1}]"#, "testing value /a failed: test failed");
    refused("{}", r#"[{"op":"zap","path":"/a"}]"#, "Unexpected kind: zap");
    refused("{}", r#"[{"op":"add"}]"#, "add operation failed to decode path: missing value");
    refused(
        "{}",
        r#"[{"op":"add","path":"/a/b","value":1}]"#,
        "add operation does not apply: doc is missing path: \"/a/b\": missing value",
    );
    refused(
        "{}",
        r#"[{"op":"remove","path":"/a"}]"#,
        "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value",
    );
    refused(
        r#"{"a":[]}"#,
        r#"[{"op":"add","path":"/a/1","value":1}]"#,
        "error in add for path: '/a/1': Unable to access invalid index: 1: invalid index referenced",
    );
    refused(
        "{}",
        r#"[{"op":1}]"#,
        "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
    );
}

#[test]
fn bombs_are_refused() {
    let doubling: Vec<String> = (0..40).map(|_| r#"{"op":"copy","from":"/a","path":"/a/-"}"#.to_string()).collect();
    let error = run(r#"{"a":["xxxxxxxx"]}"#, &format!("[{}]", doubling.join(","))).unwrap_err();
    assert!(error.starts_with("Unable to complete the copy") || error.contains("max depth"), "{error}");

    let wrap = r#"{"op":"add","path":"/w","value":{}},{"op":"move","from":"/a","path":"/w/a"},{"op":"move","from":"/w","path":"/a"}"#;
    let nesting = vec![wrap; 400].join(",");
    assert!(run(r#"{"a":1}"#, &format!("[{nesting}]")).unwrap_err().contains("max depth"));

    let many = vec![r#"{"op":"test","path":"/a","value":null}"#; 10_001].join(",");
    assert_eq!(
        run("{}", &format!("[{many}]")).unwrap_err(),
        "The allowed maximum operations in a JSON patch is 10000, got 10001"
    );
}
