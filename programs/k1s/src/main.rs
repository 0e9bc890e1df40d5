//! k1s: Kubernetes in one binary.

mod certificates;
mod commands;
mod files;
mod kubeconfig;
mod roles;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run()
}
