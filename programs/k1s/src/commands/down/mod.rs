//! `k1s down`: stops k1s. Pods run on, and the next `k1s up` finds them again.

use super::{Entry, Failure, arguments};
use crate::running;
use clap::{ArgMatches, Command};
use std::path::Path;
use std::time::Duration;

pub const ENTRY: Entry = Entry { command, run };

/// Answers on their way, controllers and the store's last write end well within this time.
const PATIENCE: Duration = Duration::from_secs(30);

fn command() -> Command {
    Command::new("down").about("Stop k1s; pods run on and are found again").arg(arguments::data_dir())
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let data_dir = arguments::data_dir_of(matches)?;
    match stop(data_dir)? {
        true => println!("k1s is down"),
        false => println!("k1s was not running on {}", data_dir.display()),
    }
    Ok(())
}

/// Whether there was one to stop.
pub fn stop(data_dir: &Path) -> Result<bool, Failure> {
    let Some(pid) = running::find(data_dir)? else { return Ok(false) };
    match running::stop(pid, PATIENCE)? {
        true => Ok(true),
        false => Err(Failure::new(format!("process {pid} does not end; see {}", data_dir.join("k1s.log").display()))),
    }
}
