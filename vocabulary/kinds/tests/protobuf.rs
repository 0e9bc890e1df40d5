//! Protobuf of every kind, recorded as the answers to dry-run creates, is read and written again byte for byte.

use kinds::{KindDef, builtin};
use meta::{GroupVersion, Value};
use schema::proto::Envelope;
use schema::{Format, Schema};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn recorded() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/protobuf");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
}

fn schema_of(rows: &[Arc<KindDef>], bytes: &[u8]) -> Schema {
    let type_meta = Envelope::open(bytes).unwrap().type_meta;
    let spoken = GroupVersion::parse(&type_meta.api_version).unwrap();
    let row = rows.iter().find(|row| row.group == spoken.group && row.names.kind == type_meta.kind).unwrap();
    row.version(&spoken.version).unwrap().schema.clone()
}

#[test]
fn comes_out_as_it_went_in() {
    let rows = builtin();
    let recorded = recorded();
    assert!(recorded.len() > 60);
    for (name, bytes) in recorded {
        let schema = schema_of(&rows, &bytes);
        let value = schema.from_protobuf(&bytes).unwrap();
        let written = schema.to_protobuf(&value);
        assert!(is_same(&written, &bytes), "{name}: {value}\n{}\n{}", written.escape_ascii(), bytes.escape_ascii());
    }
}

/// Byte for byte, but for managed fields: JSON, in which upstream orders keys that hold numbers by number.
fn is_same(written: &[u8], recorded: &[u8]) -> bool {
    let mut bags = [written.to_vec(), recorded.to_vec()];
    bags.iter_mut().for_each(|bytes| bytes.sort_unstable());
    let differs = written.iter().zip(recorded).position(|(a, b)| a != b);
    let managed = recorded.windows(8).position(|window| window == b"FieldsV1");
    bags[0] == bags[1] && (differs.is_none() || differs > managed)
}

#[test]
fn says_what_json_says() {
    let rows = builtin();
    for (name, bytes) in recorded() {
        let schema = schema_of(&rows, &bytes);
        let value = schema.from_protobuf(&bytes).unwrap();
        let decoded = schema.decode(&value.to_json(), Format::Json).unwrap();
        assert_eq!((decoded.value, decoded.strict), (value, Vec::<String>::new()), "{name}");
    }
}

#[test]
fn every_type_that_documents_refer_to_is_named() {
    for dialect in [schema::openapi::Dialect::V2, schema::openapi::Dialect::V3] {
        let types = kinds::types();
        for (name, id) in &types.names {
            let schema = Schema { types: types.clone(), root: *id };
            let document = schema.openapi(dialect, &mut |referred, id| assert_eq!(types.named(referred), Some(id)));
            assert_ne!(document, Value::Null, "{name}");
        }
    }
}
