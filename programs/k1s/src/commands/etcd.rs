//! The arguments that name an etcd cluster: upstream's names.

use crate::commands::Failure;
use crate::roles::api::Kept;
use clap::{Arg, ArgMatches, value_parser};
use std::path::PathBuf;
use store_etcd::{Cluster, Tls};

const SERVERS: &str = "etcd-servers";
const AUTHORITY: &str = "etcd-cafile";
const CERTIFICATE: &str = "etcd-certfile";
const KEY: &str = "etcd-keyfile";

pub fn arguments() -> [Arg; 4] {
    let file =
        |name| Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).requires(SERVERS);
    [
        Arg::new(SERVERS)
            .long(SERVERS)
            .value_name("URL,...")
            .help("Keep the objects in this etcd cluster, as upstream keeps them, instead of the data directory")
            .value_delimiter(','),
        file(AUTHORITY).help("The authority that signed the members' certificates"),
        file(CERTIFICATE).help("The certificate by which etcd knows this server").requires(KEY),
        file(KEY).help("The key of that certificate").requires(CERTIFICATE),
    ]
}

pub fn kept_of(matches: &ArgMatches) -> Result<Kept, Failure> {
    let Some(urls) = matches.get_many::<String>(SERVERS) else { return Ok(Kept::Here) };
    let cluster = Cluster::new(urls.cloned());
    let Some(authority) = read(matches, AUTHORITY)? else { return Ok(Kept::Etcd(cluster)) };
    let client = read(matches, CERTIFICATE)?.zip(read(matches, KEY)?);
    Ok(Kept::Etcd(cluster.with_tls(Tls { authority, client })))
}

fn read(matches: &ArgMatches, name: &str) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = matches.get_one::<PathBuf>(name) else { return Ok(None) };
    let text = std::fs::read(path).map_err(|why| Failure::new(format!("--{name} {}: {why}", path.display())))?;
    Ok(Some(text))
}
