//! What a definition's own fields must satisfy.

use crate::{check, schema_of};
use meta::{Cursor, ErrorList, FieldError, Value, names};
use std::collections::BTreeSet;

pub fn judge(definition: &Cursor<'_>, out: &mut ErrorList) {
    let spec = definition.at("spec");
    group(&spec.at("group"), out);
    self::names(&spec.at("names"), out);
    versions(&spec, out);
    stored_versions(&definition.at("status.storedVersions"), &spec.at("versions"), out);
    conversion(&spec.at("conversion"), out);
}

/// A definition is called after what it defines.
pub fn name(definition: &Cursor<'_>, out: &mut ErrorList) {
    let name = definition.at("metadata.name");
    let wanted = format!("{}.{}", definition.at("spec.names.plural").str(), definition.at("spec.group").str());
    if !name.str().is_empty() && name.str() != wanted {
        check::invalid(&name, "must be spec.names.plural+\".\"+spec.group", out);
    }
}

fn group(at: &Cursor<'_>, out: &mut ErrorList) {
    if !check::required(at, "", out) {
        return;
    }
    let complaints = names::dns_subdomain(at.str());
    if !complaints.is_empty() {
        check::invalid(at, complaints.join(","), out);
    } else if !at.str().contains('.') {
        check::invalid(at, "should be a domain with at least one dot", out);
    }
}

fn names(at: &Cursor<'_>, out: &mut ErrorList) {
    for field in ["plural", "singular", "kind", "listKind"] {
        check::required(&at.at(field), "", out);
    }
    for field in ["plural", "singular"] {
        label(&at.at(field), at.at(field).str(), "", out);
    }
    for field in ["kind", "listKind"] {
        let text = at.at(field);
        label(&text, &text.str().to_lowercase(), "may have mixed case, but should otherwise match: ", out);
    }
    for field in ["shortNames", "categories"] {
        at.at(field).items().for_each(|item| label(&item, item.str(), "", out));
    }
    let list = at.at("listKind");
    if !list.str().is_empty() && list.str() == at.at("kind").str() {
        check::invalid(&list, "kind and listKind may not be the same", out);
    }
}

fn label(at: &Cursor<'_>, text: &str, before: &str, out: &mut ErrorList) {
    let complaints = names::dns_1035_label(text);
    if !text.is_empty() && !complaints.is_empty() {
        check::invalid(at, format!("{before}{}", complaints.join(",")), out);
    }
}

fn versions(spec: &Cursor<'_>, out: &mut ErrorList) {
    let list = spec.at("versions");
    let all: Vec<Cursor<'_>> = list.items().collect();
    let mut known = BTreeSet::new();
    for version in &all {
        let name = version.at("name");
        let complaints = names::dns_1035_label(name.str());
        if !complaints.is_empty() {
            out.push(FieldError::invalid(&name.path, name.str(), complaints.join(",")));
        }
        if version.at("schema.openAPIV3Schema").is_null() {
            out.push(FieldError::required(&version.at("schema.openAPIV3Schema").path, ""));
        }
        deprecation(version, out);
        known.insert(name.str().to_string());
    }
    if known.len() != all.len() {
        check::invalid(&list, "must contain unique version names", out);
    }
    if all.iter().filter(|version| version.at("storage").bool()).count() != 1 {
        out.push(storage_versions(&list, "must have exactly one version marked as storage version"));
    }
    if let Some(first) = all.first() {
        let complaints = names::dns_1035_label(first.at("name").str());
        if !complaints.is_empty() && !first.at("name").str().is_empty() {
            // Upstream keeps the first version's name in a field of its own, too.
            let path = spec.path.field("version");
            out.push(FieldError::invalid(&path, first.at("name").str(), complaints.join(",")));
        }
    }
    parts(spec, &all, out);
}

/// What is stored must stay readable, and what will be stored is noted before.
fn stored_versions(stored: &Cursor<'_>, versions: &Cursor<'_>, out: &mut ErrorList) {
    let mut left: Vec<Cursor<'_>> = stored.items().collect();
    if left.is_empty() {
        out.push(FieldError::invalid(&stored.path, Value::Null, "must have at least one stored version"));
        return;
    }
    for version in versions.items() {
        let name = version.at("name").str();
        let known = left.iter().position(|known| known.str() == name);
        if known.is_none() && version.at("storage").bool() {
            check::invalid(stored, format!("must have the storage version {name}"), out);
        }
        known.map(|place| left.remove(place));
    }
    for unknown in left {
        let name = unknown.str();
        let why = format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        );
        check::invalid(&unknown, why, out);
    }
}

