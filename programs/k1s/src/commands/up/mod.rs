//! `k1s up`: a whole cluster on this machine.

mod background;
mod checking;
mod nodes;

use super::{Entry, Failure, arguments, etcd, stopping};
use crate::kubeconfig;
use crate::machine::own_address;
use crate::preflight::Wants;
use crate::roles::api::{ApiRole, Kept};
use crate::roles::controllers::ControllersRole;
use crate::roles::node::KUBELET_PORT;
use crate::roles::scheduler;
use crate::running;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clock::{Clock, SystemClock};
use nodes::{Nodes, Wanted};
use rustix::process::Pid;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

pub use checking::check;

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    let flag = |name| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let simulated = Arg::new("simulated-nodes").long("simulated-nodes").value_name("N");
    Command::new("up")
        .about("Start a cluster on this machine")
        .arg(arguments::data_dir())
        .arg(arguments::bind("0.0.0.0:6443"))
        .args(etcd::arguments())
        .arg(
            simulated
                .help("Have N nodes that run no programs instead of this machine")
                .value_parser(value_parser!(u32)),
        )
        .arg(arguments::max_pods())
        .arg(flag("foreground").help("Stay, and stop on Ctrl-C"))
        .arg(flag(background::CHECKED).hide(true))
        .after_help(checking::CODES)
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let (data_dir, bind) = (arguments::data_dir_of(matches)?, arguments::bind_of(matches)?);
    let wanted =
        Wanted { simulated: matches.get_one("simulated-nodes").copied(), max_pods: arguments::max_pods_of(matches)? };
    let kept = etcd::kept_of(matches)?;
    let foreground = matches.get_flag("foreground");
    if let Some(pid) = running::find(data_dir)?
        && !running::is_ending(pid)?
    {
        return already_up(pid, data_dir, foreground);
    }
    if !matches.get_flag(background::CHECKED) {
        checking::check(&wants(data_dir, bind, wanted.simulated.is_none()))?;
    }
    if !foreground {
        return background::start(data_dir);
    }
    arguments::start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(stay(kept, data_dir, bind, wanted))
}

fn already_up(pid: Pid, data_dir: &Path, foreground: bool) -> Result<(), Failure> {
    if foreground {
        return Err(Failure::new(format!("another k1s runs on {}", data_dir.display())));
    }
    println!("k1s is already up, as process {pid}");
    next_steps(data_dir)
}

fn wants(data_dir: &Path, bind: SocketAddr, containers: bool) -> Wants<'_> {
    let mut listens = vec![(bind, "the API")];
    if containers {
        listens.push((SocketAddr::new(own_address(), KUBELET_PORT), "the kubelet"));
    }
    Wants { data_dir, listens, containers }
}

async fn stay(kept: Kept, data_dir: &Path, bind: SocketAddr, wanted: Wanted) -> Result<(), Failure> {
    let Some(_held) = running::hold(data_dir)? else {
        return Err(Failure::new(format!("another k1s runs on {}", data_dir.display())));
    };
    let asked_to_stop = stopping::asked()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let api = ApiRole::start(kept, data_dir, bind, clock.clone()).await.map_err(|why| checking::failed(&why))?;
    println!("the API answers at {}", api.url());
    let controllers = ControllersRole::start(&api, clock.clone());
    let scheduler = scheduler::start(&api, clock.clone());
    let nodes = Nodes::start(&api, data_dir, wanted, clock).await?;
    nodes.ready(&api).await?;
    println!("{}", background::READY);
    asked_to_stop.await;
    nodes.stop().await;
    scheduler.stop().await;
    controllers.stop().await;
    api.stop().await?;
    Ok(())
}

/// What a person does next.
fn next_steps(data_dir: &Path) -> Result<(), Failure> {
    let own = ApiRole::kubeconfig_path(data_dir);
    let text = crate::files::read(&own)?.unwrap_or_default();
    let config: meta::Value = serde_saphyr::from_str(&text)?;
    match kubeconfig::default_path() {
        Some(path) if path != own => {
            kubeconfig::merge(&path, &config)?;
            println!("context {} is the current one in {}", kubeconfig::NAME, path.display());
        }
        _ => println!("kubeconfig: {}", own.display()),
    }
    println!("\nTry:\n  kubectl create deployment web --image={} --replicas=3", crate::demo::IMAGE);
    println!("  kubectl expose deployment web --port=80\n  kubectl get pods,services -o wide");
    Ok(())
}
