//! Arguments that several commands share.

use super::Failure;
use clap::{Arg, ArgMatches, value_parser};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub fn data_dir() -> Arg {
    Arg::new("data-dir")
        .long("data-dir")
        .value_name("DIR")
        .help("Where the store, certificates, images and the administrator's kubeconfig are kept")
        .default_value("/var/lib/k1s")
        .value_parser(value_parser!(PathBuf))
}

pub fn data_dir_of(matches: &ArgMatches) -> Result<&Path, Failure> {
    let dir: Option<&PathBuf> = matches.get_one("data-dir");
    dir.map(PathBuf::as_path).ok_or_else(|| Failure::new("--data-dir is missing"))
}

pub fn bind(default: &'static str) -> Arg {
    Arg::new("bind")
        .long("bind")
        .value_name("ADDRESS:PORT")
        .help("Where the API listens")
        .default_value(default)
        .value_parser(value_parser!(SocketAddr))
}

pub fn bind_of(matches: &ArgMatches) -> Result<SocketAddr, Failure> {
    matches.get_one("bind").copied().ok_or_else(|| Failure::new("--bind is missing"))
}

pub fn max_pods() -> Arg {
    Arg::new("max-pods")
        .long("max-pods")
        .value_name("N")
        .help("How many pods this machine takes")
        .default_value("110")
        .value_parser(value_parser!(u32))
}

pub fn max_pods_of(matches: &ArgMatches) -> Result<u32, Failure> {
    matches.get_one("max-pods").copied().ok_or_else(|| Failure::new("--max-pods is missing"))
}

/// Logs to standard error; `K1S_LOG` chooses how much (`debug`, `apiserver=trace`).
pub fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("K1S_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
