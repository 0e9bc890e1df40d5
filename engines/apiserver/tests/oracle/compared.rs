//! Both answers to a request, and what many of them have in common.

use crate::answer::Answer;
use crate::levels::{LEVELS, Levels};
use std::collections::BTreeMap;
use std::fmt::Write;

const LISTED: usize = 400;
const SHOWN: usize = 200;
const WHOLE: usize = 4000;

pub struct Pair {
    pub suite: String,
    pub what: String,
    pub ours: Answer,
    pub theirs: Answer,
    /// Why k1s answers otherwise on purpose.
    pub why: Option<String>,
}

impl Pair {
    fn same(&self) -> [bool; 4] {
        let code = self.ours.code == self.theirs.code;
        let reason = code && self.ours.reason == self.theirs.reason;
        let causes = reason && self.ours.fields() == self.theirs.fields();
        [code, reason, causes, self.ours == self.theirs]
    }

    fn level(&self) -> Option<&'static str> {
        self.same().iter().position(|same| !same).map(|at| LEVELS[at])
    }

    /// The first thing that differs, in words that other cases share; of each text no more than `most` characters.
    fn difference(&self, most: usize) -> String {
        let (ours, theirs) = (&self.ours, &self.theirs);
        if ours.code != theirs.code {
            let said =
                |answer: &Answer| answer.causes.first().map_or(&answer.message, |[_, _, message]| message).clone();
            return format!(
                "{} not {}: ours {:.most$?} upstream {:.most$?}",
                ours.code,
                theirs.code,
                said(ours),
                said(theirs)
            );
        }
        if ours.fields() != theirs.fields() {
            return format!("causes: ours {} upstream {}", ours.beside(theirs, most), theirs.beside(ours, most));
        }
        self.detail(most)
    }

    fn detail(&self, most: usize) -> String {
        let (ours, theirs) = (&self.ours, &self.theirs);
        let different = ours.causes.iter().zip(&theirs.causes).find(|(ours, theirs)| ours != theirs);
        if let Some(([_, _, ours], [_, _, theirs])) = different {
            return format!("cause: ours {ours:.most$} upstream {theirs:.most$}");
        }
        if ours.message != theirs.message {
            return format!("message: ours {:.most$} upstream {:.most$}", ours.message, theirs.message);
        }
        if ours.warnings != theirs.warnings {
            return format!("warnings: ours {:?} upstream {:?}", ours.warnings, theirs.warnings);
        }
        let paths = ours.body.keys().chain(theirs.body.keys());
        let path = paths.into_iter().find(|path| ours.body.get(*path) != theirs.body.get(*path));
        path.map_or("-".into(), |path| {
            format!("{path}: ours {:?} upstream {:?}", ours.body.get(path), theirs.body.get(path))
        })
    }
}

#[derive(Default)]
pub struct Compared {
    pairs: Vec<Pair>,
}

impl Compared {
    pub fn add(&mut self, pair: Pair) {
        self.pairs.push(pair);
    }

    pub fn merge(&mut self, other: Compared) {
        self.pairs.extend(other.pairs);
    }

    pub fn levels(&self) -> Levels {
        let mut levels = Levels::default();
        self.pairs.iter().filter(|pair| pair.why.is_none()).for_each(|pair| levels.count(&pair.suite, pair.same()));
        levels
    }

    pub fn scandals(&self) -> Vec<String> {
        let scandal = |pair: &&Pair| pair.ours.code == 0 || (pair.ours.code == 500 && pair.theirs.code != 500);
        let told = |pair: &Pair| format!("{} {:.150}: {} {}", pair.suite, pair.what, pair.ours.code, pair.ours.message);
        self.pairs.iter().filter(scandal).map(told).collect()
    }

    pub fn summary(&self) -> String {
        let on_purpose = self.pairs.iter().filter(|pair| pair.why.is_some()).count();
        let open = self.pairs.iter().filter(|pair| pair.why.is_none() && pair.level().is_some()).count();
        format!("{} requests, {open} open differences, {on_purpose} on purpose", self.pairs.len())
    }

    /// A line a difference, for those who look for what many have in common.
    pub fn list(&self) -> String {
        let mut text = String::new();
        for pair in &self.pairs {
            let Some(level) = pair.level() else { continue };
            let why = pair.why.as_deref().unwrap_or("open");
            let difference = pair.difference(WHOLE).replace('\n', "\\n");
            _ = writeln!(text, "{}\t{}\t{level}\t{why}\t{difference}", pair.suite, pair.what);
        }
        text
    }

    /// The differences whose level or suite contains `wanted`, the most frequent first.
    pub fn show(&self, wanted: &str) {
        let mut groups: BTreeMap<String, Vec<&Pair>> = BTreeMap::new();
        for pair in &self.pairs {
            let Some(level) = pair.level().filter(|level| level.contains(wanted) || pair.suite.contains(wanted)) else {
                continue;
            };
            groups.entry(format!("[{level}] {}", pair.difference(SHOWN))).or_default().push(pair);
        }
        let mut sorted: Vec<_> = groups.into_iter().collect();
        sorted.sort_by_key(|(_, pairs)| std::cmp::Reverse(pairs.len()));
        let mut text = String::new();
        for (difference, pairs) in sorted.iter().take(LISTED) {
            let why = pairs[0].why.as_ref().map(|why| format!(" (on purpose: {why})")).unwrap_or_default();
            _ = writeln!(
                text,
                "{:>5}  {difference}{why}\n       e.g. {} {:.160}",
                pairs.len(),
                pairs[0].suite,
                pairs[0].what
            );
        }
        println!("{text}");
    }
}
