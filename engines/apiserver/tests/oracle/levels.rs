//! How often k1s answers as upstream, a line a kind: a ratchet.

use std::collections::BTreeMap;
use std::fmt::Write;

pub const LEVELS: [&str; 4] = ["code", "reason", "causes", "everything"];

#[derive(Clone, Copy, Default)]
pub struct Level {
    pub cases: usize,
    pub same: [usize; 4],
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

    /// Counts for the ratchet, shares for the reader.
    pub fn table(&self) -> String {
        let mut text = format!("{:45} {:>6}", "# kind", "cases");
        LEVELS.iter().for_each(|level| _ = write!(text, " {level:>10}"));
        text.push('\n');
        let all = self.0.iter().map(|(name, level)| (name.as_str(), *level)).collect::<Vec<_>>();
        let total = |prefix: fn(&str) -> bool| {
            all.iter().filter(|(name, _)| prefix(name)).fold(Level::default(), |sum, (_, level)| Level {
                cases: sum.cases + level.cases,
                same: std::array::from_fn(|at| sum.same[at] + level.same[at]),
            })
        };
        let scripts = ("total:cases", total(|name| name.starts_with("cases/")));
        let kinds = ("total:mutations", total(|name| !name.starts_with("cases/")));
        for (name, level) in all.iter().copied().chain([scripts, kinds]) {
            _ = write!(text, "{name:45} {:>6}", level.cases);
            level.same.iter().for_each(|same| _ = write!(text, " {same:>10}"));
            let share = |same: &usize| 100.0 * *same as f64 / level.cases.max(1) as f64;
            level.same.iter().for_each(|same| _ = write!(text, " {:>5.1} %", share(same)));
            text.push('\n');
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
