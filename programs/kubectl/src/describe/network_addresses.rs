//! The ranges that services take their addresses from, and the addresses taken.

use super::Asker;
use super::page::{Page, moment};
use crate::failure::Failure;
use meta::Value;

pub fn range(asker: &Asker<'_, '_>, range: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", range.str("metadata.name"));
    page.metadata(range);
    let ranges: Vec<&str> = range.items("spec.cidrs").iter().filter_map(Value::as_str).collect();
    page.field(0, "CIDRs", ranges.join(", "));
    let conditions = range.items("status.conditions");
    if !conditions.is_empty() {
        page.line(0, "Status:\nConditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
    }
    for one in conditions {
        let (kind, status, since) = (one.str("type"), one.str("status"), moment(one.str("lastTransitionTime")));
        page.line(1, format!("{kind}\t{status}\t{since}\t{}\t{}", one.str("reason"), one.str("message")));
    }
    asker.events(page);
    Ok(())
}

pub fn address(asker: &Asker<'_, '_>, address: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", address.str("metadata.name"));
    page.metadata(address);
    let parent = address.at("spec.parentRef");
    if !parent.is_null() {
        page.line(0, "Parent Reference:");
        for (title, field) in
            [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")]
        {
            page.field(1, title, parent.str(field));
        }
    }
    asker.events(page);
    Ok(())
}
