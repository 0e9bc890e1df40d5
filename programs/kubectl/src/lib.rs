//! A program: upstream's command line client in Rust, with its output, messages and exit codes. `k1s kubectl` and every
//! binary that is called `kubectl` run it.
//!
//! A command is a row ([`command::Command`]) and a function from a [`session::Session`] to what failed. Everything that
//! is printed goes through the session's console, everything that is asked through its door.

mod change;
mod command;
mod commands;
mod config;
mod describe;
mod discovery;
mod failure;
mod flags;
mod go;
mod jsonpath;
mod last_applied;
mod pods;
mod print;
mod remote;
mod rules;
mod session;
mod strategic;
mod targets;
mod waiting;
mod wire;

use failure::Failure;
use session::Console;

/// Runs one command line (without the program's own name) and says with which code the process ends.
pub fn run(arguments: &[String]) -> u8 {
    let mut console = Console::default();
    let outcome = command::run(arguments, &mut console);
    console.flush();
    match outcome {
        Ok(()) => 0,
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> u8 {
    let (text, code) = failure.report();
    if !text.is_empty() {
        eprintln!("{}", text.strip_suffix('\n').unwrap_or(&text));
    }
    code
}
