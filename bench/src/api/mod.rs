//! Load on an API server. Every figure counts only after a check on the same trace: each acknowledged write is found
//! again, each watch is gap-free and in order.

pub mod client;
pub mod cpu;
mod disk;
mod figure;
mod measures;
mod plain;
mod reopen;
mod report;
mod server;
pub mod spread;
mod versus;

use clap::Args;
use figure::Figures;
use measures::Bench;
use std::fmt;
use std::path::PathBuf;

pub use versus::Versus;

#[derive(Args)]
pub struct Options {
    /// The cluster to load
    #[arg(long)]
    pub kubeconfig: PathBuf,
    /// Process ids of the servers, whose CPU time and memory are counted together
    #[arg(long, value_delimiter = ',')]
    pub pids: Vec<u32>,
    #[command(flatten)]
    pub sizes: Sizes,
}

#[derive(Args, Clone)]
pub struct Sizes {
    /// Which measures: any of create,serial,get,pods,watch,idle
    #[arg(long, value_delimiter = ',', default_value = "create,serial,get,pods,watch,idle")]
    pub measures: Vec<String>,
    /// ConfigMaps of 1 KiB that are created
    #[arg(long, default_value_t = 25_000)]
    pub objects: usize,
    /// Pods that the large lists hold
    #[arg(long, default_value_t = 10_000)]
    pub pods: usize,
    /// Watchers of one kind
    #[arg(long, default_value_t = 1_000)]
    pub watchers: usize,
    /// Informers that list all pods at once
    #[arg(long, default_value_t = 0)]
    pub informers: usize,
    /// Leave what was made: the server is thrown away
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug)]
pub struct BenchError(pub String);

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BenchError {}

impl BenchError {
    pub fn new(what: impl fmt::Display) -> BenchError {
        BenchError(what.to_string())
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, BenchError> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(BenchError::new)
}

pub fn run(options: &Options) -> Result<(), BenchError> {
    let bench = Bench::new(&options.kubeconfig, options.pids.clone(), options.sizes.clone())?;
    runtime()?.block_on(bench.run(&mut Figures::default()))
}

pub fn compare(versus: &Versus) -> Result<(), BenchError> {
    runtime()?.block_on(versus.run())
}
