//! Classes of storage, of volumes' attributes and of ingresses.

use super::Asker;
use super::page::{Page, or, pairs, yes_no};
use crate::failure::Failure;
use meta::Value;

const DEFAULTS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

pub fn storage(asker: &Asker<'_, '_>, class: &Value, page: &mut Page) -> Result<(), Failure> {
    let annotations = class.at("metadata.annotations");
    let is_default = DEFAULTS.iter().any(|name| annotations.get(name).as_str() == Some("true"));
    page.field(0, "Name", class.str("metadata.name"));
    page.field(0, "IsDefaultClass", if is_default { "Yes" } else { "No" });
    page.field(0, "Annotations", in_one_line(annotations));
    page.field(0, "Provisioner", class.str("provisioner"));
    page.field(0, "Parameters", in_one_line(class.get("parameters")));
    let expands = class.get("allowVolumeExpansion").as_bool();
    page.field(0, "AllowVolumeExpansion", expands.map_or("<unset>", yes_no));
    let options = class.items("mountOptions");
    page.line(0, if options.is_empty() { "MountOptions:\t<none>" } else { "MountOptions:" });
    options.iter().filter_map(Value::as_str).for_each(|option| page.line(1, option));
    page.field_unless_empty(0, "ReclaimPolicy", class.str("reclaimPolicy"));
    page.field_unless_empty(0, "VolumeBindingMode", class.str("volumeBindingMode"));
    topologies(page, class.get("allowedTopologies"));
    asker.events(page);
    Ok(())
}

/// Upstream does not leave out what `kubectl apply` keeps there.
fn in_one_line(labels: &Value) -> String {
    or(&pairs(labels).join(","), "<none>")
}

fn topologies(page: &mut Page, topologies: &Value) {
    let Some(terms) = topologies.as_list() else { return };
    page.line(0, if terms.is_empty() { "AllowedTopologies:\t<none>" } else { "AllowedTopologies:\t" });
    for (number, term) in terms.iter().enumerate() {
        let expressions = term.items("matchLabelExpressions");
        if expressions.is_empty() {
            page.line(1, format!("Term {number}:\t<none>"));
        }
        for (at, one) in expressions.iter().enumerate() {
            let values: Vec<&str> = one.items("values").iter().filter_map(Value::as_str).collect();
            let title = if at == 0 { format!("Term {number}:") } else { String::new() };
            page.line(1, format!("{title}\t{} in [{}]", one.str("key"), values.join(", ")));
        }
    }
}

pub fn volume_attributes(asker: &Asker<'_, '_>, class: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", class.str("metadata.name"));
    page.field(0, "Annotations", in_one_line(class.at("metadata.annotations")));
    page.field(0, "DriverName", class.str("driverName"));
    page.field(0, "Parameters", in_one_line(class.get("parameters")));
    asker.events(page);
    Ok(())
}

pub fn ingress(asker: &Asker<'_, '_>, class: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", class.str("metadata.name"));
    page.metadata(class);
    page.field(0, "Controller", class.str("spec.controller"));
    let parameters = class.at("spec.parameters");
    if !parameters.is_null() {
        page.line(0, "Parameters:");
        if !parameters.get("apiGroup").is_null() {
            page.field(1, "APIGroup", parameters.str("apiGroup"));
        }
        page.field(1, "Kind", parameters.str("kind"));
        page.field(1, "Name", parameters.str("name"));
    }
    asker.events(page);
    Ok(())
}
