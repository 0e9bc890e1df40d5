//! What the servers used: CPU seconds and memory, read from /proc.

use super::BenchError;
use std::fs;

/// CPU seconds that processes have used so far, user and system together.
pub fn seconds(pids: &[u32]) -> Result<f64, BenchError> {
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let mut total = 0.0;
    for pid in pids {
        let stat =
            fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|e| BenchError(format!("process {pid}: {e}")))?;
        // Fields are counted after the name, which may hold anything, in brackets.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let field = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        total += (field(11) + field(12)) / ticks;
    }
    Ok(total)
}

/// Resident memory now and at its peak, in KiB.
pub fn memory(pids: &[u32]) -> Result<(u64, u64), BenchError> {
    let (mut now, mut peak) = (0, 0);
    for pid in pids {
        let status =
            fs::read_to_string(format!("/proc/{pid}/status")).map_err(|e| BenchError(format!("process {pid}: {e}")))?;
        now += amount(&status, "VmRSS:").unwrap_or(0);
        peak += amount(&status, "VmHWM:").unwrap_or(0);
    }
    Ok((now, peak))
}

/// What a line of one of the kernel's tables says after its name.
pub fn amount(table: &str, name: &str) -> Option<u64> {
    let line = table.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// From now on the peak is counted anew.
pub fn forget_peak(pids: &[u32]) -> Result<(), BenchError> {
    for pid in pids {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").map_err(|e| BenchError(format!("process {pid}: {e}")))?;
    }
    Ok(())
}
