use super::{Envelope, ProtoError, watch_event};
use crate::Format;
use crate::specimen::pod;
use meta::{Value, value};

fn object(body: &str) -> Value {
    pod().decode(body.as_bytes(), Format::Json).unwrap().value
}

#[test]
fn every_plain_field_is_written_and_pointers_are_not() {
    let value = object(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"volumes":[{"name":"v"}]}}"#);
    let bytes = pod().to_protobuf(&value);
    let open = Envelope::open(&bytes).unwrap();
    assert_eq!((open.type_meta.api_version.as_str(), open.type_meta.kind.as_str()), ("v1", "Pod"));
    assert!(open.raw.starts_with(b"\x0a\x07\x0a\x01a\x12\x00\x42\x00"), "{:x?}", open.raw);
    let spec = b"\x12\x0b\x0a\x05\x0a\x01v\x12\x00\x1a\x00\x58\x00";
    assert!(open.raw[9..].starts_with(spec), "{:x?}", &open.raw[9..]);
    assert!(bytes.ends_with(b"\x1a\x00\x22\x00"));
}

#[test]
fn comes_back_as_it_was() {
    for body in [
        "{}",
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"b":"c","a":""},"creationTimestamp":"2020-01-01T00:00:00Z",
            "managedFields":[{"a":[1,null]}]},"spec":{"containers":[{"name":"x","args":["","b"],"ports":[{"containerPort":-1}],
            "resources":{"limits":{"cpu":"100m"}},"livenessProbe":{"httpGet":{"port":"http"},"periodSeconds":3}}],
            "terminationGracePeriodSeconds":0,"securityContext":{"runAsNonRoot":false,"supplementalGroups":[1,-2,9223372036854775807]},
            "volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Gi"}},{"name":"w","emptyDir":{}}]},
            "status":{"conditions":[{"type":"a","lastProbeTime":null}],"renewed":"1969-12-31T23:59:59.500001Z","secret":"aGk=",
            "keys":{"a":"","b":"AA=="}}}"#,
    ] {
        let value = object(body);
        let bytes = pod().to_protobuf(&value);
        assert_eq!(pod().from_protobuf(&bytes).unwrap(), value);
        assert_eq!(pod().to_protobuf(&pod().from_protobuf(&bytes).unwrap()), bytes);
    }
}

#[test]
fn packed_numbers_are_understood() {
    let security = b"\x22\x03\x01\x02\x03";
    let spec = [b"\x72\x05", &security[..]].concat();
    let raw = [b"\x12\x07", &spec[..]].concat();
    let value = pod().from_message(&raw).unwrap();
    assert_eq!(value.at("spec.securityContext.supplementalGroups"), &value!([1i64, 2i64, 3i64]));
}

#[test]
fn what_is_no_message_is_refused() {
    assert_eq!(pod().from_protobuf(b"{}"), Err(ProtoError::NoEnvelope));
    assert_eq!(pod().from_message(b"\x12\x05"), Err(ProtoError::Truncated));
    assert_eq!(pod().from_message(b"\x0a\x03\x0a\x01\xff"), Err(ProtoError::BadText));
    assert_eq!(pod().from_message(b"\x07"), Err(ProtoError::BadKey(7)));
    let wire = ProtoError::WireType { wire: 0, field: "Name".into() };
    assert_eq!(pod().from_message(b"\x0a\x02\x08\x01"), Err(wire));
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = pod().to_protobuf(&object(
        r#"{"metadata":{"name":"a","labels":{"b":"c"}},"spec":{"containers":[{"name":"x","resources":{"limits":{"cpu":"1"}}}]}}"#,
    ));
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] = (state >> 20) as u8;
        }
        bytes.truncate(bytes.len() - (state >> 60) as usize);
        if let Ok(value) = pod().from_protobuf(&bytes) {
            pod().to_protobuf(&value);
        }
    }
}

#[test]
fn events_hold_their_object() {
    assert_eq!(watch_event("ADDED", b"xy"), b"\x0a\x05ADDED\x12\x04\x0a\x02xy");
}