/// Judges a part of a version, which may stand elsewhere.
type PartJudge = fn(&Cursor<'_>, &Cursor<'_>, &mut ErrorList);

/// Upstream keeps what all versions share once, and names that place in what it says.
fn parts(spec: &Cursor<'_>, versions: &[Cursor<'_>], out: &mut ErrorList) {
    let judges: [(&str, &str, PartJudge); 3] = [
        ("schema", "validation", schema),
        ("subresources", "subresources", scale),
        ("additionalPrinterColumns", "additionalPrinterColumns", columns),
    ];
    for (field, shared, judge) in judges {
        let same = versions.windows(2).all(|pair| pair[0].value.get(field) == pair[1].value.get(field));
        match (same, versions.first()) {
            (true, Some(first)) => judge(first, &Cursor::new(first.value.get(field), spec.path.field(shared)), out),
            _ => versions.iter().for_each(|version| judge(version, &version.at(field), out)),
        }
    }
    for version in versions {
        let schema = version.value.at("schema.openAPIV3Schema");
        out.extend(schema::structural::check_selectable(&version.at("selectableFields"), schema));
    }
}

fn schema(version: &Cursor<'_>, at: &Cursor<'_>, out: &mut ErrorList) {
    let has_status = !version.at("subresources.status").is_null();
    if let (Some(schema), Some(metadata)) = (at.at("openAPIV3Schema").present(), schema_of("meta.v1.ObjectMeta")) {
        out.extend(schema::structural::check(schema.value, &schema.path, has_status, &metadata));
    }
}

fn columns(_version: &Cursor<'_>, at: &Cursor<'_>, out: &mut ErrorList) {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    const FORMATS: [&str; 8] = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
    for column in at.items() {
        check::required(&column.at("name"), "", out);
        let kind = column.at("type");
        let words = format!("must be one of {}", TYPES.join(","));
        if check::required(&kind, &words, out) && !TYPES.contains(&kind.str()) {
            check::invalid(&kind, words, out);
        }
        let format = column.at("format");
        if !format.str().is_empty() && !FORMATS.contains(&format.str()) {
            check::invalid(&format, format!("must be one of {}", FORMATS.join(",")), out);
        }
        let path = column.path.field("JSONPath");
        json_path(&Cursor::new(column.value.get("jsonPath"), path), &[], "", out);
    }
}

fn scale(_version: &Cursor<'_>, at: &Cursor<'_>, out: &mut ErrorList) {
    let Some(scale) = at.at("scale").present() else { return };
    let place = |name: &str| at.path.field(&format!("scale.{name}"));
    let value = |name: &str| scale.value.get(name);
    for (name, root) in [("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")] {
        let under = format!("should be a json path under {}", root.trim_end_matches('.'));
        json_path(&Cursor::new(value(name), place(name)), &[root], &under, out);
    }
    let selector = Cursor::new(value("labelSelectorPath"), place("labelSelectorPath"));
    if !selector.str().is_empty() {
        json_path(&selector, &[".spec.", ".status."], "should be a json path under either .spec or .status", out);
    }
}

fn json_path(at: &Cursor<'_>, roots: &[&str], outside: &str, out: &mut ErrorList) {
    if !check::required(at, "", out) {
        return;
    }
    if !at.str().starts_with('.') {
        check::invalid(at, "must be a simple json path starting with .", out);
    } else if !roots.is_empty() && !roots.iter().any(|root| at.str().starts_with(root)) {
        check::invalid(at, outside, out);
    }
}

