//! A resource quota.

use super::Asker;
use super::page::Page;
use crate::failure::Failure;
use meta::{Map, Value};

const SCOPES: [(&str, &str); 4] = [
    (
        "Terminating",
        "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.",
    ),
    (
        "NotTerminating",
        "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.",
    ),
    (
        "BestEffort",
        "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
    ),
    (
        "NotBestEffort",
        "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.",
    ),
];

pub fn describe(_asker: &Asker<'_, '_>, quota: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", quota.str("metadata.name"));
    page.field(0, "Namespace", quota.str("metadata.namespace"));
    scopes(page, 0, quota);
    page.line(0, "Resource\tUsed\tHard");
    page.line(0, "--------\t----\t----");
    for (name, used, hard) in amounts(quota) {
        page.line(0, format!("{name}\t{used}\t{hard}"));
    }
    Ok(())
}

pub fn scopes(page: &mut Page, level: usize, quota: &Value) {
    let mut scopes: Vec<&str> = quota.items("spec.scopes").iter().filter_map(Value::as_str).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.sort_unstable();
    page.field(level, "Scopes", scopes.join(", "));
    for (_, text) in SCOPES.iter().filter(|(scope, _)| scopes.contains(scope)) {
        page.line(level, format!(" * {text}"));
    }
}

/// Of each limited resource how much is used and how much may be.
pub fn amounts(quota: &Value) -> Vec<(String, String, String)> {
    let hard = quota.at("status.hard").as_map().into_iter().flat_map(Map::iter);
    hard.map(|(name, hard)| {
        let used = quota.at("status.used").get(name).as_str().unwrap_or("0");
        (name.to_string(), used.to_string(), hard.as_str().unwrap_or("").to_string())
    })
    .collect()
}
