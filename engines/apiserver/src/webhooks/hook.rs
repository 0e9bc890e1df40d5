//! One webhook as its configuration describes it, and all of a kind of configuration as they stand now.

use super::condition::Condition;
use super::rule::Rule;
use crate::hub::KindHub;
use crate::outbound::Peer;
use meta::selector::LabelSelector;
use meta::{Object, Value};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const PATIENCE: i64 = 10;

pub(crate) struct Hook {
    pub name: String,
    /// Tells two webhooks of one name apart.
    pub uid: String,
    pub rules: Vec<Rule>,
    /// The rules may also name another version of what is asked about.
    pub equivalent: bool,
    pub ignores_failure: bool,
    pub patience: Duration,
    /// May be called for what is not going to happen.
    pub dry_runs: bool,
    pub review_versions: Vec<String>,
    pub namespaces: LabelSelector,
    pub objects: LabelSelector,
    pub again_if_needed: bool,
    pub conditions: Vec<Condition>,
    /// Whom to call, or why nobody can be.
    pub peer: Result<Peer, String>,
}

impl Hook {
    fn of(configuration: &str, at: usize, value: &Value) -> Hook {
        let texts = |field: &str| value.items(field).iter().filter_map(Value::as_str).map(Into::into).collect();
        let seconds = Some(value.int("timeoutSeconds")).filter(|seconds| *seconds > 0).unwrap_or(PATIENCE);
        Hook {
            name: value.str("name").into(),
            uid: format!("{configuration}/{}/{at}", value.str("name")),
            rules: value.items("rules").iter().map(Rule::of).collect(),
            equivalent: value.str("matchPolicy") != "Exact",
            ignores_failure: value.str("failurePolicy") == "Ignore",
            patience: Duration::from_secs(seconds.unsigned_abs()),
            dry_runs: matches!(value.str("sideEffects"), "None" | "NoneOnDryRun"),
            review_versions: texts("admissionReviewVersions"),
            namespaces: selector(value.get("namespaceSelector")),
            objects: selector(value.get("objectSelector")),
            again_if_needed: value.str("reinvocationPolicy") == "IfNeeded",
            conditions: Condition::all(value.items("matchConditions"), false),
            peer: Peer::of(value.get("clientConfig")),
        }
    }
}

/// An absent selector of a webhook selects everything.
pub(crate) fn selector(value: &Value) -> LabelSelector {
    match value {
        Value::Null => LabelSelector::everything(),
        value => LabelSelector::from_value(value).unwrap_or_else(|_| LabelSelector::nothing()),
    }
}

/// The webhooks of all configurations of a kind, in the order of their names; parsed anew only when one has changed.
pub(crate) struct Hooks {
    hub: Arc<KindHub>,
    kept: Mutex<(u64, Arc<[Hook]>)>,
}

impl Hooks {
    pub fn new(hub: Arc<KindHub>) -> Hooks {
        let hooks = Hooks { kept: Mutex::new((u64::MAX, Arc::new([]))), hub };
        hooks.now();
        hooks
    }

    pub fn now(&self) -> Arc<[Hook]> {
        let version = self.hub.version();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != version {
            let all = self.hub.list("", &LabelSelector::everything()).objects;
            *kept = (version, all.iter().flat_map(|object| of_configuration(object)).collect());
        }
        kept.1.clone()
    }
}

fn of_configuration(object: &Object) -> Vec<Hook> {
    let hooks = object.value().items("webhooks").iter().enumerate();
    hooks.map(|(at, value)| Hook::of(&object.header.name, at, value)).collect()
}
