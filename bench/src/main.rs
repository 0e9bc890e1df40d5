//! The load programs: figures that README and performance budgets quote come from here. `bench NAME --help` says what
//! each measures; those of the API speak plain HTTPS to whatever a kubeconfig names.

mod api;
mod net;
mod node;
mod results;
mod scheduling;
mod store;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "bench", about = "Measures k1s and what it is compared with")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// T1 to T9 against any API server: creates, reads, lists, watches; each checked
    Api(api::Options),
    /// T10, T11, T15 to T17, T23: a whole node or cluster, from its start to its idling
    #[command(subcommand)]
    Node(node::What),
    /// The same against k1s and upstream in turns, each started anew: writes the tables of figures
    Versus(api::Versus),
    /// T18: the first sync of a node's network, and one change
    Net,
    /// T11 and T12, the scheduler alone: pods placed a second, by what they ask of their neighbours
    Scheduling { nodes: usize, pods: usize },
    /// The embedded store alone: durable writes a second
    Store { directory: PathBuf, writers: usize, writes: usize },
}

fn run(what: What) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match what {
        What::Api(options) => Ok(api::run(&options)?),
        What::Node(what) => Ok(node::run(&what)?),
        What::Versus(versus) => Ok(api::compare(&versus)?),
        What::Net => net::run().map_err(|error| error.to_string().into()),
        What::Scheduling { nodes, pods } => Ok(scheduling::run(nodes, pods)?),
        What::Store { directory, writers, writes } => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(store::run(&directory, writers, writes))
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
