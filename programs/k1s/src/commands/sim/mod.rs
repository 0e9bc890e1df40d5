//! `k1s sim`: the manifests of a user in a cluster that is simulated, with faults that a seed throws.

mod again;
mod manifests;
#[cfg(test)]
mod tests;

use super::{Entry, Failure};
use ::sim::{RunError, Scenario, TROUBLES, Trouble, parse_troubles};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use manifests::Manifests;
use std::fmt::Write;

pub const ENTRY: Entry = Entry { command, run };

const MOST_NODES: u64 = 200;
const MINUTES: f64 = 60.0;
const AFTER_FAULTS: &str = "  rough       what a bad network does: refused, lost, late, watches, slow
  all         everything
  none        nothing

Example: k1s sim --nodes 10 --hours 2 --faults crashes,partitions --seed 7 -f web.yaml

Exit code: 0 when everything holds, 1 when something does not, 2 when the question is no good.";
/// A year.
const MOST_HOURS: f64 = 24.0 * 365.0;

fn command() -> Command {
    Command::new("sim")
        .about("Live through hours of a cluster in seconds, with faults: what must hold is checked")
        .long_about(
            "Runs manifests in a whole cluster that is simulated in this process: API server, controllers, scheduler \
             and kubelets are the real ones; time, disk, network and containers are not. Nothing of the machine is \
             touched. A seed decides everything, so that the same command comes to the same trace.",
        )
        .after_help(after_help())
        .args([
            option("nodes", "N", "How many nodes there are; each has 4 CPUs and 16Gi", "3")
                .value_parser(value_parser!(u64).range(1..=MOST_NODES)),
            option("hours", "HOURS", "How long the cluster lives with the faults; may have a fraction", "1")
                .allow_negative_numbers(true)
                .value_parser(hours),
            option("calm", "MINUTES", "How long it lives without them afterwards, before all must be as wanted", "10")
                .value_parser(value_parser!(u64)),
            option("faults", "LIST", "What goes wrong, with commas between", "none").value_parser(parse_troubles),
            option("every", "SECONDS", "How often some part is hit, on average", "60")
                .value_parser(value_parser!(u64).range(1..)),
            option("seed", "N", "Decides everything that is left to chance", "1").value_parser(value_parser!(u64)),
        ])
        .arg(
            Arg::new("file").short('f').long("filename").value_name("FILE").action(ArgAction::Append).help(
                "Manifests, or a directory of them, or - for what is typed; without any, a few workloads of its own",
            ),
        )
        .arg(Arg::new("timeline").long("timeline").action(ArgAction::SetTrue).help("Also tell what happened when"))
}

fn option(name: &'static str, value: &'static str, help: &'static str, usual: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help).default_value(usual)
}

fn after_help() -> String {
    let mut text = String::from("Faults:\n");
    for (name, _, what) in TROUBLES {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "  {name:<11} {what}");
    }
    text + AFTER_FAULTS
}

fn hours(text: &str) -> Result<f64, String> {
    let hours: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    match hours > 0.0 && hours <= MOST_HOURS {
        true => Ok(hours),
        false => Err(format!("more than 0 and at most {MOST_HOURS} are possible")),
    }
}

/// What a person has asked for.
struct Asked {
    nodes: u64,
    hours: f64,
    calm: u64,
    faults: Vec<Trouble>,
    every: u64,
    seed: u64,
    files: Vec<String>,
    timeline: bool,
}

impl Asked {
    fn of(matches: &ArgMatches) -> Option<Asked> {
        let number = |name: &str| matches.get_one::<u64>(name).copied();
        Some(Asked {
            nodes: number("nodes")?,
            hours: matches.get_one::<f64>("hours").copied()?,
            calm: number("calm")?,
            faults: matches.get_one::<Vec<Trouble>>("faults").cloned()?,
            every: number("every")?,
            seed: number("seed")?,
            files: matches.get_many::<String>("file").into_iter().flatten().cloned().collect(),
            timeline: matches.get_flag("timeline"),
        })
    }

    fn scenario(&self, manifests: &Manifests) -> Scenario {
        let scenario = Scenario {
            seed: self.seed,
            nodes: usize::try_from(self.nodes).unwrap_or(usize::MAX),
            minutes: (self.hours * MINUTES).ceil() as u64,
            calm: self.calm,
            troubles: self.faults.clone(),
            crash_every: Some(self.every),
            manifests: manifests.all.clone(),
            again: self.again(),
            ..Scenario::default()
        };
        match self.files.is_empty() {
            true => scenario.deployment("web", 3).stateful_set("db", 2).daemon_set("agent"),
            false => scenario,
        }
    }
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let mut told = String::new();
    let outcome = answer(matches, &mut told);
    print!("{told}");
    outcome
}

/// Writes what a run comes to, and says how the program ends.
fn answer(matches: &ArgMatches, told: &mut String) -> Result<(), Failure> {
    let asked = Asked::of(matches).ok_or_else(|| Failure::new("an argument is missing").with_code(2))?;
    let manifests = Manifests::read(&asked.files).map_err(|why| Failure::new(why).with_code(2))?;
    for note in &manifests.notes {
        *told += &format!("{note}\n");
    }
    let report = ::sim::run(&asked.scenario(&manifests)).map_err(|why| failed(&why, &asked))?;
    if asked.timeline {
        report.timeline.iter().for_each(|line| *told += &format!("{line}\n"));
    }
    *told += &report.to_string();
    if report.is_good() {
        *told += &format!("{}\n", report.signature());
        return Ok(());
    }
    Err(Failure::new(match report.violations.len() {
        1 => "one thing that must hold does not".to_owned(),
        many => format!("{many} things that must hold do not"),
    }))
}

/// A manifest that is refused is the question's fault; anything else that ends a run is what was looked for.
fn failed(why: &RunError, asked: &Asked) -> Failure {
    match why {
        RunError::Manifest(status) => Failure::new(&*status.message).with_code(2),
        _ => Failure::new(format!("{why}; again: {}", asked.again())),
    }
}
