//! The net catches fish: every known bug is planted, and a few seeds find it.

use sim::{Bug, Known, Part, Scenario, Step, Trouble, run};
use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

/// So many seeds are tried before a bug counts as not found.
const SEEDS: u64 = 12;

type Outcome = Result<u64, Vec<String>>;

/// Every fault, and a deployment that grows, shrinks and rolls under late news of its sets.
fn cluster(seed: u64) -> Scenario {
    let base = Scenario { minutes: 4, calm: 8, ..Scenario::rough(seed) };
    let cluster = base.deployment("web", 4).scale(60, "web", 8).scale(120, "web", 3).roll(180, "web", "web:2");
    cluster.at(179, hold("replicasets", false, None))
}

/// Controllers end in the middle of many creations.
fn cut_off(seed: u64) -> Scenario {
    let base = Scenario { seed, minutes: 2, calm: 1, troubles: vec![Trouble::Slow], ..Scenario::default() };
    base.deployment("web", 0).scale(60, "web", 20).at(61, Step::Crash(Part::Controllers))
}

/// Pods come and are ready before anything of them is heard; nothing happens afterwards that would mend what was missed.
fn unseen(seed: u64) -> Scenario {
    let base = Scenario { seed, minutes: 2, calm: 1, troubles: vec![Trouble::Stale], ..Scenario::default() };
    base.deployment("web", 2).at(60, hold("pods", true, Some(Part::Controllers))).scale(61, "web", 6)
}

fn hold(resource: &str, forgotten: bool, whose: Option<Part>) -> Step {
    Step::Hold { resource: resource.into(), seconds: 15, forgotten, whose }
}

/// Where a bug shows early.
fn scenario(bug: Bug, seed: u64) -> Scenario {
    match bug {
        Bug::IntermediateState => cut_off(seed),
        Bug::UnobservedState => unseen(seed),
        _ => cluster(seed),
    }
}

/// What a planted bug leads to, as a run tells it: by a violation, or by a store that cannot be opened any more.
fn told(known: &Known, seed: u64) -> Vec<String> {
    match run(&Scenario { bug: Some(known.bug), enough: known.told, ..scenario(known.bug, seed) }) {
        Ok(report) => report.violations,
        Err(error) => vec![error.to_string()],
    }
}

/// The seed that finds it, or else everything that was told.
fn find(known: &Known) -> Outcome {
    let mut all = Vec::new();
    for seed in 1..=SEEDS {
        let told = told(known, seed);
        if told.iter().any(|violation| known.told.iter().any(|words| violation.contains(words))) {
            return Ok(seed);
        }
        all.extend(told);
    }
    Err(all)
}

/// Each bug that is left is taken by the next core that is free.
fn find_all(chosen: &[&Known]) -> Vec<Outcome> {
    let (left, outcomes) = (Mutex::new(0..chosen.len()), Mutex::new(vec![Err(Vec::new()); chosen.len()]));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(next) = left.lock().ok().and_then(|mut left| left.next()) {
                    let outcome = find(chosen[next]);
                    outcomes.lock().expect("nobody panics with it")[next] = outcome;
                }
            });
        }
    });
    outcomes.into_inner().expect("nobody has panicked with it")
}

#[test]
fn every_planted_bug_is_found() {
    let only = std::env::var("SIM_BUG").ok();
    let chosen = sim::KNOWN.iter().filter(|known| only.as_ref().is_none_or(|only| format!("{:?}", known.bug) == *only));
    let chosen: Vec<&Known> = chosen.collect();
    let outcomes = find_all(&chosen);
    for (known, outcome) in chosen.iter().zip(&outcomes) {
        println!("{:<24} {:?}: {outcome:?}", known.source, known.bug);
    }
    let told = chosen.iter().zip(&outcomes);
    let missed: Vec<_> = told.filter(|(_, outcome)| outcome.is_err()).map(|(known, _)| known.bug).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
