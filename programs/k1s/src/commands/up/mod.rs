//! `k1s up`: a whole cluster on this machine.

use super::{Entry, Failure, arguments, stopping};
use crate::roles;
use crate::roles::api::ApiRole;
use crate::roles::controllers::ControllersRole;
use crate::roles::node::NodeRole;
use clap::{Arg, ArgAction, ArgMatches, Command};
use clock::{Clock, SystemClock};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    Command::new("up")
        .about("Start a cluster on this machine")
        .arg(arguments::data_dir())
        .arg(arguments::bind("0.0.0.0:6443"))
        .arg(Arg::new("foreground").long("foreground").help("Stay, and stop everything on Ctrl-C").action(ArgAction::SetTrue))
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let (data_dir, bind) = (arguments::data_dir_of(matches)?, arguments::bind_of(matches)?);
    arguments::start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(foreground(data_dir, bind))
}

async fn foreground(data_dir: &Path, bind: SocketAddr) -> Result<(), Failure> {
    let asked_to_stop = stopping::asked()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let api = ApiRole::start(data_dir, bind, clock.clone()).await?;
    let controllers = ControllersRole::start(&api, clock.clone());
    let scheduler = roles::scheduler::start(&api, clock.clone());
    let node = NodeRole::start(&api, data_dir, clock).await?;
    println!("k1s: the cluster is up at {}, this machine is node {}", api.url(), node.name);
    asked_to_stop.await;
    node.stop().await;
    scheduler.stop().await;
    controllers.stop().await;
    api.stop().await?;
    Ok(())
}
