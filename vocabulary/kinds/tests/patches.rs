//! Strategic merge patches of built-in kinds, as upstream has answered them.
//!
//! Each line of the recording is an object and patches of it; a case has the top fields that the patch changed and those
//! that it removed, or the code and message of its refusal.

use meta::{Decoded, Value};
use schema::Schema;
use schema::patch::{Format, Patch};

#[test]
fn built_in_kinds_merge_as_upstream_merges_them() {
    let mut wrong = Vec::new();
    for line in include_str!("../testdata/patches.jsonl").lines() {
        let recorded = meta::parse(line.as_bytes()).unwrap();
        let schema = kinds::schema_of(recorded.str("type")).unwrap();
        for case in recorded.items("cases") {
            if let Err(why) = replay(&schema, recorded.get("live"), case) {
                wrong.push(format!("{}: {why}", case.get("patch")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn replay(schema: &Schema, live: &Value, case: &Value) -> Result<(), String> {
    let live = schema.decode_value(live.clone()).unwrap().value;
    let body = Decoded { value: case.get("patch").clone(), duplicates: Vec::new() };
    let patched = Patch::decode(Format::Strategic, body, false).and_then(|patch| patch.apply(schema, live.clone()));
    let mut object = match patched {
        Ok(patched) => schema.decode_value(patched).map_err(|e| e.to_string())?.value,
        Err(refusal) => {
            let status = refusal.to_status();
            return expect(
                &[status.code.to_string(), status.message],
                &[case.get("code").to_string(), case.str("message").into()],
            );
        }
    };
    schema.default(&mut object);
    let mut wanted = live;
    for name in case.items("gone") {
        wanted.remove(name.as_str().unwrap());
    }
    for (name, value) in case.fields("result") {
        wanted.set(name, value.clone());
    }
    let mut wanted = schema.decode_value(wanted).map_err(|e| e.to_string())?.value;
    for object in [&mut object, &mut wanted] {
        object.remove("metadata.generation");
        object.remove("metadata.resourceVersion");
    }
    expect(&[object.to_string()], &[wanted.to_string()])
}

fn expect(ours: &[String], theirs: &[String]) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("\n  ours   {ours:?}\n  theirs {theirs:?}")) }
}
