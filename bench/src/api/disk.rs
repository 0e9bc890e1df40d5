//! What the disk takes to keep a write, without any server.

use super::BenchError;
use super::spread::Spread;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

const WRITES: usize = 500;
const LENGTH: usize = 1024;

/// Milliseconds of one write of 1 KiB and its sync, the median of many, into a file that has its length already.
pub fn sync_time(directory: &Path) -> Result<f64, BenchError> {
    let mut file = tempfile::tempfile_in(directory).map_err(BenchError::new)?;
    file.write_all(&vec![0; WRITES * LENGTH]).and_then(|()| file.sync_all()).map_err(BenchError::new)?;
    let mut times = Vec::with_capacity(WRITES);
    for write in 0..WRITES {
        let begun = Instant::now();
        let written = file.write_all_at(&[1; LENGTH], (write * LENGTH) as u64);
        written.and_then(|()| file.sync_data()).map_err(BenchError::new)?;
        times.push(begun.elapsed());
    }
    Ok(Spread::of(times).at(0.5))
}
