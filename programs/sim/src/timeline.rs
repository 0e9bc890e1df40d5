//! What happened, in order: every commit goes into the trace's hash, what a reader needs goes into the timeline.

use clock::{Clock, VirtualClock};
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// FNV-1a: stable over builds, which the standard library's hasher does not promise.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// So many commits are kept to be shown; the hash holds them all.
const COMMITS_KEPT: usize = 20_000;

pub fn digest(bytes: &[u8]) -> u64 {
    absorb(BASIS, bytes)
}

fn absorb(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[derive(Clone)]
pub struct Timeline {
    clock: Arc<VirtualClock>,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    hash: u64,
    committed: u64,
    commits: VecDeque<String>,
    lines: Vec<String>,
    violations: Vec<String>,
}

/// What is left at the end of a run.
pub struct Told {
    pub hash: u64,
    pub committed: u64,
    /// The last commits with their times.
    pub commits: Vec<String>,
    pub lines: Vec<String>,
    pub violations: Vec<String>,
}

impl Timeline {
    pub fn new(clock: Arc<VirtualClock>) -> Timeline {
        let (commits, lines, violations) = (VecDeque::new(), Vec::new(), Vec::new());
        let kept = Kept { hash: BASIS, committed: 0, commits, lines, violations };
        Timeline { clock, kept: Arc::new(Mutex::new(kept)) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit: the seed alone must decide it, and when.
    pub fn commit(&self, name: &str, revision: u64, value: &[u8]) {
        self.trace(&[name.as_bytes(), &revision.to_le_bytes(), value]);
        let (time, size) = (self.clock.now(), value.len());
        let mut kept = self.kept();
        let line = format!("{time:.6} {revision} {name} {size} bytes, trace {:016x}", kept.hash);
        if kept.commits.len() == COMMITS_KEPT {
            kept.commits.pop_front();
        }
        kept.committed += 1;
        kept.commits.push_back(line);
    }

    fn trace(&self, parts: &[&[u8]]) {
        let time = self.clock.now().as_nanosecond().to_le_bytes();
        let mut kept = self.kept();
        let timed = absorb(kept.hash, &time);
        kept.hash = parts.iter().fold(timed, |hash, part| absorb(hash, part));
    }

    pub fn tell(&self, what: impl std::fmt::Display) {
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _infallible = write!(line, "{:.3} {what}", self.clock.now());
        self.trace(&[line.as_bytes()]);
        self.kept().lines.push(line);
    }

    pub fn violation(&self, what: impl std::fmt::Display) {
        self.tell(format_args!("VIOLATION {what}"));
        self.kept().violations.push(what.to_string());
    }

    pub fn has_violation_of(&self, words: &[&str]) -> bool {
        let kept = self.kept();
        kept.violations.iter().any(|violation| words.iter().any(|words| violation.contains(words)))
    }

    pub fn told(&self) -> Told {
        let kept = self.kept();
        Told {
            hash: kept.hash,
            committed: kept.committed,
            commits: kept.commits.iter().cloned().collect(),
            lines: kept.lines.clone(),
            violations: kept.violations.clone(),
        }
    }
}
