//! Programs and directories that end with their guards.

use crate::failure::Failure;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static MADE: AtomicU32 = AtomicU32::new(0);
const LAST_LINES: usize = 20;

/// A program that ends with its guard.
pub struct Running(pub Child);

impl Running {
    /// All that it says goes to the log.
    pub fn start(command: &mut Command, log: &Path) -> Result<Running, Failure> {
        let output = std::fs::File::create(log).map_err(Failure::io(log.display()))?;
        let errors = output.try_clone().map_err(Failure::io(log.display()))?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        command.spawn().map(Running).map_err(Failure::io(command.get_program().to_string_lossy()))
    }

    /// Returns once it says those words.
    pub fn until(words: &str, command: &mut Command, log: &Path) -> Result<Running, Failure> {
        let errors = std::fs::File::create(log).map_err(Failure::io(log.display()))?;
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut running = Running(command.spawn().map_err(Failure::io(&name))?);
        let output = running.0.stdout.take().expect("the output was piped");
        match BufReader::new(output).lines().map_while(Result::ok).any(|line| line.contains(words)) {
            true => Ok(running),
            false => Err(Failure::Unexpected(format!("{name} ended: {}", last_words(log)))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("{error}");
        }
    }
}

/// Removed with its guard.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn make() -> Result<Directory, Failure> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("k1s-clients-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Failure::io(path.display()))?;
        Ok(Directory(path))
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

/// The end of a log.
pub fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}
