//! A program: runs seeds by the hundred, and measures how fast a cluster is simulated.

use rustix::time::{ClockId, clock_gettime};
use sim::{Scenario, run};
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: sim seeds FIRST COUNT | sim script FILE | sim speed [HOURS]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["seeds", first, count] => seeds(first, count),
        ["script", file] => script(file),
        ["speed"] => speed("2"),
        ["speed", hours] => speed(hours),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("sim: {why}");
            ExitCode::from(2)
        }
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word:?} is no number; {USAGE}"))
}

/// The cluster of the tests by other seeds. Says whether all held.
fn seeds(first: &str, count: &str) -> Result<bool, String> {
    let (first, count) = (number(first)?, number(count)?);
    let mut failed = Vec::new();
    for seed in first..first + count {
        match run(&Scenario::usual(seed)) {
            Ok(report) if report.is_good() => {}
            Ok(report) => failed.push((seed, report.violations.join("; "))),
            Err(error) => failed.push((seed, error.to_string())),
        }
    }
    for (seed, why) in &failed {
        println!("seed {seed}: {why}");
    }
    println!("{} of {count} seeds hold", count - failed.len() as u64);
    Ok(failed.is_empty())
}

fn script(file: &str) -> Result<bool, String> {
    let text = std::fs::read_to_string(file).map_err(|why| format!("{file}: {why}"))?;
    let scenario = Scenario::parse(&text).map_err(|why| format!("{file}: {why}"))?;
    let report = run(&scenario).map_err(|why| why.to_string())?;
    print!("{report}");
    Ok(report.is_good())
}

/// 10 nodes and 100 pods, calm and with every fault: how many hours of them one core lives through in an hour.
fn speed(hours: &str) -> Result<bool, String> {
    let hours = number(hours)?.max(1);
    let calm = Scenario { minutes: hours * 60, calm: 0, ..Scenario::default() };
    let usual = Scenario::rough(1);
    let rough = Scenario { minutes: hours * 60 - usual.calm, ..usual };
    println!("figure\tvalue\tbudget\tcommand");
    let calm = measure("without faults", hours, calm)?;
    let rough = measure("with every fault", hours, rough)?;
    Ok(calm && rough)
}

fn measure(how: &str, hours: u64, scenario: Scenario) -> Result<bool, String> {
    let cluster = Scenario { nodes: 10, ..scenario }.deployment("web", 90).daemon_set("agent");
    let begun = core_time();
    let report = run(&cluster).map_err(|why| why.to_string())?;
    let rate = hours as f64 * 3600.0 / (core_time() - begun).as_secs_f64();
    let build = if cfg!(debug_assertions) { "dev" } else { "release" };
    let figure = format!("cluster hours a core hour, {how}, {build}");
    println!("{figure}\t{rate:.0}\t1000\tcargo run --release -p sim -- speed {hours}");
    eprint!("{} commits, {} calls\n{report}", report.committed, report.calls);
    Ok(report.is_good())
}

/// What this program has taken of all cores: others on the machine do not change it.
fn core_time() -> Duration {
    let taken = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(taken.tv_sec.unsigned_abs(), u32::try_from(taken.tv_nsec).unwrap_or(0))
}
