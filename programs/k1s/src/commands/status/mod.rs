//! `k1s status`: whether k1s runs, and whether it answers.

use super::{Entry, Failure, arguments, cluster};
use crate::running;
use clap::{ArgMatches, Command};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::ListParams;
use kube::{Api, Client};
use std::path::Path;

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    Command::new("status").about("Tell whether k1s runs and what it runs").arg(arguments::data_dir())
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let data_dir = arguments::data_dir_of(matches)?;
    let Some(pid) = running::find(data_dir)? else {
        return Err(Failure::new(format!("not running on {}", data_dir.display())));
    };
    println!("k1s runs as process {pid} on {}", data_dir.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(report(data_dir))
}

async fn report(data_dir: &Path) -> Result<(), Failure> {
    let config = cluster::config(data_dir).await?;
    let url = config.cluster_url.to_string();
    let client = Client::try_from(config)?;
    let version = client.apiserver_version().await?;
    println!("API      {url} {}", version.git_version);
    for node in Api::<Node>::all(client.clone()).list(&ListParams::default()).await? {
        let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let ready = conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
        let name = node.metadata.name.unwrap_or_default();
        println!("node     {name} {}", if ready { "Ready" } else { "NotReady" });
    }
    let pods = Api::<Pod>::all(client).list(&ListParams::default()).await?;
    let running = |pod: &&Pod| pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running");
    println!("pods     {} running of {}", pods.iter().filter(running).count(), pods.items.len());
    Ok(())
}
