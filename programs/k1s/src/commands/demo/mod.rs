//! `k1s demo`: three pods behind one Service, and what each of them answers.

mod asking;
mod objects;
mod rollout;

use super::{Entry, Failure, arguments, cluster};
use clap::{Arg, ArgAction, ArgMatches, Command};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

pub const ENTRY: Entry = Entry { command, run };

const NAME: &str = "demo";
const REPLICAS: usize = 3;

fn command() -> Command {
    Command::new("demo")
        .about("Run three pods behind a Service, without a network, and ask them")
        .arg(arguments::data_dir())
        .arg(Arg::new("remove").long("remove").help("Take the demo away").action(ArgAction::SetTrue))
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let data_dir = arguments::data_dir_of(matches)?;
    cluster::is_up(data_dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match matches.get_flag("remove") {
        true => runtime.block_on(remove(data_dir)),
        false => runtime.block_on(show(data_dir)),
    }
}

async fn client(data_dir: &Path) -> Result<Client, Failure> {
    Ok(Client::try_from(cluster::config(data_dir).await?)?)
}

async fn show(data_dir: &Path) -> Result<(), Failure> {
    let client = client(data_dir).await?;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let service = objects::apply(&Api::default_namespaced(client.clone()), &objects::service()).await?;
    objects::apply(&deployments, &objects::deployment()).await?;
    println!("deployment {NAME} and service {NAME} are applied; waiting for {REPLICAS} pods");
    rollout::wait(&deployments, &Api::default_namespaced(client)).await?;
    let address = SocketAddr::new(address(&service)?, 80);
    println!("asking http://{}", address.ip());
    for (pod, count) in asking::ask_all(address).await? {
        println!("  {count:2} x {pod}");
    }
    next_steps(address.ip());
    Ok(())
}

fn address(service: &Service) -> Result<IpAddr, Failure> {
    let found = service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref());
    let text = found.ok_or_else(|| Failure::new(format!("service {NAME} has no address")))?;
    Ok(text.parse()?)
}

fn next_steps(address: IpAddr) {
    println!("\nTry:\n  curl http://{address}\n  kubectl get pods -l app={NAME} -o wide");
    println!("  kubectl scale deployment {NAME} --replicas=5\n  k1s demo --remove");
}

async fn remove(data_dir: &Path) -> Result<(), Failure> {
    let client = client(data_dir).await?;
    let deployment = objects::remove(&Api::<Deployment>::default_namespaced(client.clone())).await?;
    let service = objects::remove(&Api::<Service>::default_namespaced(client)).await?;
    match deployment || service {
        true => println!("the demo is removed"),
        false => println!("there is no demo to remove"),
    }
    Ok(())
}
