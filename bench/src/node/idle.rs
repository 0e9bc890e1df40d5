//! T23, and the memory of a whole node: what processes use while nobody asks for anything.

use crate::api::{BenchError, cpu};
use crate::results::Figure;
use clap::Args;
use std::fs;
use std::time::Duration;

const CPU: Figure = Figure { name: "T23 idle CPU", upstream: "6.3 % of a core", budget: "0.5 % of a core" };
const WAKE_UPS: Figure = Figure { name: "T23 idle wake-ups", upstream: "-", budget: "5/s" };
const MEMORY: Figure = Figure { name: "T9 whole node resident", upstream: "585 MiB", budget: "100 MB" };

#[derive(Args)]
pub struct Options {
    /// The processes, counted together
    #[arg(long, value_delimiter = ',', required = true)]
    pids: Vec<u32>,
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

pub async fn run(options: &Options) -> Result<(), BenchError> {
    let (used, woken) = (cpu::seconds(&options.pids)?, wake_ups(&options.pids)?);
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let (used, woken) = (cpu::seconds(&options.pids)? - used, wake_ups(&options.pids)?.saturating_sub(woken));
    let over = options.seconds as f64;
    CPU.record(&format!("{:.2} % of a core", used * 100.0 / over))?;
    WAKE_UPS.record(&format!("{:.1}/s", woken as f64 / over))?;
    let (resident, peak) = cpu::memory(&options.pids)?;
    MEMORY.record(&format!("{:.1} MiB ({:.1} at the peak)", resident as f64 / 1024.0, peak as f64 / 1024.0))
}

/// How often threads have gone to sleep of their own will: each had been woken for something.
fn wake_ups(pids: &[u32]) -> Result<u64, BenchError> {
    let mut total = 0;
    for pid in pids {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).map_err(|e| BenchError(format!("process {pid}: {e}")))?;
        // A thread that has ended since is counted by nobody.
        let statuses = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
        total += statuses.map(|status| switches(&status)).sum::<u64>();
    }
    Ok(total)
}

fn switches(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|rest| rest.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_read_from_the_status() {
        assert_eq!(switches("Name:\tx\nvoluntary_ctxt_switches:\t17\nnonvoluntary_ctxt_switches:\t3\n"), 17);
        assert_eq!(switches("Name:\tx\n"), 0);
    }
}
