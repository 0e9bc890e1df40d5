//! Patches of free-form fields, as upstream has answered them: `live` at `spec.free`, the patch, and the result there or the
//! code and message of the refusal.

use super::*;
use crate::sketch::sketch;
use meta::{Decoded, value};

fn check(format: Format, recorded: &str, patch_of: impl Fn(&Value) -> Value) {
    let mut wrong = Vec::new();
    for line in recorded.lines() {
        let case = meta::parse(line.as_bytes()).unwrap();
        let object = value!({"spec": {"free": (case.get("live").clone())}});
        let body = Decoded { value: patch_of(case.get("patch")), duplicates: Vec::new() };
        let patched = Patch::decode(format, body, true).and_then(|patch| patch.apply(&sketch("Free keep"), object));
        let (ours, theirs) = match patched {
            Ok(object) => (object.at("spec.free").to_string(), case.get("result").to_string()),
            Err(refusal) => {
                let status = refusal.to_status();
                (format!("{} {}", status.code, status.message), format!("{} {}", case.get("code"), case.str("message")))
            }
        };
        if ours != theirs {
            wrong.push(format!("{line}\n    but got: {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn json_patches_do_what_upstreams_do() {
    check(Format::Json, include_str!("../../testdata/json-patches.jsonl"), Value::clone);
}

#[test]
fn merge_patches_do_what_upstreams_do() {
    check(
        Format::Merge,
        include_str!("../../testdata/merge-patches.jsonl"),
        |patch| value!({"spec": {"free": (patch.clone())}}),
    );
}
