//! The objects that the server itself owns: namespaces, the system's priorities, the default roles and bindings, the
//! `kubernetes` Service.

use crate::aggregation::FrontProxy;
use crate::engine::{Api, Call, Payload};
use crate::identity::Identity;
use client::{Answer, PatchKind, Request};
use futures::future::{try_join_all, try_join4};
use kinds::Verb;
use meta::{CompactString, Gvr, Key, Reason, Status, Value, value};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
const PRIORITIES: [(&str, i64, &str); 2] = [
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];
/// Recorded by `cargo xtask policy`: one object a line.
const POLICY: &str = include_str!("../facts/policy.jsonl");
/// What parts of this program need that upstream has no account for.
const OWN_POLICY: &str = include_str!("../facts/own_policy.jsonl");
/// The ConfigMap that tells who may speak for others.
const AUTHENTICATION: &str = "extension-apiserver-authentication";
const RBAC: &str = "rbac.authorization.k8s.io";
/// An administrator who sets this to "false" keeps a default role as it is.
const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

#[derive(Debug)]
pub struct BootstrapError {
    what: String,
    why: Box<Status>,
}

impl fmt::Display for BootstrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} could not be made: {}", self.what, self.why)
    }
}

impl std::error::Error for BootstrapError {}

pub struct Bootstrap<'a> {
    pub api: &'a Api,
    /// Where clients in the cluster reach this server.
    pub advertise: (IpAddr, u16),
}

