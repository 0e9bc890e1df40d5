//! `k1s kubectl`: upstream's command line client, also when the binary is called `kubectl`.

use super::{Entry, Failure};
use clap::{Arg, ArgMatches, Command};
use std::path::Path;
use std::process::ExitCode;

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    Command::new("kubectl")
        .about("Speak to a cluster: get, apply, logs, exec and all the rest of kubectl")
        .disable_help_flag(true)
        .arg(Arg::new("arguments").num_args(..).trailing_var_arg(true).allow_hyphen_values(true))
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let arguments: Vec<String> = matches.get_many("arguments").into_iter().flatten().cloned().collect();
    match kubectl::run(&arguments) {
        0 => Ok(()),
        code => std::process::exit(i32::from(code)),
    }
}

/// A binary that is called `kubectl` is kubectl.
pub fn by_name() -> Option<ExitCode> {
    let mut arguments = std::env::args();
    let name = arguments.next()?;
    (Path::new(&name).file_name()? == "kubectl").then(|| ExitCode::from(kubectl::run(&arguments.collect::<Vec<_>>())))
}
