//! One group version that another server answers.

use super::FrontProxy;
use crate::outbound::{Peer, presenting};
use meta::{CompactString, Value};
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
    /// From the spec of an APIService that names a Service.
    pub fn new(name: CompactString, spec: Value, front_proxy: Option<&FrontProxy>) -> Remote {
        let careless = spec.get("insecureSkipTLSVerify") == &Value::Bool(true);
        Remote {
            name,
            group: spec.str("group").into(),
            version: spec.str("version").into(),
            priority: (spec.int("groupPriorityMinimum"), spec.int("versionPriority")),
            peer: Peer::reached(&spec, |bundle| presenting(bundle, careless, front_proxy)),
            seen: RwLock::default(),
            spec,
        }
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