impl Bootstrap<'_> {
    /// All at once where nothing waits for another: what is written together is made durable together, and an empty
    /// directory is served many syncs sooner.
    pub async fn run(&self) -> Result<(), BootstrapError> {
        try_join_all(NAMESPACES.map(|name| self.namespace(name))).await?;
        let priorities = try_join_all(PRIORITIES.map(|(name, value, text)| self.priority(name, value, text)));
        let policy = try_join_all(POLICY.lines().chain(OWN_POLICY.lines()).map(|line| self.ensure_policy(line)));
        try_join4(priorities, policy, self.own_service(), self.front_proxy()).await.map(drop)
    }

    /// What servers that answer for other groups must know to believe this one.
    async fn front_proxy(&self) -> Result<(), BootstrapError> {
        let Some(front_proxy) = &self.api.aggregation.front_proxy else { return Ok(()) };
        loop {
            match self.publish(front_proxy).await {
                // Another server of this cluster was first.
                Err(status) if status.is(Reason::AlreadyExists) => {}
                Err(why) => {
                    let what = format!("configmaps {AUTHENTICATION}");
                    return Err(BootstrapError { what, why: Box::new(why) });
                }
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn publish(&self, front_proxy: &FrontProxy) -> Result<(), Status> {
        let (resource, key) = (Gvr::new("", "v1", "configmaps"), Key::new("kube-system", AUTHENTICATION));
        let held = self.call(Request::get(resource.clone(), key.clone()), Payload::None).await;
        let held = match held.and_then(Answer::object) {
            Err(status) if status.is(Reason::NotFound) => {
                let object = value!({"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"name": AUTHENTICATION, "namespace": "kube-system"},
                    "data": (front_proxy.published(&Value::Null))});
                return self.create(resource, object).await.map(drop);
            }
            held => held?.decode_value(),
        };
        let data = front_proxy.published(held.get("data"));
        if data == *held.get("data") {
            return Ok(());
        }
        let patch = Payload::PatchValue(PatchKind::Merge, value!({"data": data}));
        self.call(Request::new(Verb::Patch, resource, key), patch).await.map(drop)
    }

    async fn namespace(&self, name: &str) -> Result<(), BootstrapError> {
        let object = value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.ensure(Gvr::new("", "v1", "namespaces"), object).await
    }

    async fn priority(&self, name: &str, value: i64, description: &str) -> Result<(), BootstrapError> {
        let object = value!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
            "value": value, "description": description});
        self.ensure(Gvr::new("scheduling.k8s.io", "v1", "priorityclasses"), object).await
    }

    async fn own_service(&self) -> Result<(), BootstrapError> {
        self.ensure(Gvr::new("networking.k8s.io", "v1", "servicecidrs"), self.service_cidr()).await?;
        self.ensure(Gvr::new("", "v1", "services"), self.service()).await?;
        if self.advertise.0.is_loopback() {
            return Ok(()); // nobody in the cluster could reach it there, and no slice may say so
        }
        self.ensure(Gvr::new("", "v1", "endpoints"), self.endpoints()).await?;
        self.ensure(Gvr::new("discovery.k8s.io", "v1", "endpointslices"), self.slice()).await
    }

    async fn ensure(&self, resource: Gvr, object: Value) -> Result<(), BootstrapError> {
        let name = format!("{} {}", resource.resource, object.str("metadata.name"));
        let key = Key::new(object.str("metadata.namespace"), object.str("metadata.name"));
        // A second creation would ask for an address that the first one holds.
        if self.call(Request::get(resource.clone(), key), Payload::None).await.is_ok() {
            return Ok(());
        }
        match self.create(resource, object).await {
            Err(status) if !status.is(Reason::AlreadyExists) => {
                Err(BootstrapError { what: name, why: Box::new(status) })
            }
            _ => Ok(()),
        }
    }

    async fn create(&self, resource: Gvr, object: Value) -> Result<Answer, Status> {
        let mut request = Request::create(resource, object.str("metadata.namespace"), Value::Null);
        request.body = client::Body::None;
        self.call(request, Payload::Value(object)).await
    }

    async fn call(&self, mut request: Request, payload: Payload) -> Result<Answer, Status> {
        request.write.field_manager = CompactString::from("kube-apiserver");
        let call = Call { identity: Arc::new(Identity::loopback()), request, payload };
        self.api.call(&call).await.map(|outcome| outcome.answer)
    }

    /// A default role or binding: made where it is absent; where it exists, rules and subjects that it has lost come back.
    async fn ensure_policy(&self, line: &str) -> Result<(), BootstrapError> {
        let wanted = meta::parse(line.as_bytes()).map_err(|error| BootstrapError {
            what: "the default policy".into(),
            why: Box::new(Status::internal(error)),
        })?;
        let plural = format!("{}s", wanted.str("kind").to_lowercase());
        let resource = Gvr::new(RBAC, "v1", plural);
        let what = format!("{} {}", resource.resource, wanted.str("metadata.name"));
        let made = match self.create(resource.clone(), wanted.clone()).await {
            Err(status) if status.is(Reason::AlreadyExists) => self.restore(resource, &wanted).await,
            made => made.map(drop),
        };
        made.map_err(|why| BootstrapError { what, why: Box::new(why) })
    }

    async fn restore(&self, resource: Gvr, wanted: &Value) -> Result<(), Status> {
        let key = Key::new(wanted.str("metadata.namespace"), wanted.str("metadata.name"));
        let held = self.call(Request::get(resource.clone(), key.clone()), Payload::None).await?.object()?;
        let held = held.decode_value();
        if held.at("metadata.annotations").get(AUTO_UPDATE).as_str() == Some("false")
            || !wanted.at("aggregationRule").is_null()
        {
            return Ok(());
        }
        let Some(patch) = missing(&held, wanted) else { return Ok(()) };
        let request = Request::new(Verb::Patch, resource, key);
        self.call(request, Payload::PatchValue(PatchKind::Merge, patch)).await.map(drop)
    }

    fn service_cidr(&self) -> Value {
        let (network, bits) = self.api.ranges.cluster_ips;
        value!({"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": [(format!("{network}/{bits}"))]}})
    }

    fn service(&self) -> Value {
        let ip = self.api.ranges.first().to_string();
        let port = i64::from(self.advertise.1);
        value!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kubernetes", "namespace": "default",
                "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {
                "type": "ClusterIP",
                "clusterIP": (ip.clone()),
                "clusterIPs": [ip],
                "sessionAffinity": "None",
                "ports": [{"name": "https", "port": 443i64, "protocol": "TCP", "targetPort": port}],
            },
        })
    }

    /// The older form of the slice below, which says itself that it needs no mirror.
    fn endpoints(&self) -> Value {
        let (address, port) = self.advertise;
        value!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "kubernetes", "namespace": "default",
                "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": (address.to_string())}],
                "ports": [{"name": "https", "port": (i64::from(port)), "protocol": "TCP"}]}],
        })
    }

    fn slice(&self) -> Value {
        let (address, port) = self.advertise;
        value!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "addressType": (if address.is_ipv4() { "IPv4" } else { "IPv6" }),
            "endpoints": [{"addresses": [(address.to_string())], "conditions": {"ready": true}}],
            "ports": [{"name": "https", "port": (i64::from(port)), "protocol": "TCP"}],
        })
    }
}

/// A merge patch that adds what is wanted and not there.
fn missing(held: &Value, wanted: &Value) -> Option<Value> {
    let mut patch = Value::map();
    for field in ["rules", "subjects"] {
        let have = held.items(field);
        let lost: Vec<Value> = wanted.items(field).iter().filter(|item| !have.contains(item)).cloned().collect();
        if !lost.is_empty() {
            patch.set(field, Value::List(have.iter().cloned().chain(lost).collect()));
        }
    }
    (!patch.is_empty()).then_some(patch)
}
