//! `k1s up`: a whole cluster on this machine.

mod background;

use super::{Entry, Failure, arguments, etcd, stopping};
use crate::kubeconfig;
use crate::roles::api::{ApiRole, Kept};
use crate::roles::control::ControlRole;
use crate::roles::controllers::ControllersRole;
use crate::roles::node::NodeRole;
use crate::roles::scheduler;
use crate::running;
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
        .args(etcd::arguments())
        .arg(Arg::new("foreground").long("foreground").help("Stay, and stop on Ctrl-C").action(ArgAction::SetTrue))
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let (data_dir, bind) = (arguments::data_dir_of(matches)?, arguments::bind_of(matches)?);
    let kept = etcd::kept_of(matches)?;
    if !rustix::process::geteuid().is_root() {
        return Err(Failure("a node makes namespaces, mounts and links: run it as root (or use `k1s server`)".into()));
    }
    if !matches.get_flag("foreground") {
        return background::start(data_dir);
    }
    arguments::start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(foreground(kept, data_dir, bind))
}

async fn foreground(kept: Kept, data_dir: &Path, bind: SocketAddr) -> Result<(), Failure> {
    let Some(_held) = running::hold(data_dir)? else {
        return Err(Failure(format!("another k1s runs on {}", data_dir.display())));
    };
    let asked_to_stop = stopping::asked()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let api = ApiRole::start(kept, data_dir, bind, clock.clone()).await?;
    println!("the API answers at {}", api.url());
    let controllers = ControllersRole::start(&api, clock.clone());
    let scheduler = scheduler::start(&api, clock.clone());
    let node = NodeRole::start(&api, data_dir, clock).await?;
    let control = ControlRole::start(data_dir, node.runtime.clone())?;
    node.ready(&api).await?;
    println!("node {} is ready", node.name);
    println!("{}", background::READY);
    asked_to_stop.await;
    control.stop();
    node.stop().await;
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
