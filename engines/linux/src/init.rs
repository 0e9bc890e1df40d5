//! The small process behind the big one: the same program, started under another name.
//!
//! It never starts a thread, so it may fork; it opens nothing of the big program, so it stays small.

use std::path::Path;

/// The name (first argument) under which the program is the supervisor.
pub const NAME: &str = "k1s-init";

/// To be called first in `main`, before any thread exists. Does not return when this process is the supervisor.
pub fn maybe_run() {
    let mut arguments = std::env::args_os();
    if arguments.next().is_none_or(|name| name != NAME) {
        return;
    }
    let Some(root) = arguments.next() else {
        eprintln!("{NAME}: the state directory is missing");
        std::process::exit(2);
    };
    match crate::supervise::serve(Path::new(&root)) {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("{NAME}: {error}");
            std::process::exit(1);
        }
    }
}
