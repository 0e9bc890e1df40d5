//! What a run came to.

use std::fmt;

/// So much of the timeline is shown; the end is where it broke.
const LINES_SHOWN: usize = 60;

#[derive(Clone, Debug)]
pub struct Report {
    pub seed: u64,
    /// Everything that was committed, in order and with its time: equal for equal seeds.
    pub trace_hash: u64,
    pub commits: Vec<String>,
    pub timeline: Vec<String>,
    pub violations: Vec<String>,
    /// What there was at the end.
    pub outcome: Vec<String>,
}

impl Report {
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
        writeln!(f, "trace {:016x}; again: SIM_SEED={} cargo test -p sim a_seed_of_choice", self.trace_hash, self.seed)
    }
}
