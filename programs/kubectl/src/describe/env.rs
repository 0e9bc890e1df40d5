//! A container's environment: values, and where they come from.

use super::page::Page;
use meta::{Quantity, Value};

pub fn describe(page: &mut Page, container: &Value, pod: Option<&Value>) {
    from(page, container.items("envFrom"));
    let variables = container.items("env");
    page.line(2, if variables.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for variable in variables {
        let name = variable.str("name");
        if variable.get("valueFrom").is_null() {
            for (number, line) in variable.str("value").split('\n').enumerate() {
                page.line(3, if number == 0 { format!("{name}:\t{line}") } else { format!("\t{line}") });
            }
        } else {
            page.line(3, format!("{name}:\t{}", source(variable.get("valueFrom"), container, pod)));
        }
    }
}

fn source(source: &Value, container: &Value, pod: Option<&Value>) -> String {
    let (field, resource) = (source.get("fieldRef"), source.get("resourceFieldRef"));
    let (secret, config) = (source.get("secretKeyRef"), source.get("configMapKeyRef"));
    if !field.is_null() {
        let path = field.str("fieldPath");
        let value = pod.map(|pod| value_at(pod, path)).unwrap_or_default();
        format!("{value} ({}:{path})", field.str("apiVersion"))
    } else if !resource.is_null() {
        let name = resource.str("resource");
        let value = match amount(container, name, resource.str("divisor")).as_str() {
            "0" if matches!(name, "limits.cpu" | "limits.memory") => "node allocatable".to_string(),
            amount => amount.to_string(),
        };
        format!("{value} ({name})")
    } else if !secret.is_null() {
        let optional = secret.bool("optional");
        format!("<set to the key '{}' in secret '{}'>\tOptional: {optional}", secret.str("key"), secret.str("name"))
    } else {
        let optional = config.bool("optional");
        format!("<set to the key '{}' of config map '{}'>\tOptional: {optional}", config.str("key"), config.str("name"))
    }
}

/// What a field reference names in the pod itself.
fn value_at(pod: &Value, path: &str) -> String {
    match path.split_once('[') {
        Some((map, key)) => {
            let key = key.trim_end_matches(']').trim_matches(['\'', '"']);
            pod.at(map).get(key).as_str().unwrap_or("").to_string()
        }
        None => pod.str(path).to_string(),
    }
}

/// A container's own limit or request in units of the divisor, rounded up.
fn amount(container: &Value, name: &str, divisor: &str) -> String {
    let Some((list, resource)) = name.split_once('.') else { return String::new() };
    let own = container.get("resources").get(list).get(resource).as_str().unwrap_or("0");
    let divisor = if divisor.is_empty() || divisor == "0" { "1" } else { divisor };
    let (Ok(own), Ok(divisor)) = (Quantity::parse(own), Quantity::parse(divisor)) else { return String::new() };
    let (own, divisor) = match resource {
        "cpu" => (own.milli_value(), divisor.milli_value()),
        _ => (own.value(), divisor.value()),
    };
    ((own + divisor - 1) / divisor.max(1)).to_string()
}

fn from(page: &mut Page, sources: &[Value]) {
    if !sources.is_empty() {
        page.line(2, "Environment Variables from:");
    }
    for source in sources {
        let config = source.get("configMapRef");
        let (kind, source_of) =
            if config.is_null() { ("Secret", source.get("secretRef")) } else { ("ConfigMap", config) };
        let prefix = match source.str("prefix") {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        let optional = source_of.bool("optional");
        page.line(3, format!("{}\t{kind}{prefix}\tOptional: {optional}", source_of.str("name")));
    }
}
