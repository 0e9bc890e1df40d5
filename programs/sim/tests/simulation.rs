//! Whole clusters by their seeds.

use sim::{Bug, Report, Scenario, run};

fn live(scenario: &Scenario) -> Report {
    run(scenario).unwrap_or_else(|error| panic!("seed {}: {error}", scenario.seed))
}

fn rough(seed: u64) -> Scenario {
    Scenario { minutes: 3, ..Scenario::rough(seed) }.deployment("web", 4)
}

fn hold(scenario: &Scenario) {
    let report = live(scenario);
    assert!(report.is_good(), "seed {}\n{report}", scenario.seed);
}

#[test]
fn seeds_hold() {
    for seed in 1..=10 {
        hold(&rough(seed));
    }
}

/// The seed of a report, once more: `SIM_SEED=7 cargo test -p sim a_seed_of_choice -- --nocapture`.
#[test]
fn a_seed_of_choice() {
    let Some(seed) = std::env::var("SIM_SEED").ok().and_then(|seed| seed.parse().ok()) else { return };
    let report = live(&rough(seed));
    println!("{}\n{report}", report.timeline.join("\n"));
    assert!(report.is_good());
}

#[test]
fn a_seed_replays() {
    let scenario = Scenario { minutes: 2, calm: 5, ..rough(11) };
    let (first, second) = (live(&scenario), live(&scenario));
    let differ = first.commits.iter().zip(&second.commits).position(|(a, b)| a != b);
    let around = differ.map(|at| (&first.commits[at.saturating_sub(3)..=at], &second.commits[at]));
    assert_eq!(first.trace_hash, second.trace_hash, "they part here: {around:#?}");
}

/// What a planted bug leads to, as a run tells it: by a violation, or by a store that cannot be opened any more.
fn found(bug: Bug, words: &[&str]) {
    let told = (1..=5).flat_map(|seed| match run(&Scenario { bug: Some(bug), calm: 1, ..rough(seed) }) {
        Ok(report) => report.violations,
        Err(error) => vec![error.to_string()],
    });
    let told: Vec<String> = told.collect();
    let names = |violation: &String| words.iter().any(|word| violation.contains(word));
    assert!(told.iter().any(names), "{bug:?}: {told:#?}");
}

#[test]
fn a_lying_disk_is_found() {
    found(Bug::SyncsLie, &["was acknowledged, the store stands at", "an acknowledged", "the store cannot be opened"]);
}

#[test]
fn a_dropped_event_is_found() {
    found(Bug::WatchDropsEvents, &["missed revision"]);
}
