//! Formats with names, which texts can be validated by.

use super::{bytes_of_text, regexes, times, urls};
use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use meta::names;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "format.byte", run: |_| known("byte"), overloads: &["format.byte() kubernetes.NamedFormat"] },
    Row { name: "format.date", run: |_| known("date"), overloads: &["format.date() kubernetes.NamedFormat"] },
    Row {
        name: "format.datetime",
        run: |_| known("datetime"),
        overloads: &["format.datetime() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.dns1035Label",
        run: |_| known("dns1035Label"),
        overloads: &["format.dns1035Label() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.dns1035LabelPrefix",
        run: |_| known("dns1035LabelPrefix"),
        overloads: &["format.dns1035LabelPrefix() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.dns1123Label",
        run: |_| known("dns1123Label"),
        overloads: &["format.dns1123Label() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.dns1123LabelPrefix",
        run: |_| known("dns1123LabelPrefix"),
        overloads: &["format.dns1123LabelPrefix() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.dns1123Subdomain",
        run: |_| known("dns1123Subdomain"),
        overloads: &["format.dns1123Subdomain() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.dns1123SubdomainPrefix",
        run: |_| known("dns1123SubdomainPrefix"),
        overloads: &["format.dns1123SubdomainPrefix() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.labelValue",
        run: |_| known("labelValue"),
        overloads: &["format.labelValue() kubernetes.NamedFormat"],
    },
    Row {
        name: "format.named",
        run: named,
        overloads: &["format-named(string) optional_type(kubernetes.NamedFormat)"],
    },
    Row {
        name: "format.qualifiedName",
        run: |_| known("qualifiedName"),
        overloads: &["format.qualifiedName() kubernetes.NamedFormat"],
    },
    Row { name: "format.uri", run: |_| known("uri"), overloads: &["format.uri() kubernetes.NamedFormat"] },
    Row { name: "format.uuid", run: |_| known("uuid"), overloads: &["format.uuid() kubernetes.NamedFormat"] },
    Row {
        name: "validate",
        run: validate,
        overloads: &[".format-validate(kubernetes.NamedFormat, string) optional_type(list(string))"],
    },
];

#[derive(Debug)]
pub struct NamedFormat {
    name: &'static str,
    judge: fn(&str) -> Vec<String>,
    /// What validating costs is told as if by a regular expression of that length.
    pub(crate) pattern_size: u64,
}

static FORMATS: [NamedFormat; 13] = [
    NamedFormat { name: "dns1123Label", judge: names::dns_label, pattern_size: 30 },
    NamedFormat { name: "dns1123Subdomain", judge: names::dns_subdomain, pattern_size: 60 },
    NamedFormat { name: "dns1035Label", judge: names::dns_1035_label, pattern_size: 30 },
    NamedFormat { name: "qualifiedName", judge: names::qualified_name, pattern_size: 60 },
    NamedFormat { name: "dns1123LabelPrefix", judge: |text| names::dns_label(&prefix(text)), pattern_size: 30 },
    NamedFormat { name: "dns1123SubdomainPrefix", judge: |text| names::dns_subdomain(&prefix(text)), pattern_size: 60 },
    NamedFormat { name: "dns1035LabelPrefix", judge: |text| names::dns_1035_label(&prefix(text)), pattern_size: 30 },
    NamedFormat { name: "labelValue", judge: names::label_value, pattern_size: 40 },
    NamedFormat { name: "uri", judge: uri, pattern_size: 1103 },
    NamedFormat { name: "uuid", judge: uuid, pattern_size: 72 },
    NamedFormat { name: "byte", judge: byte, pattern_size: 84 },
    NamedFormat { name: "date", judge: date, pattern_size: 72 },
    NamedFormat { name: "datetime", judge: date_time, pattern_size: 72 },
];

/// A name may be made of it by adding letters.
fn prefix(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(rest) => format!("{rest}a"),
        None => text.into(),
    }
}

fn unless(holds: bool, why: &str) -> Vec<String> {
    if holds { Vec::new() } else { vec![why.into()] }
}

fn uri(text: &str) -> Vec<String> {
    urls::parse(text).err().into_iter().collect()
}

fn uuid(text: &str) -> Vec<String> {
    const FORM: &str = "^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$";
    unless(regexes::compile(FORM).is_ok_and(|form| form.is_match(text)), "does not match the UUID format")
}

fn byte(text: &str) -> Vec<String> {
    unless(bytes_of_text(text).is_some(), "invalid base64")
}

fn date(text: &str) -> Vec<String> {
    unless(text.len() == 10 && times::parse_timestamp(&format!("{text}T00:00:00Z")).is_some(), "invalid date")
}

fn date_time(text: &str) -> Vec<String> {
    unless(times::parse_timestamp(text).is_some(), "invalid datetime")
}

fn by_name<'v>(name: &str) -> Option<Val<'v>> {
    FORMATS.iter().find(|format| format.name == name).map(Val::Format)
}

fn named<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(name)] = given else { return Err(EvalError::no_such("format.named", given)) };
    Ok(Val::optional(by_name(name)))
}

fn validate<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Format(format), Val::Text(text)] = given else { return Err(EvalError::no_such("validate", given)) };
    let complaints = (format.judge)(text);
    let told = (!complaints.is_empty()).then(|| Val::list(complaints.into_iter().map(Val::text).collect()));
    Ok(Val::optional(told))
}

fn known<'v>(name: &str) -> Outcome<'v> {
    by_name(name).ok_or_else(EvalError::no_overload)
}
