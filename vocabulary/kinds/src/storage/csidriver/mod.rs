//! CSIDriver: what a volume driver can do.

use crate::cells;
use crate::{Context, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, FieldError, Path, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

pub const ROW: Row = Row::new("storage.k8s.io", "CSIDriver", || Arc::new(CSIDriver));

struct CSIDriver;

impl Rules for CSIDriver {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let flag = |path: &str, absent: bool| Value::from(object.at(path).as_bool().unwrap_or(absent));
        let modes = cells::joined(object.at("spec.volumeLifecycleModes"), ",");
        vec![
            cells::name(object),
            flag("spec.attachRequired", true),
            flag("spec.podInfoOnMount", false),
            flag("spec.storageCapacity", false),
            audiences(object).into(),
            flag("spec.requiresRepublish", false),
            if modes.is_empty() { "<none>".into() } else { modes.into() },
            cells::age(object, now),
        ]
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    /// Counts changes from nothing: a new driver has no generation.
    fn prepare_update(&self, _context: &Context<'_>, new: &mut Value, old: &Value) {
        if new.get("spec") != old.get("spec") {
            new.set("metadata.generation", old.int("metadata.generation") + 1);
        }
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let spec = Cursor::root(new).at("spec");
        let required = spec.at("attachRequired").value;
        // Upstream's own name of the field.
        let path = Path::new("spec").field("attachedRequired");
        if required.is_null() {
            out.push(FieldError::required(&path, ""));
        }
        if old.is_some_and(|old| required != old.at("spec.attachRequired")) {
            out.push(FieldError::invalid(&path, required.clone(), check::IMMUTABLE));
        }
        token_requests(&spec.at("tokenRequests"), out);
        let period = spec.at("nodeAllocatableUpdatePeriodSeconds");
        if !period.is_null() && period.int() < 10 {
            check::invalid(&period, "must be greater than or equal to 10 seconds", out);
        }
        let in_secrets = spec.at("serviceAccountTokenInSecrets");
        if !in_secrets.is_null() && spec.at("tokenRequests").value.is_empty() {
            check::invalid(&in_secrets, "serviceAccountTokenInSecrets is set but no tokenRequests are specified", out);
        }
    }

    /// Tokens among a volume's attributes are easily logged.
    fn warnings(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
        let requests = new.at("spec.tokenRequests");
        let told = old.is_some_and(|old| old.at("spec.tokenRequests") == requests);
        let careful = !new.at("spec.serviceAccountTokenInSecrets").is_null();
        match told || careful || requests.is_empty() {
            true => Vec::new(),
            false => vec![TOKENS_IN_ATTRIBUTES.into()],
        }
    }
}

const TOKENS_IN_ATTRIBUTES: &str = "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

/// One token an audience, living for 10 minutes or longer.
fn token_requests(at: &Cursor<'_>, out: &mut ErrorList) {
    const LONGEST: i64 = 1 << 32;
    let mut audiences = BTreeSet::new();
    for request in at.items() {
        let (audience, seconds) = (request.at("audience"), request.at("expirationSeconds"));
        if !audiences.insert(audience.str()) {
            out.push(FieldError::duplicate(&audience.path, audience.str()));
        } else if !seconds.is_null() && seconds.int() < 600 {
            check::invalid(&seconds, "may not specify a duration less than 10 minutes", out);
        } else if seconds.int() > LONGEST {
            check::invalid(&seconds, "may not specify a duration larger than 2^32 seconds", out);
        }
    }
}

fn audiences(driver: &Value) -> String {
    match driver.at("spec.tokenRequests").as_list() {
        None => "<unset>".into(),
        Some(requests) => requests.iter().map(|request| request.str("audience")).collect::<Vec<_>>().join(","),
    }
}
