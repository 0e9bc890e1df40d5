//! One group version that another server answers.

use super::FrontProxy;
use crate::outbound::{Peer, presenting};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use meta::{CompactString, Object, Value};
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) struct Remote {
    /// Of the APIService.
    pub name: CompactString,
    pub group: CompactString,
    pub version: CompactString,
    /// Of its group among groups, and of the version within it.
    pub priority: (i64, i64),
    /// What of the APIService all this was read from.
    pub spec: Value,
    /// Or why it cannot be called.
    pub peer: Result<Peer, String>,
    seen: RwLock<Seen>,
}

#[derive(Default)]
struct Seen {
    available: bool,
    /// As it told when it last answered.
    served: Arc<Served>,
}

/// What another server says it serves under its group version.
#[derive(Default)]
pub(crate) struct Served {
    /// As in its list of resources.
    pub resources: Vec<Value>,
    /// Where its OpenAPI document is found, with its hash: nothing where it has none.
    pub document: String,
}

impl Remote {
    /// None: this server answers itself.
    pub fn of(service: &Object, front_proxy: Option<&FrontProxy>) -> Option<Remote> {
        let spec = service.value().get("spec").clone();
        if spec.get("service").is_null() {
            return None;
        }
        Some(Remote {
            name: service.header.name.clone(),
            group: spec.str("group").into(),
            version: spec.str("version").into(),
            priority: (spec.int("groupPriorityMinimum"), spec.int("versionPriority")),
            peer: peer(&spec, front_proxy),
            seen: RwLock::default(),
            spec,
        })
    }

    pub fn path(&self) -> String {
        format!("/apis/{}/{}", self.group, self.version)
    }

    pub fn is_available(&self) -> bool {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).available
    }

    pub fn served(&self) -> Arc<Served> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).served.clone()
    }

    /// What was found when it was looked at; one that does not answer keeps what it was known to serve.
    pub fn saw(&self, served: Option<Served>) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.available = served.is_some();
        if let Some(served) = served {
            seen.served = Arc::new(served);
        }
    }
}

fn peer(spec: &Value, front_proxy: Option<&FrontProxy>) -> Result<Peer, String> {
    let bundle = STANDARD.decode(spec.str("caBundle")).map_err(|error| error.to_string())?;
    let careless = spec.get("insecureSkipTLSVerify") == &Value::Bool(true);
    Peer::reached(spec, presenting(&bundle, careless, front_proxy)?)
}
