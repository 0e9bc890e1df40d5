//! From an opened store to a server that answers: rows, hubs, the server's own objects.

use crate::admission::validating_policies::Policies;
use crate::aggregation::{Aggregation, FrontProxy};
use crate::authn::{Authentication, Keys, ServiceAccountTokens};
use crate::authz::{Authorizer, NodeAuthorizer, Rbac};
use crate::bootstrap::{Bootstrap, BootstrapError};
use crate::engine::{Api, Ranges};
use crate::http::Frontend;
use crate::hub::{Hub, HubError, KindHub};
use crate::pages::Pages;
use crate::rows::{Row, Rows};
use crate::storage::Format;
use crate::webhooks::Hooks;
use clock::Clock;
use meta::Status;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::Store;
use tokio::sync::{Semaphore, watch};

/// Upstream's bounds on requests in flight.
pub(crate) const READS: usize = 400;
pub(crate) const WRITES: usize = 200;

pub struct Config {
    pub store: Arc<dyn Store>,
    pub format: Format,
    pub clock: Arc<dyn Clock>,
    pub ranges: Ranges,
    /// What service-account tokens are signed with.
    pub service_account_keys: Keys,
    /// How kubelets are called, for logs, exec and the like.
    pub kubelet_tls: Option<Arc<rustls::ClientConfig>>,
    /// How this server speaks for its clients to servers that answer for other groups.
    pub front_proxy: Option<FrontProxy>,
    /// Where clients in the cluster reach this server: the endpoint of the `kubernetes` Service.
    pub advertise: (IpAddr, u16),
}

impl Config {
    /// Of a server that is alone in its process: it calls nobody, and nobody finds it over a network.
    pub fn alone(store: Arc<dyn Store>, clock: Arc<dyn Clock>, service_account_keys: Keys) -> Config {
        Config {
            store,
            format: Format::Json,
            clock,
            ranges: Ranges::default(),
            service_account_keys,
            kubelet_tls: None,
            front_proxy: None,
            advertise: (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 6443),
        }
    }
}

#[derive(Debug)]
pub enum StartError {
    Hub(HubError),
    MissingKind(&'static str),
    Bootstrap(BootstrapError),
    CustomKinds(Box<Status>),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Hub(error) => error.fmt(f),
            StartError::MissingKind(name) => write!(f, "the table has no row for {name}"),
            StartError::Bootstrap(error) => error.fmt(f),
            StartError::CustomKinds(status) => write!(f, "custom kinds cannot be served: {status}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<HubError> for StartError {
    fn from(error: HubError) -> StartError {
        StartError::Hub(error)
    }
}

impl From<BootstrapError> for StartError {
    fn from(error: BootstrapError) -> StartError {
        StartError::Bootstrap(error)
    }
}

pub struct ApiServer {
    pub api: Arc<Api>,
    pub frontend: Arc<Frontend>,
    stop: watch::Sender<bool>,
}

impl ApiServer {
    pub async fn start(config: Config) -> Result<ApiServer, StartError> {
        let hub = Hub::start(config.store.clone(), config.format).await?;
        let rows = Rows::default();
        for def in kinds::builtin() {
            let opened = hub.open(def.clone()).await?;
            rows.put(Row { def, hub: opened, converter: None });
        }
        let authorizer = Arc::new(authorizer(&rows)?);
        let mutating = hooks(&rows, "mutatingwebhookconfigurations")?;
        let validating = hooks(&rows, "validatingwebhookconfigurations")?;
        let policies = policies(&rows)?;
        let (store, format, clock, ranges) = (config.store, config.format, config.clock, config.ranges);
        let kubelet_tls = config.kubelet_tls;
        let (address, port) = config.advertise;
        let advertised = SocketAddr::new(address, port);
        let keys_url = format!("https://{advertised}/openid/v1/jwks");
        let tokens = ServiceAccountTokens { keys: config.service_account_keys, keys_url };
        let api = Arc::new(Api {
            store,
            format,
            clock,
            hub,
            rows,
            authorizer,
            tokens,
            ranges,
            advertised,
            kubelet_tls,
            aggregation: Aggregation::new(config.front_proxy),
            mutating,
            validating,
            policies,
        });
        let (stop, stopping) = watch::channel(false);
        let pages = Pages::default();
        let (reads, writes) = (Semaphore::new(READS), Semaphore::new(WRITES));
        let authentication = Authentication;
        let long_lists = Arc::default();
        let frontend = Frontend { api: api.clone(), pages, authentication, stopping, reads, writes, long_lists };
        let frontend = Arc::new(frontend);
        let server = ApiServer { api, frontend, stop };
        Bootstrap { api: &server.api, advertise: config.advertise }.run().await?;
        let keeping = crate::crd::keep(server.api.clone(), server.stopping()).await;
        keeping.map_err(|status| StartError::CustomKinds(Box::new(status)))?;
        crate::aggregation::keep(server.api.clone(), server.stopping());
        tokio::spawn(crate::compactor::run(server.api.store.clone(), server.stopping()));
        server.frontend.pages.health.started.store(true, Ordering::Release);
        Ok(server)
    }

    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Ends watches, says in `/readyz` that the server is leaving, and lets answers on their way finish.
    pub fn stop(&self) {
        self.frontend.pages.health.stopping.store(true, Ordering::Release);
        self.stop.send_replace(true);
    }
}

fn hooks(rows: &Rows, name: &'static str) -> Result<Hooks, StartError> {
    let table = rows.table();
    let row = table.get("admissionregistration.k8s.io", name).ok_or(StartError::MissingKind(name))?;
    Ok(Hooks::new(row.hub.clone()))
}

fn policies(rows: &Rows) -> Result<Policies, StartError> {
    let table = rows.table();
    let hub = |name: &'static str| -> Result<Arc<KindHub>, StartError> {
        Ok(table.get("admissionregistration.k8s.io", name).ok_or(StartError::MissingKind(name))?.hub.clone())
    };
    Ok(Policies::new(hub("validatingadmissionpolicies")?, hub("validatingadmissionpolicybindings")?))
}

fn authorizer(rows: &Rows) -> Result<Authorizer, StartError> {
    let table = rows.table();
    let hub = |group: &str, name: &'static str| -> Result<Arc<KindHub>, StartError> {
        Ok(table.get(group, name).ok_or(StartError::MissingKind(name))?.hub.clone())
    };
    let rbac = |name| hub("rbac.authorization.k8s.io", name);
    let rbac = Rbac::new(rbac("clusterroles")?, rbac("roles")?, rbac("clusterrolebindings")?, rbac("rolebindings")?);
    Ok(Authorizer { node: NodeAuthorizer { pods: hub("", "pods")? }, rbac })
}
