//! The commands, one folder each, in the order in which `--help` lists them.

mod arguments;
mod cluster;
mod demo;
mod down;
mod etcd;
mod image;
pub mod kubectl;
mod node;
mod reset;
mod server;
mod sim;
mod status;
mod stopping;
mod up;

use clap::{ArgMatches, Command};
use std::process::ExitCode;

/// What a command is: its arguments and what it does with them.
pub struct Entry {
    pub command: fn() -> Command,
    pub run: fn(&ArgMatches) -> Result<(), Failure>,
}

pub const COMMANDS: &[Entry] = &[
    up::ENTRY,
    down::ENTRY,
    status::ENTRY,
    demo::ENTRY,
    image::ENTRY,
    reset::ENTRY,
    server::ENTRY,
    node::ENTRY,
    kubectl::ENTRY,
    sim::ENTRY,
];

/// Why a command did not do what it was asked, in words for the person who asked.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    /// What the program ends with.
    pub code: u8,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), code: 1 }
    }

    pub fn with_code(self, code: u8) -> Failure {
        Failure { code, ..self }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::new(error.to_string())
    }
}

pub fn run() -> ExitCode {
    let matches = cli().get_matches();
    let Some((name, arguments)) = matches.subcommand() else { return ExitCode::from(2) };
    let Some(entry) = COMMANDS.iter().find(|entry| (entry.command)().get_name() == name) else {
        return ExitCode::from(2);
    };
    match (entry.run)(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            eprintln!("k1s {name}: {message}");
            ExitCode::from(code)
        }
    }
}

fn cli() -> Command {
    Command::new("k1s")
        .about("Kubernetes in one binary")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(COMMANDS.iter().map(|entry| (entry.command)()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::cli().debug_assert();
    }
}
