//! Load on an API server. Every figure counts only after a check on the same trace: each acknowledged write is found
//! again, each watch is gap-free and in order.

pub mod client;
pub mod cpu;
mod measures;
pub mod spread;

use clap::Args;
use std::fmt;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// The cluster to load
    #[arg(long)]
    pub kubeconfig: PathBuf,
    /// Process ids of the servers, whose CPU time and memory are counted together
    #[arg(long, value_delimiter = ',')]
    pub pids: Vec<u32>,
    /// Which measures: any of create,serial,get,list,selector,watch
    #[arg(long, value_delimiter = ',', default_value = "create,serial,get,list,selector,watch")]
    pub measures: Vec<String>,
    /// Objects that the large lists hold
    #[arg(long, default_value_t = 10_000)]
    pub objects: usize,
    /// Watchers of one kind
    #[arg(long, default_value_t = 1_000)]
    pub watchers: usize,
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

pub fn run(options: &Options) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(BenchError::new)?;
    runtime.block_on(measures::run(options))
}
