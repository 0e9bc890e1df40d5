//! The table is whole: every folder is in it, every fact has a row, and loading is quick.

use kinds::{Verb, builtin};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_folder_of_a_kind_is_in_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = BTreeSet::new();
    for group in std::fs::read_dir(&source).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        for kind in std::fs::read_dir(group.path()).unwrap().map(Result::unwrap) {
            let text = std::fs::read_to_string(kind.path().join("mod.rs")).unwrap_or_default();
            if text.contains("pub const ROW: Row") {
                let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
                folders.insert((name(&group.path()), name(&kind.path())));
            }
        }
    }
    let group =
        |group: &str| if group.is_empty() { "core".into() } else { group.split('.').next().unwrap().to_string() };
    let rows: BTreeSet<_> = builtin().iter().map(|def| (group(&def.group), def.names.singular.to_string())).collect();
    assert_eq!(rows, folders);
    assert_eq!(rows.len(), 65);
}

#[test]
fn every_stored_kind_has_a_place_and_a_table() {
    for def in builtin() {
        let stored = def.verbs.contains(&Verb::Update);
        assert_eq!(stored, !def.storage_prefix.is_empty(), "{def:?}");
        for version in &def.versions {
            assert!(!stored || !version.columns.is_empty(), "{def:?} {}", version.name);
            assert!(version.schema.descend("metadata.name").is_some(), "{def:?}");
        }
    }
}

#[test]
fn cells_match_columns_in_number() {
    for def in builtin().iter().filter(|def| def.verbs.contains(&Verb::List)) {
        let cells = def.rules.cells(&meta::Value::map(), jiff::Timestamp::UNIX_EPOCH);
        // Upstream gives rows of addresses an age that its columns do not name.
        let more = usize::from(def.names.kind == "IPAddress");
        assert_eq!(cells.len(), def.storage_version().columns.len() + more, "{def:?}");
    }
}
