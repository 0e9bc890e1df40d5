//! Every file of `cases/` is a test: a command, what it prints, and what it ends with. `SIM_RECORD=1` writes them anew.

use super::super::cli;
use super::answer;
use regex::Regex;
use std::fs;
use std::path::Path;

/// Its output with its exit code, as a terminal shows it.
fn run(line: &str) -> String {
    let words = line.strip_prefix("$ ").expect("a case begins with its command").split_whitespace();
    let matches = match cli().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(refusal) => return format!("{refusal}exit code {}\n", refusal.exit_code()),
    };
    let (_, asked) = matches.subcommand().expect("it is `k1s sim`");
    let mut told = String::new();
    match answer(asked, &mut told) {
        Ok(()) => told + "exit code 0\n",
        Err(failure) => format!("{told}k1s sim: {}\nexit code {}\n", failure.message, failure.code),
    }
}

/// What a trace comes to changes with every part of the cluster.
fn blurred(told: &str) -> String {
    let trace = Regex::new("trace [0-9a-f]{16}").expect("it is an expression");
    let pod = Regex::new(r"-[a-z0-9]{5,10}-[a-z0-9]{5}\b").expect("it is an expression");
    pod.replace_all(&trace.replace_all(told, "trace <hash>"), "-<hash>").into_owned()
}

#[test]
fn commands_print_what_is_recorded() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/sim/cases");
    let mut cases: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let text = fs::read_to_string(&case).unwrap();
        let line = text.lines().next().unwrap_or_default();
        let told = format!("{line}\n{}", blurred(&run(line)));
        if std::env::var_os("SIM_RECORD").is_some() {
            fs::write(&case, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&case).unwrap(), "{}", case.display());
    }
}

#[test]
fn the_same_seed_comes_to_the_same_trace() {
    let line = |seed: u64| format!("$ k1s sim --nodes 2 --hours 0.05 --calm 1 --faults all --every 20 --seed {seed}");
    let first = run(&line(7));
    assert!(first.contains("trace "), "{first}");
    assert_eq!(first, run(&line(7)));
    let trace = |told: &str| told.split("trace ").nth(1).map(|rest| rest[..16].to_owned());
    assert_ne!(trace(&first), trace(&run(&line(8))));
}
