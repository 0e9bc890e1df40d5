//! `kubectl auth`: who one is and what one may do.

mod can_i;
mod whoami;

use crate::command::Command;

pub const COMMAND: Command =
    Command::new("auth", "Look at authorization", "SUBCOMMAND").commands(&[can_i::COMMAND, whoami::COMMAND]);
