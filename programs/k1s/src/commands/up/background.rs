//! Starts k1s in the background: the same program and arguments with `--foreground`, its progress told until the node is ready.

use super::super::Failure;
use super::next_steps;
use crate::files;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The line with which a start in the foreground says that it is done.
pub const READY: &str = "k1s is up";

/// Tells the new process that the machine was looked at already.
pub const CHECKED: &str = "checked";

pub fn start(data_dir: &Path) -> Result<(), Failure> {
    files::make_dir(data_dir)?;
    let mut child = spawn(data_dir)?;
    let told = child.stdout.take().ok_or_else(|| Failure::new("the new process has no output"))?;
    for line in BufReader::new(told).lines() {
        let line = line?;
        println!("{line}");
        if line == READY {
            return next_steps(data_dir);
        }
    }
    let status = child.wait()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code > 0).unwrap_or(1);
    Err(Failure::new(format!("the start failed: {}", last_words(data_dir))).with_code(code))
}

fn spawn(data_dir: &Path) -> Result<Child, Failure> {
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(data_dir.join("k1s.log"))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).args(["--foreground", &format!("--{CHECKED}")]);
    // A group of its own: the terminal's Ctrl-C is not meant for it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0);
    Ok(command.spawn()?)
}

/// The end of the log, where a failed start says why.
fn last_words(data_dir: &Path) -> String {
    let path = data_dir.join("k1s.log");
    let text = files::read(&path).ok().flatten().unwrap_or_default();
    let last = text.lines().last().unwrap_or_default();
    match last.strip_prefix("k1s up: ").unwrap_or(last) {
        "" => format!("see {}", path.display()),
        words => words.to_owned(),
    }
}
