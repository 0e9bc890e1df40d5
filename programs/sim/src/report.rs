//! What a run came to.

use crate::scenario::Scenario;
use crate::timeline::Told;
use std::fmt;

/// So much of the timeline is shown; the end is where it broke.
const LINES_SHOWN: usize = 60;

#[derive(Clone, Debug)]
pub struct Report {
    pub seed: u64,
    /// Everything that was committed, in order and with its time: equal for equal seeds.
    pub trace_hash: u64,
    /// How much was committed, and the last of it with its times.
    pub committed: u64,
    pub commits: Vec<String>,
    pub calls: u64,
    pub timeline: Vec<String>,
    pub violations: Vec<String>,
    /// What there was at the end.
    pub outcome: Vec<String>,
    again: String,
}

impl Report {
    pub(crate) fn of(scenario: &Scenario, told: Told, calls: u64, outcome: Vec<String>) -> Report {
        let Told { hash, committed, commits, lines, violations } = told;
        Report {
            seed: scenario.seed,
            trace_hash: hash,
            committed,
            commits,
            calls,
            timeline: lines,
            violations,
            outcome,
            again: scenario.again.clone(),
        }
    }

    /// What names this run, and the command that lives through it once more.
    pub fn signature(&self) -> String {
        format!("trace {:016x}; again: {}", self.trace_hash, self.again)
    }

    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.outcome {
            writeln!(f, "{line}")?;
        }
        if self.is_good() {
            return writeln!(f, "no violations");
        }
        let from = self.timeline.len().saturating_sub(LINES_SHOWN);
        for line in &self.timeline[from..] {
            writeln!(f, "{line}")?;
        }
        for violation in &self.violations {
            writeln!(f, "violation: {violation}")?;
        }
        writeln!(f, "{}", self.signature())
    }
}
