//! A whole node or cluster, seen from outside: how soon it answers, how soon pods run, what they cost, what it costs to
//! do nothing. Everything is observed through watches, as any client would.

mod density;
mod deployment;
mod idle;
mod own;
mod pods;
mod schedule;
mod seen;
mod start;
mod workspace;

use crate::api::BenchError;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum What {
    /// T10: from exec on an empty directory to the first write, a ready node, the first running pod
    Start(start::Options),
    /// T16: from a pod's creation to its running: one after the other, and many at once
    Pods(pods::Options),
    /// T17: machine memory a pod, with many pods held
    Density(density::Options),
    /// T23: CPU, wake-ups and memory of processes that nobody asks for anything
    Idle(idle::Options),
    /// T11: pods created and bound a second, on nodes that are objects only
    Schedule(schedule::Options),
    /// T15: how soon the pods of one Deployment are made
    Deployment(deployment::Options),
}

/// The cluster that is measured.
#[derive(Args)]
pub struct Cluster {
    #[arg(long)]
    pub kubeconfig: PathBuf,
    /// Process ids of the servers, whose CPU time and memory are counted together
    #[arg(long, value_delimiter = ',')]
    pub pids: Vec<u32>,
}

pub fn run(what: &What) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(BenchError::new)?;
    runtime.block_on(async {
        match what {
            What::Start(options) => start::run(options).await,
            What::Pods(options) => pods::run(options).await,
            What::Density(options) => density::run(options).await,
            What::Idle(options) => idle::run(options).await,
            What::Schedule(options) => schedule::run(options).await,
            What::Deployment(options) => deployment::run(options).await,
        }
    })
}
