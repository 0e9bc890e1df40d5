//! The API server with its store and its certificates.

use crate::certificates::{Authority, CertificateError, Subject, TokenKeys};
use crate::files;
use crate::kubeconfig::kubeconfig;
use crate::machine::own_address;
use apiserver::authn::{KeyError, Keys};
use apiserver::engine::Ranges;
use apiserver::http::{Listener, ServeError};
use apiserver::identity::Identity;
use apiserver::storage::Format;
use apiserver::{ApiServer, Config, FrontProxy, InProcess, StartError};
use client::ApiClient;
use clock::Clock;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store_disk::DiskStore;
use store_etcd::{Cluster, EtcdStore};
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[derive(Debug)]
pub enum ApiError {
    Directory(PathBuf, io::Error),
    Certificates(CertificateError),
    Store(store_disk::OpenError),
    Etcd(store_etcd::ConnectError),
    Listen(ServeError),
    TokenKeys(KeyError),
    Start(StartError),
    Kubeconfig(String),
    Close(store::Error),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApiError::Directory(path, why) => write!(f, "{}: {why}", path.display()),
            ApiError::Certificates(why) => why.fmt(f),
            ApiError::Store(why) => write!(f, "the store cannot be opened: {why}"),
            ApiError::Etcd(why) => write!(f, "etcd: {why}"),
            ApiError::Listen(why) => why.fmt(f),
            ApiError::TokenKeys(why) => why.fmt(f),
            ApiError::Start(why) => why.fmt(f),
            ApiError::Kubeconfig(why) => write!(f, "the kubeconfig cannot be written: {why}"),
            ApiError::Close(why) => write!(f, "the store was not closed cleanly: {why}"),
        }
    }
}

impl std::error::Error for ApiError {}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for ApiError { fn from(why: $from) -> ApiError { ApiError::$variant(why) } })*
    };
}
from! { KeyError => TokenKeys, CertificateError => Certificates, store_disk::OpenError => Store, store_etcd::ConnectError => Etcd, ServeError => Listen, StartError => Start }

/// Where the objects are kept.
pub enum Kept {
    /// In the data directory.
    Here,
    /// In a cluster of etcd, as upstream keeps them.
    Etcd(Cluster),
}

pub struct ApiRole {
    pub authority: Arc<Authority>,
    pub address: SocketAddr,
    server: ApiServer,
    /// The store that is closed at the end: the embedded one.
    disk: Option<Arc<DiskStore>>,
    serving: JoinHandle<()>,
}

impl ApiRole {
    pub async fn start(
        kept: Kept,
        data_dir: &Path,
        bind: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<ApiRole, ApiError> {
        files::make_dir(data_dir).map_err(|why| ApiError::Directory(data_dir.into(), why))?;
        let authority = Arc::new(Authority::open(data_dir, clock.now())?);
        let (ranges, advertised) = (Ranges::default(), advertised(bind));
        let tls = authority.server_tls(&authority.sign(&server_subject(advertised, &ranges), clock.now())?)?;
        let listener = Listener::bind(bind, tls).await?;
        let address = listener.address().map_err(|why| ServeError::Bind(bind, why))?;
        let (store, format, disk) = open(kept, data_dir, &clock).await?;
        let advertise = (advertised, address.port());
        let kubelet_tls = Some(authority.client_tls(&authority.sign(&kubelet_client(), clock.now())?)?);
        let front_proxy = Some(front_proxy(data_dir, &authority, clock.now())?);
        let token_keys = TokenKeys::open(data_dir)?;
        let service_account_keys = Keys::open(&token_keys.signer, &token_keys.trusted)?;
        let clock_of_server = clock.clone();
        let config = Config {
            store,
            format,
            clock: clock_of_server,
            ranges,
            service_account_keys,
            kubelet_tls,
            front_proxy,
            advertise,
        };
        let server = ApiServer::start(config).await?;
        let serving = tokio::spawn(listener.serve(server.frontend.clone(), server.stopping()));
        let role = ApiRole { authority, address, server, disk, serving };
        role.write_kubeconfig(data_dir, clock.now())?;
        Ok(role)
    }

    pub fn kubeconfig_path(data_dir: &Path) -> PathBuf {
        data_dir.join("admin.kubeconfig")
    }

    pub fn url(&self) -> String {
        format!("https://{}", SocketAddr::new(local(self.address), self.address.port()))
    }

    /// A door to the API for a part of this process. `name` is also its field manager.
    pub fn client(&self, identity: Identity, name: &str) -> Arc<dyn ApiClient> {
        Arc::new(InProcess::new(self.server.api.clone(), identity, name))
    }

    fn write_kubeconfig(&self, data_dir: &Path, now: jiff::Timestamp) -> Result<(), ApiError> {
        let admin = Subject { name: "admin", groups: &["system:masters"], addresses: Vec::new(), hosts: Vec::new() };
        let signed = self.authority.sign(&admin, now)?;
        let config = kubeconfig(&self.url(), &self.authority.pem, "admin", &signed);
        let text = serde_saphyr::to_string(&config).map_err(|why| ApiError::Kubeconfig(why.to_string()))?;
        let path = ApiRole::kubeconfig_path(data_dir);
        files::write(&path, text.as_bytes()).map_err(|why| ApiError::Kubeconfig(why.to_string()))
    }

    /// Lets answers on their way finish, ends watches, and closes the store.
    pub async fn stop(self) -> Result<(), ApiError> {
        self.server.stop();
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the listener ended badly");
        }
        match self.disk {
            Some(disk) => disk.close().await.map_err(ApiError::Close),
            None => Ok(()),
        }
    }
}