fn conversion(at: &Cursor<'_>, out: &mut ErrorList) {
    // Upstream's internal form has the webhook's fields beside the strategy, and its messages name that place.
    let (client, versions) = (at.at("webhook.clientConfig"), at.at("webhook.conversionReviewVersions"));
    let client_path = at.path.field("webhookClientConfig");
    let versions_path = at.path.field("conversionReviewVersions");
    if at.at("strategy").str() != "Webhook" {
        let why = "should not be set when strategy is not set to Webhook";
        if !client.is_null() {
            check::forbidden(&client_path, why, out);
        }
        if versions.items().next().is_some() {
            check::forbidden(&versions_path, why, out);
        }
        return;
    }
    if client.is_null() {
        out.push(FieldError::required(&client_path, "required when strategy is set to Webhook"));
    } else if client.at("url").is_null() == client.at("service").is_null() {
        out.push(FieldError::required(&client_path, "exactly one of url or service is required"));
    }
    if versions.items().next().is_none() {
        out.push(FieldError::required(&versions_path, ""));
    }
}

fn deprecation(version: &Cursor<'_>, out: &mut ErrorList) {
    let Some(warning) = version.at("deprecationWarning").present() else { return };
    if warning.str().is_empty() {
        check::invalid(&warning, "must not be an empty string", out);
    } else if !version.at("deprecated").bool() {
        check::invalid(&warning, "can only be set for deprecated versions", out);
    }
}

const APPROVED: &str = "api-approved.kubernetes.io";
const APPROVAL: &str = "protected groups must have approval annotation \"api-approved.kubernetes.io\"";
const APPROVAL_PAGE: &str = "see https://github.com/kubernetes/enhancements/pull/1111";

/// What a new definition may not say, and an old one may have said before.
pub fn judge_news(new: &Cursor<'_>, old: Option<&Value>, out: &mut ErrorList) {
    let preserves = new.at("spec.preserveUnknownFields");
    if preserves.bool() && !old.is_some_and(|old| old.bool("spec.preserveUnknownFields")) {
        let why =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        check::invalid(&preserves, why, out);
    }
    if !old.is_some_and(|old| is_unapproved(old) && old.at("spec.group") == new.value.at("spec.group")) {
        approval(new, out);
    }
}

/// Groups of the community are for what the community has looked at.
fn approval(new: &Cursor<'_>, out: &mut ErrorList) {
    if !is_unapproved(new.value) {
        return;
    }
    let path = new.at("metadata.annotations").path.key(APPROVED);
    match new.value.at("metadata.annotations").get(APPROVED).as_str() {
        None | Some("") => out.push(FieldError::required(&path, format!("{APPROVAL}, {APPROVAL_PAGE}"))),
        Some(given) => {
            let why = format!("{APPROVAL} with either a URL or a reason starting with \"unapproved\", {APPROVAL_PAGE}");
            out.push(FieldError::invalid(&path, given, why));
        }
    }
}

fn is_unapproved(definition: &Value) -> bool {
    let group = definition.str("spec.group");
    let protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|owned| group == *owned || group.strip_suffix(owned).is_some_and(|rest| rest.ends_with('.')));
    let said = definition.at("metadata.annotations").get(APPROVED).as_str().unwrap_or("");
    protected && !said.contains("://") && !said.starts_with("unapproved")
}

/// A definition that is in use keeps its scope and kind; group and plural are its very name.
pub fn update(new: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    let established = crate::cells::condition(old, "Established");
    let mut kept = vec!["spec.group", "spec.names.plural"];
    if established {
        kept.extend(["spec.scope", "spec.names.kind"]);
    }
    for path in kept.into_iter().filter(|path| new.value.at(path) != old.at(path)) {
        check::invalid(&new.at(path), check::IMMUTABLE, out);
    }
}

/// Upstream keeps the schema and columns of an only version elsewhere, and shows the rest as Go does.
fn storage_versions(list: &Cursor<'_>, why: &str) -> FieldError {
    let all: Vec<Cursor<'_>> = list.items().collect();
    let [only] = all.as_slice() else { return FieldError::invalid(&list.path, list.value.clone(), why) };
    let text = |field: &str| Value::from(only.at(field).str());
    let flag = |field: &str| only.at(field).bool();
    let shown = format!(
        "[{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":null,\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}]",
        text("name"),
        flag("served"),
        flag("storage"),
        flag("deprecated"),
        only.at("deprecationWarning").value,
    );
    let mut error = FieldError::invalid(&list.path, Value::Null, format!("{shown}: {why}"));
    error.value = None;
    error
}
