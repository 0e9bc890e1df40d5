//! The whole runtime on this machine's kernel. Needs root and Debian's busybox-static; without root it says so and
//! ends. Every case has its own data directory and cgroups, and leaves neither.

mod cases;
mod place;
mod registry;
mod victim;

use place::Place;

fn main() {
    linux::init::maybe_run();
    victim::maybe_run();
    if !linux::process::is_root() {
        eprintln!("skipped: containers are made as root only");
        return;
    }
    if std::env::var_os("RUST_LOG").is_some() {
        tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for (name, case) in cases::ALL.iter().filter(|(name, _)| chosen(name)) {
        let place = Place::new(name);
        tokio.block_on(case(&place));
        place.check_nothing_is_left();
        println!("ok {name}");
    }
}
