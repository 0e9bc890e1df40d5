//! Whole clusters by their seeds.

use clock::{Clock, SystemClock};
use sim::{Report, Scenario, run};
use std::time::Duration;

/// How long the ordinary test run spends on seeds that nobody has seen.
const FRESH: Duration = Duration::from_secs(60);

fn live(scenario: &Scenario) -> Report {
    run(scenario).unwrap_or_else(|error| panic!("seed {}: {error}\nagain: {}", scenario.seed, scenario.again))
}

fn hold(scenario: &Scenario) {
    let report = live(scenario);
    assert!(report.is_good(), "seed {}\n{report}", scenario.seed);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn seeds_hold() {
    for seed in 1..=8 {
        hold(&Scenario::usual(seed));
    }
}

/// Other seeds every time. `SIM_BASE` chooses the first one, `SIM_SECONDS` how long this goes on.
#[test]
fn fresh_seeds_hold() {
    let begun = SystemClock.now();
    let first = number("SIM_BASE").unwrap_or_else(|| begun.as_second().unsigned_abs());
    let budget = number("SIM_SECONDS").map_or(FRESH, Duration::from_secs);
    let mut seed = first;
    while SystemClock.now().duration_since(begun).unsigned_abs() < budget {
        hold(&Scenario::usual(seed));
        seed += 1;
    }
    println!("{} fresh seeds from {first} on: SIM_BASE={first}", seed - first);
}

/// The seed of a report, once more.
#[test]
fn a_seed_of_choice() {
    let Some(seed) = number("SIM_SEED") else { return };
    let report = live(&Scenario::usual(seed));
    println!("{}\n{report}", report.timeline.join("\n"));
    assert!(report.is_good());
}

#[test]
fn a_seed_replays() {
    let scenario = Scenario { minutes: 2, calm: 5, ..Scenario::usual(11) };
    let (first, second) = (live(&scenario), live(&scenario));
    let differ = first.commits.iter().zip(&second.commits).position(|(a, b)| a != b);
    let around = differ.map(|at| (&first.commits[at.saturating_sub(3)..=at], &second.commits[at]));
    assert_eq!(first.trace_hash, second.trace_hash, "they part here: {around:#?}");
}

/// Where nothing happens little is written: a node renews its lease every ten seconds and tells its status every five
/// minutes.
#[test]
fn a_cluster_at_rest_writes_little() {
    let hour = |minutes| live(&Scenario { minutes, calm: 0, nodes: 2, ..Scenario::default() }.deployment("web", 4));
    let written = hour(70).committed - hour(10).committed;
    let (leases, statuses) = (2 * 360, 2 * 12);
    assert!(written <= leases + statuses + 40, "{written} writes in an hour");
}
