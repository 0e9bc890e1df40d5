//! `k1s reset`: removes the cluster of a data directory with all it has made on this machine.

use super::down;
use super::{Entry, Failure, arguments};
use crate::roles::node;
use clap::{Arg, ArgAction, ArgMatches, Command};
use clock::SystemClock;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    Command::new("reset")
        .about("Remove the cluster and everything it has made on this machine")
        .arg(arguments::data_dir())
        .arg(Arg::new("yes").long("yes").short('y').help("Do not ask").action(ArgAction::SetTrue))
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let data_dir = arguments::data_dir_of(matches)?;
    if !data_dir.join("store").exists() && !data_dir.join("containers").exists() {
        println!("there is nothing to reset in {}", data_dir.display());
        return Ok(());
    }
    if !matches.get_flag("yes") && !confirmed(data_dir)? {
        return Err(Failure::new("nothing was changed"));
    }
    down::stop(data_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(reset(data_dir))?;
    println!("{} is gone, with all its pods, links and rules", data_dir.display());
    Ok(())
}

fn confirmed(data_dir: &Path) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    print!("Remove the cluster in {} with all its pods and data? [y/N] ", data_dir.display());
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

async fn reset(data_dir: &Path) -> Result<(), Failure> {
    // Where no container ever ran, the network of this machine is another's.
    if data_dir.join("containers").exists() {
        node::reset(data_dir, Arc::new(SystemClock)).await?;
    }
    std::fs::remove_dir_all(data_dir)?;
    Ok(())
}
