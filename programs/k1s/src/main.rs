//! k1s: Kubernetes in one binary.

mod certificates;
mod commands;
mod control;
mod demo;
mod files;
mod kubeconfig;
mod machine;
mod preflight;
mod roles;
mod running;
mod signer;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    linux::init::maybe_run(); // a child of the container runtime: it must not start anything of what follows
    demo::maybe_run();
    if let Some(code) = commands::kubectl::by_name() {
        return code;
    }
    commands::run()
}
