//! From an opened store to a server that answers: rows, hubs, the server's own objects.

use crate::authn::Authentication;
use crate::authz::{Authorizer, Rbac};
use crate::engine::{Api, Call, Payload, Ranges};
use crate::http::Frontend;
use crate::hub::{Hub, HubError, KindHub};
use crate::identity::Identity;
use crate::pages::{Health, Pages};
use crate::rows::{Row, Rows};
use crate::storage::Format;
use client::Request;
use clock::Clock;
use meta::{Gvr, Reason, Status, Value, value};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::Store;
use tokio::sync::{Semaphore, watch};

/// Upstream's bounds on requests in flight.
const READS: usize = 400;
const WRITES: usize = 200;

const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

pub struct Config {
    pub store: Arc<dyn Store>,
    pub format: Format,
    pub clock: Arc<dyn Clock>,
    pub ranges: Ranges,
    /// Where clients in the cluster reach this server: the endpoint of the `kubernetes` Service.
    pub advertise: (IpAddr, u16),
}

#[derive(Debug)]
pub enum StartError {
    Hub(HubError),
    MissingKind(&'static str),
    Object(String, Status),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Hub(error) => error.fmt(f),
            StartError::MissingKind(name) => write!(f, "the table has no row for {name}"),
            StartError::Object(name, status) => write!(f, "{name} could not be made: {status}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<HubError> for StartError {
    fn from(error: HubError) -> StartError {
        StartError::Hub(error)
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
            rows.put(Row { def, hub: opened });
        }
        let authorizer = Arc::new(Authorizer { rbac: rbac(&rows)? });
        let (store, format, clock, ranges) = (config.store, config.format, config.clock, config.ranges);
        let api = Arc::new(Api { store, format, clock, hub, rows, authorizer, ranges });
        let (stop, stopping) = watch::channel(false);
        let pages = Pages { health: Health::default() };
        let (reads, writes) = (Semaphore::new(READS), Semaphore::new(WRITES));
        let authentication = Authentication;
        let frontend = Arc::new(Frontend { api: api.clone(), pages, authentication, stopping, reads, writes });
        let server = ApiServer { api, frontend, stop };
        server.make_objects(config.advertise).await?;
        let keeping = crate::crd::keep(server.api.clone()).await;
        keeping.map_err(|status| StartError::Object("custom kinds".into(), status))?;
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

    /// The objects that the server itself owns.
    async fn make_objects(&self, advertise: (IpAddr, u16)) -> Result<(), StartError> {
        for name in NAMESPACES {
            self.ensure("", "namespaces", "v1", "", value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
                .await?;
        }
        let ip = self.api.ranges.first();
        let cidr = format!("{}/{}", self.api.ranges.cluster_ips.0, self.api.ranges.cluster_ips.1);
        self.ensure(
            "networking.k8s.io",
            "servicecidrs",
            "v1",
            "",
            value!({"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
                "spec": {"cidrs": [cidr]}}),
        )
        .await?;
        self.ensure("", "services", "v1", "default", kubernetes_service(ip.to_string(), advertise.1)).await?;
        self.ensure("discovery.k8s.io", "endpointslices", "v1", "default", kubernetes_slice(advertise)).await
    }

    async fn ensure(
        &self,
        group: &str,
        resource: &str,
        version: &str,
        namespace: &str,
        object: Value,
    ) -> Result<(), StartError> {
        let name = format!("{resource} {}", object.str("metadata.name"));
        let mut request = Request::create(Gvr::new(group, version, resource), namespace, Value::Null);
        request.body = client::Body::None;
        request.write.field_manager = "kube-apiserver".into();
        let call = Call { identity: Arc::new(Identity::loopback()), request, payload: Payload::Value(object) };
        match self.api.call(&call).await {
            Ok(_) => Ok(()),
            Err(status) if status.is(Reason::AlreadyExists) => Ok(()),
            Err(status) => Err(StartError::Object(name, status)),
        }
    }
}

fn rbac(rows: &Rows) -> Result<Rbac, StartError> {
    let table = rows.table();
    let hub = |name: &'static str| -> Result<Arc<KindHub>, StartError> {
        let row = table.get("rbac.authorization.k8s.io", name).ok_or(StartError::MissingKind(name))?;
        Ok(row.hub.clone())
    };
    Ok(Rbac::new(hub("clusterroles")?, hub("roles")?, hub("clusterrolebindings")?, hub("rolebindings")?))
}

fn kubernetes_service(ip: String, port: u16) -> Value {
    value!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": (ip.clone()),
            "clusterIPs": [ip],
            "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443i64, "protocol": "TCP", "targetPort": (i64::from(port))}],
        },
    })
}

fn kubernetes_slice((address, port): (IpAddr, u16)) -> Value {
    value!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": (if address.is_ipv4() { "IPv4" } else { "IPv6" }),
        "endpoints": [{"addresses": [(address.to_string())], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": (i64::from(port)), "protocol": "TCP"}],
    })
}
