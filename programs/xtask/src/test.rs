//! Every test, as continuous integration runs them.

use crate::failure::Failure;
use crate::tidy;
use std::process::Command;

/// Debian packages that tests on the real kernel need, and a file that shows that one is there.
const PACKAGES: [(&str, &str); 5] = [
    ("busybox-static", "/bin/busybox"),
    ("nftables", "/usr/sbin/nft"),
    ("iproute2", "/usr/sbin/ip"),
    ("bind9-dnsutils", "/usr/bin/dig"),
    ("curl", "/usr/bin/curl"),
];

pub fn run(arguments: &[String]) -> Result<(), Failure> {
    install()?;
    tidy::run(&[])?;
    step("formatting", cargo(&["fmt", "--all", "--check"]))?;
    step("lints", cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    let mut all = cargo(&["test", "--workspace", "--quiet", "--no-fail-fast"]);
    all.args(arguments);
    step("tests", all)?;
    step("upstream's suite", cargo(&["xtask", "conformance", "fast"]))
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.args(arguments);
    command
}

fn step(name: &str, mut command: Command) -> Result<(), Failure> {
    eprintln!("== {name}");
    let status = command.status().map_err(Failure::io(name))?;
    if status.success() { Ok(()) } else { Err(Failure::Unexpected(format!("{name} failed"))) }
}

/// Where packages cannot be installed, the tests that need them say so and are left out.
fn install() -> Result<(), Failure> {
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|(_, file)| !std::path::Path::new(file).exists()).map(|(package, _)| *package).collect();
    if missing.is_empty() || !std::path::Path::new("/usr/bin/apt-get").exists() {
        return Ok(());
    }
    let mut update = Command::new("apt-get");
    update.args(["update", "-q"]);
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(&missing);
    if let Err(failure) = step("packages", update).and_then(|()| step("packages", install)) {
        eprintln!("{failure}: tests that need {} are left out", missing.join(", "));
    }
    Ok(())
}
