//! How often k1s answers as upstream, a line a kind: a ratchet.

use crate::targets::is_complete;
use std::collections::BTreeMap;
use std::fmt::Write;

pub const LEVELS: [&str; 4] = ["code", "reason", "causes", "everything"];

#[derive(Clone, Copy, Default)]
pub struct Level {
    pub cases: usize,
    pub same: [usize; 4],
}

impl Level {
    fn and(self, other: Level) -> Level {
        Level { cases: self.cases + other.cases, same: std::array::from_fn(|at| self.same[at] + other.same[at]) }
    }

    /// Of a hundred.
    pub fn share(&self, at: usize) -> f64 {
        100.0 * self.same[at] as f64 / self.cases.max(1) as f64
    }
}

#[derive(Default)]
pub struct Levels(BTreeMap<String, Level>);

impl Levels {
    pub fn count(&mut self, name: &str, same: [bool; 4]) {
        let level = self.0.entry(name.to_string()).or_default();
        level.cases += 1;
        (0..4).for_each(|at| level.same[at] += usize::from(same[at]));
    }

    pub fn parse(text: &str) -> Levels {
        let line = |line: &str| {
            let mut words = line.split_whitespace();
            let name = words.next()?.to_string();
            let mut number = || words.next()?.parse().ok();
            Some((name, Level { cases: number()?, same: [number()?, number()?, number()?, number()?] }))
        };
        Levels(text.lines().filter_map(line).collect())
    }

    /// All lines together whose name is `wanted`.
    pub fn total(&self, wanted: impl Fn(&str) -> bool) -> Level {
        let lines = self.0.iter().filter(|(name, _)| wanted(name));
        lines.fold(Level::default(), |sum, (_, level)| sum.and(*level))
    }

    /// Counts for the ratchet, shares for the reader.
    pub fn table(&self) -> String {
        let mut text = format!("{:45} {:>6}", "# kind", "cases");
        LEVELS.iter().for_each(|level| _ = write!(text, " {level:>10}"));
        text.push('\n');
        let scripts = ("total:cases", self.total(|name| name.starts_with("cases/")));
        let kinds = ("total:mutations", self.total(|name| !name.starts_with("cases/")));
        let lines = self.0.iter().map(|(name, level)| (name.as_str(), *level));
        for (name, level) in lines.chain([scripts, kinds]) {
            _ = write!(text, "{name:45} {:>6}", level.cases);
            level.same.iter().for_each(|same| _ = write!(text, " {same:>10}"));
            (0..4).for_each(|at| _ = write!(text, " {:>5.1} %", level.share(at)));
            text.push_str(if is_complete(name) { " complete\n" } else { "\n" });
        }
        text
    }

    pub fn below(&self, committed: &Levels) -> Vec<String> {
        let mut fallen = Vec::new();
        for (name, before) in committed.0.iter().filter(|(name, _)| !name.starts_with("total:")) {
            let now = self.0.get(name).copied().unwrap_or_default();
            for (at, level) in LEVELS.iter().enumerate().filter(|(at, _)| now.same[*at] < before.same[*at]) {
                fallen.push(format!("{name}: {level} {} of {}, was {}", now.same[at], now.cases, before.same[at]));
            }
        }
        fallen
    }
}