/// As long as upstream's server waits for it.
const ETCD_PATIENCE: Duration = Duration::from_secs(20);
const ETCD_PAUSE: Duration = Duration::from_millis(500);

type Opened = (Arc<dyn Store>, Format, Option<Arc<DiskStore>>);

async fn open(kept: Kept, data_dir: &Path, clock: &Arc<dyn Clock>) -> Result<Opened, ApiError> {
    match kept {
        Kept::Here => {
            let disk = store_disk::open(&data_dir.join("store"), clock.clone())?;
            Ok((disk.clone(), Format::Json, Some(disk)))
        }
        Kept::Etcd(cluster) => {
            let store = EtcdStore::new(&cluster)?;
            answering(&store).await;
            Ok((Arc::new(store), Format::Protobuf, None))
        }
    }
}

/// Gives a cluster that was begun beside this server the time to come up: what is wrong after that is said by the first
/// who asks it for something.
async fn answering(store: &EtcdStore) {
    let (until, mut said) = (Instant::now() + ETCD_PATIENCE, false);
    while let Err(error) = store.revision().await
        && matches!(error, store::Error::Unavailable { .. })
        && Instant::now() < until
    {
        if !std::mem::replace(&mut said, true) {
            tracing::warn!(%error, "etcd does not answer yet, waiting for it");
        }
        tokio::time::sleep(ETCD_PAUSE).await;
    }
}

/// The address by which the cluster finds a server that listens on all addresses, or on this machine's own alone.
fn advertised(bind: SocketAddr) -> IpAddr {
    if bind.ip().is_unspecified() || bind.ip().is_loopback() { own_address() } else { bind.ip() }
}

/// The address by which this machine finds it.
fn local(bind: SocketAddr) -> IpAddr {
    if bind.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { bind.ip() }
}

/// Whom kubelets see when this server calls them.
fn kubelet_client() -> Subject<'static> {
    let (addresses, hosts) = (Vec::new(), Vec::new());
    Subject { name: "kube-apiserver-kubelet-client", groups: &["system:masters"], addresses, hosts }
}

/// Its authority signs nothing else: nobody can ask for a certificate of it.
fn front_proxy(data_dir: &Path, clients: &Authority, now: jiff::Timestamp) -> Result<FrontProxy, CertificateError> {
    let authority = Authority::of_front_proxies(data_dir, now)?;
    let own = Subject { name: FrontProxy::NAME, groups: &[], addresses: Vec::new(), hosts: Vec::new() };
    let (chain, key) = authority.sign(&own, now)?.der()?;
    Ok(FrontProxy { authority: authority.pem, clients: clients.pem.clone(), chain, key })
}

fn server_subject(advertised: IpAddr, ranges: &Ranges) -> Subject<'static> {
    let names = [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(ranges.first())];
    if !addresses.contains(&advertised) {
        addresses.push(advertised);
    }
    Subject { name: "k1s-server", groups: &[], addresses, hosts: names.iter().map(ToString::to_string).collect() }
}
