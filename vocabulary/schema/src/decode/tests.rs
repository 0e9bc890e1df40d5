use super::*;
use crate::specimen::{custom, pod};
use meta::value;

fn spec(spec: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"a"}},"spec":{spec}}}"#)
}

fn refused(body: &str, message: &str) {
    let error = pod().decode(body.as_bytes(), Format::Json).unwrap_err();
    assert_eq!(error.to_string(), message, "{body}");
}

#[test]
fn what_does_not_fit_is_refused_in_gos_words() {
    let go = |body: &str, message: &str| refused(&spec(body), &format!("json: cannot unmarshal {message}"));
    let field = "into Go struct field";
    go(
        r#"{"terminationGracePeriodSeconds":"x"}"#,
        &format!("string {field} PodSpec.spec.terminationGracePeriodSeconds of type int64"),
    );
    go(r#"{"containers":{}}"#, &format!("object {field} PodSpec.spec.containers of type []v1.Container"));
    go(r#"{"containers":[3]}"#, &format!("number {field} PodSpec.spec.containers of type v1.Container"));
    go(
        r#"{"containers":[{"ports":[{"hostPort":3000000000}]}]}"#,
        &format!("number 3000000000 {field} ContainerPort.spec.containers.ports.hostPort of type int32"),
    );
    go(
        r#"{"containers":[{"ports":[{"hostPort":1.5}]}]}"#,
        &format!("number 1.5 {field} ContainerPort.spec.containers.ports.hostPort of type int32"),
    );
    go(
        r#"{"containers":[{"livenessProbe":{"httpGet":{"port":true}}}]}"#,
        &format!("bool {field} HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32"),
    );
    go(
        r#"{"containers":[{"livenessProbe":{"httpGet":3}}]}"#,
        &format!("number {field} Probe.spec.containers.livenessProbe.ProbeHandler.httpGet of type v1.HTTPGetAction"),
    );
    go(r#"{"restartPolicy":3}"#, &format!("number {field} PodSpec.spec.restartPolicy of type v1.RestartPolicy"));
    go(r#"{"nodeSelector":{"a":3}}"#, &format!("number {field} PodSpec.spec.nodeSelector of type string"));
    go(r#"{"nodeSelector":[]}"#, &format!("array {field} PodSpec.spec.nodeSelector of type map[string]string"));
}

#[test]
fn types_that_decode_themselves_refuse_in_their_own_words() {
    let metadata = |field: &str| format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{{field}}}}}"#);
    let quantity = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    for given in ["\"1x\"", "true", r#"{"a":1}"#] {
        refused(&spec(&format!(r#"{{"containers":[{{"resources":{{"limits":{{"cpu":{given}}}}}}}]}}"#)), quantity);
    }
    refused(
        &metadata(r#""creationTimestamp":"xx""#),
        r#"parsing time "xx" as "2006-01-02T15:04:05Z07:00": cannot parse "xx" as "2006""#,
    );
    refused(
        &metadata(r#""creationTimestamp":3"#),
        "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
    );
    let status = |field: &str| format!(r#"{{"apiVersion":"v1","kind":"Pod","status":{{{field}}}}}"#);
    refused(&status(r#""secret":"%%%""#), "illegal base64 data at input byte 0");
    refused(
        &status(r#""keys":{"a":4}"#),
        "json: cannot unmarshal number into Go struct field PodStatus.status.keys of type []uint8",
    );
}

#[test]
fn the_first_mismatch_is_told_unless_a_fatal_one_follows() {
    refused(
        &spec(r#"{"restartPolicy":3,"hostNetwork":"x"}"#),
        "json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
    );
    refused(
        r#"{"spec":{"restartPolicy":3},"metadata":{"creationTimestamp":true}}"#,
        "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
    );
}

#[test]
fn strict_problems_stand_in_the_order_of_the_text() {
    let body = br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","Foo":"xx","name":"b"},"status":{"x":1},
        "spec":{"hostNetwork":true,"nodeSelector":{"a":"b","a":"c"},"containers":[{"foo":{"a":1,"a":2},"foo":2,"name":"x",
        "name":"b","ports":[{"x":1}]}],"hostNetwork":false}}"#;
    let decoded = pod().decode(body, Format::Json).unwrap();
    let given = type_meta(body, Format::Json).unwrap();
    assert_eq!(
        decoded.strict_answer(&given, "Pod").unwrap(),
        "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"metadata.Foo\", \
         duplicate field \"metadata.name\", unknown field \"status.x\", duplicate field \"spec.nodeSelector.a\", \
         unknown field \"spec.containers[0].foo\", duplicate field \"spec.containers[0].name\", \
         unknown field \"spec.containers[0].ports[0].x\", duplicate field \"spec.hostNetwork\""
    );
    assert_eq!(decoded.value.str("metadata.name"), "b");
    assert_eq!(decoded.value.at("spec.nodeSelector"), &value!({"a": "c"}));
    assert!(decoded.value.at("spec.hostNetwork").is_null());
}

#[test]
fn is_what_go_would_write_again() {
    let check = |given: &str, expect: Value| {
        let decoded = pod().decode(spec(given).as_bytes(), Format::Json).unwrap();
        assert_eq!(decoded.strict, Vec::<String>::new());
        assert_eq!(decoded.value.get("spec"), &expect, "{given}");
        assert_eq!(pod().decode_value(decoded.value.clone()).unwrap().value, decoded.value, "decoding again");
    };
    check("{}", value!({"containers": null}));
    check("null", value!({"containers": null}));
    check(
        r#"{"containers":[],"hostNetwork":false,"restartPolicy":"","nodeSelector":{},"terminationGracePeriodSeconds":0,
            "securityContext":{"runAsNonRoot":false,"supplementalGroups":[]},"volumes":null}"#,
        value!({"containers": [], "terminationGracePeriodSeconds": 0i64, "securityContext": {"runAsNonRoot": false}}),
    );
    check(
        r#"{"containers":[null,{"name":"a","ports":[{}],"resources":{"limits":{"cpu":"1000m","memory":1.5,"x":null}}}]}"#,
        value!({"containers": [
            {"name": "", "resources": {}},
            {"name": "a", "ports": [{"containerPort": 0i64, "protocol": ""}],
             "resources": {"limits": {"cpu": "1", "memory": "1500m", "x": "0"}}},
        ]}),
    );
    check(r#"{"containers":[],"nodeSelector":{"a":null}}"#, value!({"containers": [], "nodeSelector": {"a": ""}}));
}

#[test]
fn times_and_bytes_are_canonical() {
    let body = br#"{"metadata":{"creationTimestamp":"2020-01-01T01:00:00.5+01:00","deletionTimestamp":null},
        "status":{"conditions":[{"type":"a"}],"renewed":"2020-01-01T00:00:00.000001Z","secret":"aGk=\n","keys":{"a":""}}}"#;
    let value = pod().decode(body, Format::Json).unwrap().value;
    assert_eq!(value.get("metadata"), &value!({"creationTimestamp": "2020-01-01T00:00:00Z"}));
    assert_eq!(
        value.get("status"),
        &value!({"conditions": [{"type": "a", "lastProbeTime": null}], "keys": {"a": ""},
                 "renewed": "2020-01-01T00:00:00.000001Z", "secret": "aGk="})
    );
}

#[test]
fn what_is_no_object_is_unreadable() {
    let parse = "couldn't get version/kind; json parse error:";
    for (body, message) in [
        (
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}"#,
            format!(r#"{parse} unexpected end of JSON input ({{"apiVersion":"apps/v1","kind" ...)"#),
        ),
        ("hello", format!("{parse} invalid character 'h' looking for beginning of value (68656c6c6f)")),
        ("", format!("{parse} unexpected end of JSON input (<empty>)")),
        (
            "[]",
            format!(
                "{parse} json: cannot unmarshal array into Go value of type struct {{ APIVersion string \
                 \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }} (5b5d)"
            ),
        ),
        (
            r#"{"apiVersion":3,"kind":"Pod","metadata":{"name":"a"}}"#,
            format!(
                "{parse} json: cannot unmarshal number into Go struct field .apiVersion of type string \
                 ({{\"apiVersion\":3,\"kind\":\"Pod\",\" ...)"
            ),
        ),
        (
            r#"{"apiVersion":"a/b/c","kind":"Pod","metadata":{"name":"a"}}"#,
            r#"unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)"#.to_string(),
        ),
    ] {
        let error = pod().decode(body.as_bytes(), Format::Json).unwrap_err();
        let expect = format!("the object provided is unrecognized (must be of type Pod): {message}");
        assert_eq!(error.answer(&TypeMeta::default(), "Pod", body.as_bytes()), expect);
    }
}

#[test]
fn yaml_repeats_are_told_by_line() {
    let body = b"\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  hostNetwork: false\n  hostNetwork: yes\n  foo: 3\n  containers: []\n  foo: 4\n";
    let decoded = pod().decode(body, Format::Yaml).unwrap();
    assert_eq!(
        decoded.strict,
        [
            "yaml: unmarshal errors:\n  line 7: key \"hostNetwork\" already set in map\n  line 10: key \"foo\" already set in map",
            "unknown field \"spec.foo\""
        ]
    );
    assert_eq!(decoded.value.get("spec"), &value!({"containers": [], "hostNetwork": true}));
}

#[test]
fn custom_objects_keep_what_does_not_fit() {
    let body =
        br#"{"apiVersion":"a/v1","kind":"Root","metadata":{"name":"a","x":1,"labels":{},"creationTimestamp":null},
        "spec":{"size":"big","z":1,"z":2,"label":null,"inner":{"apiVersion":"v1","metadata":{"y":1,"name":"b"}}}}"#;
    let decoded = custom().decode(body, Format::Json).unwrap();
    assert_eq!(
        decoded.value,
        value!({"apiVersion": "a/v1", "kind": "Root", "metadata": {"name": "a"},
                "spec": {"size": "big", "inner": {"apiVersion": "v1", "metadata": {"name": "b"}}}})
    );
    assert_eq!(
        decoded.strict,
        [
            "duplicate field \"spec.z\"",
            "unknown field \"metadata.x\"",
            "unknown field \"spec.z\"",
            "unknown field \"spec.inner.metadata.y\""
        ]
    );
    let error = custom().decode(br#"{"metadata":{"labels":{"a":1}}}"#, Format::Json).unwrap_err();
    assert_eq!(
        error.to_string(),
        "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
    );
}

#[test]
fn hostile_depth_is_refused() {
    for bomb in ["[".repeat(100_000), "{\"spec\":".repeat(100_000)] {
        assert!(pod().decode(bomb.as_bytes(), Format::Json).is_err());
        assert!(custom().decode(bomb.as_bytes(), Format::Json).is_err());
    }
    let deep = format!(r#"{{"metadata":{{"managedFields":[{}{}]}}}}"#, "[".repeat(1000), "]".repeat(1000));
    assert!(pod().decode(deep.as_bytes(), Format::Json).unwrap_err().to_string().contains("exceeded max depth"));
}

/// The text with bytes of it changed, differently each time.
fn mutations(text: &str, count: usize) -> impl Iterator<Item = Vec<u8>> {
    const BYTES: &[u8] = b"{}[]\",:-0123456789.eEtrufalsn \n\\&*<|>!%@~'\x00\xff";
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let text = text.as_bytes().to_vec();
    (0..count).map(move |_| {
        let mut bytes = text.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] = BYTES[(state >> 20) as usize % BYTES.len()];
        }
        bytes
    })
}

#[test]
fn no_text_makes_it_panic() {
    let text = spec(
        r#"{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"1.5"}},
        "livenessProbe":{"httpGet":{"port":"http"}}}],"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Gi"}}]}"#,
    );
    for schema in [pod(), custom()] {
        for bytes in mutations(&text, 2000) {
            for format in [Format::Json, Format::Yaml] {
                if let Ok(mut decoded) = schema.decode(&bytes, format) {
                    schema.default(&mut decoded.value);
                    schema.prune(&mut decoded.value);
                    schema.validate(&meta::Cursor::root(&decoded.value));
                }
            }
            super::syntax::complaint(&bytes);
        }
    }
}

/// What is well-formed for one of the two scanners is so for the other; broken text alone they may tell apart.
#[test]
fn gos_scanner_and_ours_agree() {
    let text = r#"{"a":[1,-2.5e3,"x\u0041\n",true,null,{"b":{}}],"c":"d"}"#;
    for bytes in mutations(text, 5000).filter(|bytes| std::str::from_utf8(bytes).is_ok()) {
        let ours = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        assert_eq!(super::syntax::complaint(&bytes).is_none(), ours, "{}", bytes.escape_ascii());
    }
}
