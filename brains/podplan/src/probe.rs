//! A probe between its runs: when it is due and what a row of outcomes amounts to.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, Probe};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    Startup,
    Liveness,
    Readiness,
}

impl ProbeKind {
    pub const ALL: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Liveness, ProbeKind::Readiness];

    /// As events name it.
    pub fn word(self) -> &'static str {
        match self {
            ProbeKind::Startup => "Startup",
            ProbeKind::Liveness => "Liveness",
            ProbeKind::Readiness => "Readiness",
        }
    }

    pub fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            ProbeKind::Startup => container.startup_probe.as_ref(),
            ProbeKind::Liveness => container.liveness_probe.as_ref(),
            ProbeKind::Readiness => container.readiness_probe.as_ref(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Success,
    Failure,
}

/// What the probes of one instance have found so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProbeResults {
    pub startup: Option<Verdict>,
    pub liveness: Option<Verdict>,
    pub readiness: Option<Verdict>,
}

impl ProbeResults {
    pub fn get(&self, kind: ProbeKind) -> Option<Verdict> {
        match kind {
            ProbeKind::Startup => self.startup,
            ProbeKind::Liveness => self.liveness,
            ProbeKind::Readiness => self.readiness,
        }
    }

    pub fn set(&mut self, kind: ProbeKind, verdict: Verdict) {
        match kind {
            ProbeKind::Startup => self.startup = Some(verdict),
            ProbeKind::Liveness => self.liveness = Some(verdict),
            ProbeKind::Readiness => self.readiness = Some(verdict),
        }
    }
}

/// One probe of one instance.
#[derive(Clone, Copy, Debug)]
pub struct ProbeState {
    kind: ProbeKind,
    last: Option<Verdict>,
    run: i32,
    held: bool,
}

impl ProbeState {
    pub fn new(kind: ProbeKind) -> ProbeState {
        ProbeState { kind, last: None, run: 0, held: false }
    }

    /// Counts an outcome; the verdict when the row is long enough.
    pub fn count(&mut self, outcome: Verdict, probe: &Probe) -> Option<Verdict> {
        self.run = if self.last == Some(outcome) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(outcome);
        let needed = match outcome {
            Verdict::Success => probe.success_threshold.unwrap_or(1),
            Verdict::Failure => probe.failure_threshold.unwrap_or(3),
        };
        if self.run < needed {
            return None;
        }
        let final_word =
            (self.kind == ProbeKind::Liveness && outcome == Verdict::Failure) || self.kind == ProbeKind::Startup;
        self.held = final_word;
        Some(outcome)
    }

    /// Nothing more is asked of this instance: it has started, or it will be killed.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Whether this probe may run now: startup before it has started, the others after.
    pub fn is_open(&self, started: bool) -> bool {
        !self.held && (started != (self.kind == ProbeKind::Startup))
    }
}

/// When the first run is due.
pub fn first_due(probe: &Probe, running_since: Timestamp) -> Timestamp {
    let delay = SignedDuration::from_secs(probe.initial_delay_seconds.unwrap_or(0).into());
    running_since.saturating_add(delay).unwrap_or(running_since)
}

pub fn period(probe: &Probe) -> SignedDuration {
    SignedDuration::from_secs(probe.period_seconds.unwrap_or(10).max(1).into())
}

pub fn timeout(probe: &Probe) -> SignedDuration {
    SignedDuration::from_secs(probe.timeout_seconds.unwrap_or(1).max(1).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` succeeds, `-` fails; what follows each: the verdict or a dot.
    fn check(kind: ProbeKind, outcomes: &str, expect: &str) {
        let probe = Probe { success_threshold: Some(2), failure_threshold: Some(3), ..Probe::default() };
        let mut state = ProbeState::new(kind);
        let verdicts: String = outcomes
            .chars()
            .map(|c| match state.count(if c == '+' { Verdict::Success } else { Verdict::Failure }, &probe) {
                None => '.',
                Some(Verdict::Success) => 'S',
                Some(Verdict::Failure) => 'F',
            })
            .collect();
        assert_eq!(verdicts, expect, "{outcomes}");
    }

    #[test]
    fn a_row_makes_a_verdict() {
        check(ProbeKind::Readiness, "++-+---+", ".S....F.");
        check(ProbeKind::Readiness, "++++", ".SSS");
        check(ProbeKind::Liveness, "--+---", ".....F");
    }

    #[test]
    fn a_final_word_ends_the_asking() {
        let probe = Probe { failure_threshold: Some(1), success_threshold: Some(1), ..Probe::default() };
        for (kind, outcome, held) in [
            (ProbeKind::Startup, Verdict::Success, true),
            (ProbeKind::Liveness, Verdict::Failure, true),
            (ProbeKind::Liveness, Verdict::Success, false),
            (ProbeKind::Readiness, Verdict::Failure, false),
        ] {
            let mut state = ProbeState::new(kind);
            state.count(outcome, &probe);
            assert_eq!(state.is_held(), held, "{kind:?} {outcome:?}");
        }
    }
}
