//! kubectl as a program of its own; `k1s kubectl` is the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(kubectl::run(&std::env::args().skip(1).collect::<Vec<_>>()))
}
