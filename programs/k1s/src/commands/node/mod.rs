//! `k1s node`: this machine as a node of a cluster whose control plane runs elsewhere, upstream's as well as k1s's.

use super::{Entry, Failure, arguments, stopping};
use crate::certificates::{Authority, server_tls};
use crate::kubeconfig;
use crate::machine::{host_name, own_address};
use crate::preflight::Wants;
use crate::roles::control::ControlRole;
use crate::roles::node::{self, KUBELET_PORT, Membership, NodeRole, Settings};
use crate::{files, running};
use clap::{Arg, ArgMatches, Command, value_parser};
use client::ApiClient;
use client_http::HttpClient;
use clock::{Clock, SystemClock};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const ENTRY: Entry = Entry { command, run };

/// Upstream's nodes have kube-proxy and a DNS server beside the kubelet, with rights of their own.
const RIGHTS: &str =
    "The node is user system:node:NAME of group system:nodes. For Services and names it has to read more:
  kubectl create clusterrole nodes-network --verb=list,watch \\
    --resource=services,namespaces,endpointslices.discovery.k8s.io
  kubectl create clusterrolebinding nodes-network --clusterrole=nodes-network --group=system:nodes";

fn command() -> Command {
    let kubeconfig = Arg::new("kubeconfig").long("kubeconfig").value_name("FILE").required(true);
    let name = Arg::new("name").long("name").value_name("NAME");
    Command::new("node")
        .about("Run this machine as a node of another control plane; stays, and stops on Ctrl-C")
        .arg(kubeconfig.help("Where that is, and who this node is").value_parser(value_parser!(PathBuf)))
        .arg(name.help("What the node is called; the machine's name otherwise"))
        .arg(arguments::data_dir())
        .arg(arguments::max_pods())
        .after_help(RIGHTS)
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let data_dir = arguments::data_dir_of(matches)?;
    let listens = vec![(SocketAddr::new(own_address(), KUBELET_PORT), "the kubelet")];
    super::up::check(&Wants { data_dir, listens, containers: true })?;
    let kubeconfig: &PathBuf = matches.get_one("kubeconfig").ok_or_else(|| Failure::new("--kubeconfig is missing"))?;
    let name = matches.get_one::<String>("name").cloned().unwrap_or_else(host_name);
    let settings = Settings { name, data_dir, max_pods: arguments::max_pods_of(matches)? };
    arguments::start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(stay(kubeconfig, settings))
}

async fn stay(kubeconfig: &Path, settings: Settings<'_>) -> Result<(), Failure> {
    let data_dir = settings.data_dir;
    let Some(_held) = running::hold(data_dir)? else {
        return Err(Failure::new(format!("another k1s runs on {}", data_dir.display())));
    };
    let asked_to_stop = stopping::asked()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let membership = join(kubeconfig, &settings, &*clock)?;
    let node = NodeRole::start(membership, settings, clock).await?;
    let control = ControlRole::start(data_dir, node.runtime.clone())?;
    node.ready().await?;
    println!("node {} is ready", node.name);
    asked_to_stop.await;
    control.stop();
    node.stop().await;
    Ok(())
}

/// The cluster's authority says who may ask this node for logs; what the node itself presents is signed by its own.
fn join(kubeconfig: &Path, settings: &Settings<'_>, clock: &dyn Clock) -> Result<Membership, Failure> {
    let (server, credentials) = kubeconfig::access(kubeconfig)?;
    let open =
        |agent| HttpClient::open(&server, &credentials, agent).map(|client| Arc::new(client) as Arc<dyn ApiClient>);
    files::make_dir(settings.data_dir)?;
    let own = Authority::open(settings.data_dir, clock.now())?;
    let tls = server_tls(&node::serving(&own, &settings.name, clock)?, &credentials.authority)?;
    Ok(Membership { node: open("kubelet")?, network: open("k1s-network")?, tls })
}
