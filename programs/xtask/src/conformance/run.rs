//! Runs specs, several at a time, and those that disturb others alone at the end.

use super::BUILT;
use super::options::Options;
use super::outcome::Outcome;
use super::suite::{self, Spec, Suite};
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

pub fn all(
    suite: &Suite,
    specs: Vec<Spec>,
    options: &Options,
    mut done: impl FnMut(&Spec, Outcome) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (alone, together): (Vec<Spec>, Vec<Spec>) = specs.into_iter().partition(|spec| spec.serial);
    let total = alone.len() + together.len();
    let mut count = 0;
    let mut report = |spec: &Spec, outcome: Outcome| {
        count += 1;
        let word = outcome.verdict.word();
        println!("{count:3}/{total} {word:7} {:6.1}s {} {}", outcome.seconds, spec.name, outcome.reason);
        done(spec, outcome)
    };
    several(suite, &together, options.parallel, options.seconds, &mut report)?;
    several(suite, &alone, 1, options.seconds, &mut report)
}

fn several(
    suite: &Suite,
    specs: &[Spec],
    parallel: usize,
    limit: Duration,
    report: &mut impl FnMut(&Spec, Outcome) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..parallel {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(spec) = specs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send((spec, one(suite, spec, limit))).is_err() {
                        break; // the reader has given up
                    }
                }
            });
        }
        drop(sender);
        receiver.into_iter().try_for_each(|(spec, outcome)| report(spec, outcome?))
    })
}

fn one(suite: &Suite, spec: &Spec, limit: Duration) -> Result<Outcome, Failure> {
    let place = place(spec)?;
    let (log, report) = (place.with_extension("log"), place.with_extension("json"));
    let output = std::fs::File::create(&log).map_err(Failure::io(log.display()))?;
    let errors = output.try_clone().map_err(Failure::io(log.display()))?;
    let mut command = suite.command();
    command
        .arg(format!("--ginkgo.focus= {}$", regex::escape(&spec.name)))
        .arg(format!("--ginkgo.timeout={}s", limit.as_secs()))
        .arg(suite::flag("--ginkgo.json-report", &report));
    command.stdout(output).stderr(errors);
    let outcome = ended(command, &report, spec)?;
    remove(&report)?; // twelve megabytes each: every spec that did not run is in it
    Ok(outcome)
}

fn ended(mut command: Command, report: &Path, spec: &Spec) -> Result<Outcome, Failure> {
    let status = command.status().map_err(Failure::io("e2e.test"))?;
    match suite::reports(report) {
        Ok(reports) => Ok(Outcome::of_reports(&reports, &spec.name)),
        // The program itself broke: that is the spec's failure, its log says more.
        Err(failure) => Ok(Outcome::failed(0.0, &format!("{status}: {failure}"))),
    }
}

/// Where this spec's log and report lie; what an earlier run left there is removed.
fn place(spec: &Spec) -> Result<PathBuf, Failure> {
    let directory = std::path::absolute(BUILT).map_err(Failure::io(BUILT))?.join("logs");
    std::fs::create_dir_all(&directory).map_err(Failure::io(directory.display()))?;
    let name: String = spec.name.chars().filter_map(plain).take(200).collect();
    let place = directory.join(name);
    remove(&place.with_extension("json"))?;
    Ok(place)
}

fn remove(file: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io(file.display())(error)),
        _ => Ok(()),
    }
}

fn plain(character: char) -> Option<char> {
    match character {
        ' ' | '/' => Some('_'),
        character => (character.is_ascii_alphanumeric() || character == '-').then_some(character),
    }
}
