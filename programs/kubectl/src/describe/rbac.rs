//! Roles and their bindings, of a namespace and of the cluster.

use super::Asker;
use super::page::Page;
use crate::failure::Failure;
use crate::rules;
use meta::Value;

pub fn role(_asker: &Asker<'_, '_>, role: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", role.str("metadata.name"));
    page.metadata(role);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    for rule in rules::compact(role.items("rules")) {
        page.line(1, rule.cells());
    }
    Ok(())
}

pub fn binding(_asker: &Asker<'_, '_>, binding: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", binding.str("metadata.name"));
    page.metadata(binding);
    page.line(0, "Role:");
    page.field(1, "Kind", binding.str("roleRef.kind"));
    page.field(1, "Name", binding.str("roleRef.name"));
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in binding.items("subjects") {
        page.line(1, format!("{}\t{}\t{}", subject.str("kind"), subject.str("name"), subject.str("namespace")));
    }
    Ok(())
}
