//! The net catches fish: every known bug is planted, and a few seeds find it.

use sim::{Known, Scenario, Step, run};

/// So many seeds are tried before a bug counts as not found.
const SEEDS: u64 = 12;

fn cluster(seed: u64) -> Scenario {
    let base = Scenario { minutes: 4, calm: 8, ..Scenario::rough(seed) };
    let hold = |resource: &str, forgotten| Step::Hold { resource: resource.into(), seconds: 15, forgotten };
    let cluster = base.deployment("web", 4).scale(60, "web", 8).scale(120, "web", 3).roll(180, "web", "web:2");
    cluster.at(179, hold("replicasets", false)).at(222, hold("pods", true)).scale(224, "web", 9)
}

/// What a planted bug leads to, as a run tells it: by a violation, or by a store that cannot be opened any more.
fn told(known: &Known, seed: u64) -> Vec<String> {
    match run(&Scenario { bug: Some(known.bug), ..cluster(seed) }) {
        Ok(report) => report.violations,
        Err(error) => vec![error.to_string()],
    }
}

/// The seed that finds it, or else everything that was told.
fn find(known: &Known) -> Result<u64, Vec<String>> {
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

#[test]
fn every_planted_bug_is_found() {
    let only = std::env::var("SIM_BUG").ok();
    let chosen = sim::KNOWN.iter().filter(|known| only.as_ref().is_none_or(|only| format!("{:?}", known.bug) == *only));
    let outcomes: Vec<_> = chosen.map(|known| (known, find(known))).collect();
    for (known, outcome) in &outcomes {
        println!("{:<24} {:?}: {outcome:?}", known.source, known.bug);
    }
    let missed: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_err()).map(|(known, _)| known.bug).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
