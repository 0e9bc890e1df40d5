//! A suite: one sample with its mutations, or one file of scripts. Both are recorded and compared.

use crate::answer::Answer;
use crate::compared::{Compared, Pair};
use crate::mutation::{self, Mutation};
use crate::sample::Sample;
use crate::script::Script;
use crate::wire::{Connection, Door};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

pub struct Suite {
    /// The line of the levels that it counts for.
    pub name: String,
    pub recorded: PathBuf,
    pub sample: Option<Sample>,
    pub script: Option<Script>,
    /// What it makes would disturb others.
    pub alone: bool,
}

impl Suite {
    pub async fn compare(&self, door: &Door) -> Compared {
        let text = std::fs::read_to_string(&self.recorded).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        match (&self.sample, &self.script) {
            (Some(sample), _) => self.compare_sample(sample, &text, door).await,
            (_, Some(script)) => script.compare(&self.name, &text, door).await,
            _ => Compared::default(),
        }
    }

    async fn compare_sample(&self, sample: &Sample, recorded: &str, door: &Door) -> Compared {
        let mut connection = Connection::new(door);
        let (mut compared, mut base, mut live) = (Compared::default(), BTreeMap::new(), false);
        for line in recorded.lines() {
            let [verb, change, answer] = parts(line);
            let mutation =
                (!change.is_empty()).then(|| Mutation::parse(change).expect("a recorded change can be read"));
            if verb != "create" && !live {
                live = sample.make(&mut connection).await;
            }
            if mutation.is_none() {
                base.clear(); // a verb's own first answer is written in full
            }
            let theirs = Answer::from_line(answer, &base);
            let ours = Answer::of(&connection.ask(&sample.request(verb, mutation.as_ref())).await);
            if mutation.is_none() {
                base = theirs.body.clone();
            }
            let what = format!("{verb} {}", change);
            compared.add(Pair { suite: self.name.clone(), what, ours, theirs, why: None });
        }
        if live {
            sample.remove(&mut connection).await;
        }
        compared
    }

    pub async fn record(&self, door: &Door) -> usize {
        let sample = self.sample.as_ref().expect("the suite has a sample");
        let mut connection = Connection::new(door);
        let (mut lines, mut count) = (String::new(), 0);
        let mutations = mutation::all(&sample.object);
        for (verb, step) in sample.verbs() {
            if verb != "create" && lines.lines().count() > 0 && !sample.make(&mut connection).await {
                panic!("{} could not be made", self.name);
            }
            let whole = Answer::of(&connection.ask(&sample.request(verb, None)).await);
            writeln!(lines, "{verb}\t\t{}", whole.to_line(&BTreeMap::new())).expect("a String takes all");
            for mutation in mutations.iter().skip(step.0).step_by(step.1) {
                let answer = Answer::of(&connection.ask(&sample.request(verb, Some(mutation))).await);
                let line = answer.to_line(&whole.body);
                writeln!(lines, "{verb}\t{}\t{line}", mutation.text()).expect("a String takes all");
                count += 1;
            }
            if verb != "create" {
                sample.remove(&mut connection).await;
            }
        }
        std::fs::write(&self.recorded, lines).expect("the recording can be written");
        count
    }

    pub async fn record_script(&self, door: &Door) -> usize {
        let script = self.script.as_ref().expect("the suite has a script");
        let (lines, count) = script.record(door).await;
        std::fs::write(&self.recorded, lines).expect("the recording can be written");
        count
    }
}

pub fn parts(line: &str) -> [&str; 3] {
    let mut parts = line.splitn(3, '\t');
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}
