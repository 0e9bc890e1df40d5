//! `k1s server`: the API server with its store.

use super::{Entry, Failure};
use crate::certificates::{Authority, Subject};
use crate::files;
use crate::kubeconfig::kubeconfig;
use apiserver::engine::Ranges;
use apiserver::http::Listener;
use apiserver::storage::Format;
use apiserver::{ApiServer, Config};
use clap::{Arg, ArgMatches, Command, value_parser};
use clock::{Clock, SystemClock};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Store;
use tokio::signal::unix::{SignalKind, signal};

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    Command::new("server")
        .about("Run the API server on an embedded store or on etcd")
        .arg(
            Arg::new("data-dir")
                .long("data-dir")
                .value_name("DIR")
                .help("Where the store, certificates and the administrator's kubeconfig are kept")
                .default_value("/var/lib/k1s")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            Arg::new("bind")
                .long("bind")
                .value_name("ADDRESS:PORT")
                .help("Where to listen")
                .default_value("127.0.0.1:6443")
                .value_parser(value_parser!(SocketAddr)),
        )
}

fn run(arguments: &ArgMatches) -> Result<(), Failure> {
    let data_dir: &PathBuf = arguments.get_one("data-dir").ok_or_else(|| Failure("--data-dir is missing".into()))?;
    let bind: &SocketAddr = arguments.get_one("bind").ok_or_else(|| Failure("--bind is missing".into()))?;
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(data_dir, *bind))
}

/// Logs to standard error; `K1S_LOG` chooses how much (`debug`, `apiserver=trace`).
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("K1S_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}

async fn serve(data_dir: &Path, bind: SocketAddr) -> Result<(), Failure> {
    files::make_dir(data_dir).map_err(|why| Failure(format!("{}: {why}", data_dir.display())))?;
    let clock = Arc::new(SystemClock);
    let authority = Authority::open(data_dir, clock.now())?;
    let ranges = Ranges::default();
    let advertised = advertised(bind);
    let signed = authority.sign(&server_subject(advertised, &ranges), clock.now())?;
    let tls = authority.server_tls(&signed)?;
    let disk = store_disk::open(&data_dir.join("store"), clock.clone())?;
    let store: Arc<dyn Store> = disk.clone();
    let listener = Listener::bind(bind, tls).await?;
    let address = listener.address()?;
    let advertise = (advertised, address.port());
    let server = ApiServer::start(Config { store, format: Format::Json, clock: clock.clone(), ranges, advertise }).await?;
    write_kubeconfig(data_dir, &authority, address, clock.now())?;
    println!("k1s: the API is ready at https://{address}, administrator's kubeconfig {}", data_dir.join("admin.kubeconfig").display());
    let serving = tokio::spawn(listener.serve(server.frontend.clone(), server.stopping()));
    asked_to_stop().await?;
    server.stop();
    serving.await?;
    disk.close().await?;
    Ok(())
}

async fn asked_to_stop() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// The address by which others find a server that listens on all of them.
fn advertised(bind: SocketAddr) -> IpAddr {
    if bind.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { bind.ip() }
}

fn server_subject(advertised: IpAddr, ranges: &Ranges) -> Subject<'static> {
    let names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(ranges.first())];
    if !addresses.contains(&advertised) {
        addresses.push(advertised);
    }
    Subject { name: "k1s-server", groups: &[], addresses, hosts: names.iter().map(ToString::to_string).collect() }
}

fn write_kubeconfig(
    data_dir: &Path,
    authority: &Authority,
    address: SocketAddr,
    now: jiff::Timestamp,
) -> Result<(), Failure> {
    let admin = Subject { name: "admin", groups: &["system:masters"], addresses: Vec::new(), hosts: Vec::new() };
    let signed = authority.sign(&admin, now)?;
    let host = advertised(address);
    let server = format!("https://{}", SocketAddr::new(host, address.port()));
    let config = kubeconfig(&server, &authority.pem, "admin", &signed);
    let text = serde_saphyr::to_string(&config)?;
    files::write(&data_dir.join("admin.kubeconfig"), text.as_bytes())?;
    Ok(())
}
