//! What a person reads at the end: a line a SIG, and what became better or worse.

use super::outcome::Verdict;
use super::results::Results;
use super::suite::sig;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Default)]
struct Row {
    count: [usize; 3],
    seconds: f64,
}

pub fn per_sig(results: &Results) -> String {
    let (mut rows, mut all) = (BTreeMap::<&str, Row>::new(), Row::default());
    for (name, outcome) in results.iter() {
        for row in [rows.entry(sig(name)).or_default(), &mut all] {
            row.count[outcome.verdict as usize] += 1;
            row.seconds += outcome.seconds;
        }
    }
    let mut text = format!("{:20} {:>7} {:>7} {:>7} {:>9}\n", "sig", "passed", "failed", "not run", "seconds");
    for (sig, row) in rows.into_iter().chain([("all", all)]) {
        let [passed, failed, not_run] = row.count;
        writeln!(text, "{sig:20} {passed:7} {failed:7} {not_run:7} {:9.1}", row.seconds).expect("a string takes all");
    }
    text
}

/// Every spec that passed once and does not now, and how many are new.
pub fn changes(before: &Results, now: &Results) -> String {
    let passed = |results: &Results, name: &str| results.get(name).is_some_and(|o| o.verdict == Verdict::Passed);
    let (mut text, mut gained) = (String::new(), 0);
    for (name, outcome) in now.iter() {
        match (passed(before, name), passed(now, name)) {
            (true, false) => writeln!(text, "lost: {name}: {}", outcome.reason).expect("a string takes all"),
            (false, true) => gained += 1,
            _ => {}
        }
    }
    writeln!(text, "{gained} pass that did not pass in the last run").expect("a string takes all");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::outcome::Outcome;

    fn results(lines: &[(&str, Verdict)]) -> Results {
        let mut results = Results::default();
        for (name, verdict) in lines {
            results.set((*name).into(), Outcome { verdict: *verdict, ..Outcome::failed(2.0, "why") });
        }
        results
    }

    #[test]
    fn sigs_are_summed_and_changes_told() {
        let before = results(&[("[sig-a] x", Verdict::Passed), ("[sig-b] y", Verdict::NotRun)]);
        let now = results(&[("[sig-a] x", Verdict::Failed), ("[sig-b] y", Verdict::Passed)]);
        let table = per_sig(&now);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            table.lines().skip(1).map(words).collect::<Vec<_>>(),
            ["a 0 1 0 2.0", "b 1 0 0 2.0", "all 1 1 0 4.0"]
        );
        assert_eq!(changes(&before, &now), "lost: [sig-a] x: why\n1 pass that did not pass in the last run\n");
    }
}
