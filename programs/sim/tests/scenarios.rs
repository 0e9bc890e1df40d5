//! Every file of `scenarios/` is a test; what it comes to stands beside it. `SIM_RECORD=1` writes it anew.

use sim::{Scenario, run};
use std::fs;
use std::path::Path;

#[test]
fn scenarios_come_to_what_is_recorded() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let all = fs::read_dir(&directory).expect("there are scenarios").map(|entry| entry.expect("it is readable").path());
    let scripts: Vec<_> = all.filter(|path| path.extension().is_some_and(|it| it == "txt")).collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        let text = fs::read_to_string(&script).expect("it is readable");
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        let report = run(&scenario).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        assert!(report.is_good(), "{}\n{report}", script.display());
        let report = report.to_string();
        let recorded = script.with_extension("report");
        if std::env::var_os("SIM_RECORD").is_some() {
            fs::write(&recorded, &report).expect("it can be written");
        }
        let expect = fs::read_to_string(&recorded).unwrap_or_default();
        assert_eq!(report, expect, "{}", script.display());
    }
}
