//! A namespace with its quotas and limits.

use super::page::{Page, moment};
use super::{Asker, quota};
use crate::failure::Failure;
use meta::{Map, Value};
use std::collections::BTreeSet;

const LIMITS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];

pub fn describe(asker: &Asker<'_, '_>, namespace: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", namespace.str("metadata.name"));
    page.metadata(namespace);
    page.field(0, "Status", namespace.str("status.phase"));
    conditions(page, namespace.items("status.conditions"));
    let name = &asker.target.name;
    page.line(0, "");
    quotas(page, &asker.list(format!("/api/v1/namespaces/{name}/resourcequotas"), "", "")?);
    page.line(0, "");
    limits(page, &asker.list(format!("/api/v1/namespaces/{name}/limitranges"), "", "")?);
    Ok(())
}

fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t------------------\t------\t-------");
    for one in conditions {
        let (kind, status, reason) = (one.str("type"), one.str("status"), one.str("reason"));
        let since = moment(one.str("lastTransitionTime"));
        page.line(1, format!("{kind}\t{status}\t{since}\t{reason}\t{}", one.str("message")));
    }
}

fn quotas(page: &mut Page, quotas: &[Value]) {
    if quotas.is_empty() {
        return page.line(0, "No resource quota.");
    }
    page.write(0, "Resource Quotas");
    for one in quotas {
        page.line(0, format!("\n  Name:\t{}", one.str("metadata.name")));
        quota::scopes(page, 1, one);
        page.line(1, "Resource\tUsed\tHard");
        page.line(1, "--------\t---\t---");
        for (name, used, hard) in quota::amounts(one) {
            page.line(1, format!("{name}\t{used}\t{hard}"));
        }
    }
}

fn limits(page: &mut Page, ranges: &[Value]) {
    if ranges.is_empty() {
        return page.line(0, "No LimitRange resource.");
    }
    page.line(0, "Resource Limits");
    limits_table(page, ranges, " ");
}

/// A range of limits on its own.
pub fn limit_range(_asker: &Asker<'_, '_>, range: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", range.str("metadata.name"));
    page.field(0, "Namespace", range.str("metadata.namespace"));
    limits_table(page, std::slice::from_ref(range), "");
    Ok(())
}

fn limits_table(page: &mut Page, ranges: &[Value], space: &str) {
    page.line(0, format!("{space}Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio"));
    page.line(0, format!("{space}----\t--------\t---\t---\t---------------\t-------------\t-----------------------"));
    for item in ranges.iter().flat_map(|range| range.items("spec.limits")) {
        let names: BTreeSet<&str> = LIMITS
            .iter()
            .flat_map(|list| item.get(list).as_map().into_iter().flat_map(Map::iter))
            .map(|(name, _)| name.as_str())
            .collect();
        for name in names {
            let cells: Vec<&str> = LIMITS.iter().map(|list| item.get(list).get(name).as_str().unwrap_or("-")).collect();
            page.line(0, format!("{space}{}\t{name}\t{}", item.str("type"), cells.join("\t")));
        }
    }
}
