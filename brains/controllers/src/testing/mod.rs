//! Cases as data: `testdata/NAME.case` holds what is asked, the objects that were seen, and, below `=====`, the plan as
//! it reads. `UPDATE_CASES=1 cargo test` writes the plans anew.

mod parse;
mod render;

use parse::Case;
use plan::Controller;
use std::path::{Path, PathBuf};

pub(crate) const RULE: &str = "\n=====\n";

/// Runs every case of a controller's folder.
pub(crate) fn check(controller: &dyn Controller, folder: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder).join("testdata");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&directory)
        .expect("a controller has cases")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no case", directory.display());
    let failures: Vec<String> = files.iter().filter_map(|file| check_file(controller, file)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check_file(controller: &dyn Controller, file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).expect("a case can be read");
    let (given, expected) = text.split_once(RULE).unwrap_or((text.trim_end(), ""));
    let case = Case::parse(given, controller).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()));
    let plan = controller.reconcile(&case.key, &case.seen, &case.moment);
    let actual = render::plan(&plan, &case.seen);
    if actual == expected {
        return None;
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(file, format!("{given}{RULE}{actual}")).expect("a case can be written");
        return None;
    }
    Some(format!("{}:\n--- expected\n{expected}--- planned\n{actual}", file.display()))
}
