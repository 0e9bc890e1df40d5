//! A pod disruption budget.

use super::Asker;
use super::page::{Page, selector};
use crate::failure::Failure;
use crate::go;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, budget: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", budget.str("metadata.name"));
    page.field(0, "Namespace", budget.str("metadata.namespace"));
    let (spec, status) = (budget.get("spec"), budget.get("status"));
    if !spec.get("minAvailable").is_null() {
        page.field(0, "Min available", go::sprint(spec.get("minAvailable")));
    } else if !spec.get("maxUnavailable").is_null() {
        page.field(0, "Max unavailable", go::sprint(spec.get("maxUnavailable")));
    }
    match spec.get("selector") {
        Value::Null => page.field(0, "Selector", "<unset>"),
        labels => page.field(0, "Selector", selector(labels)),
    }
    page.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        page.field(2, title, status.int(field));
    }
    asker.events(page);
    Ok(())
}
