//! What the downward API tells a container of its own pod: fields and resources.

use crate::resources::{Amounts, Side, of_container};
use crate::seen::NodeFacts;
use crate::spec::{all_containers, spec};
use k8s_openapi::api::core::v1::{Container, ObjectFieldSelector, Pod, ResourceFieldSelector};
use meta::Quantity;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldError {
    Unsupported(String),
    Subscript(String),
    NoContainer(String),
    Resource(String),
    Divisor(String),
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldError::Unsupported(path) => write!(f, "unsupported fieldPath: {path}"),
            FieldError::Subscript(path) => write!(f, "fieldPath \"{path}\" does not support subscript"),
            FieldError::NoContainer(name) => write!(f, "container {name} not found"),
            FieldError::Resource(name) => write!(f, "unsupported container resource : {name}"),
            FieldError::Divisor(text) => write!(f, "invalid divisor {text}"),
        }
    }
}

impl std::error::Error for FieldError {}

/// What a field reference may need beyond the pod itself.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    pub pod_ips: &'a [String],
    pub node: &'a NodeFacts,
    /// What a container without limits may use.
    pub allocatable: &'a Amounts,
}

pub fn field(pod: &Pod, selector: &ObjectFieldSelector, around: Surroundings<'_>) -> Result<String, FieldError> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Ok(match selector.field_path.as_str() {
        "spec.nodeName" => text(&spec(pod).node_name),
        "spec.serviceAccountName" => text(&spec(pod).service_account_name),
        "spec.host" => text(&spec(pod).node_name),
        "status.hostIP" => around.node.host_ips.first().cloned().unwrap_or_default(),
        "status.hostIPs" => around.node.host_ips.join(","),
        "status.podIP" => around.pod_ips.first().cloned().unwrap_or_default(),
        "status.podIPs" => around.pod_ips.join(","),
        path => return metadata_field(pod, path),
    })
}

pub fn metadata_field(pod: &Pod, path: &str) -> Result<String, FieldError> {
    let metadata = &pod.metadata;
    if let Some((map, key)) = path.strip_suffix("']").and_then(|p| p.split_once("['")) {
        let map = match map {
            "metadata.annotations" => &metadata.annotations,
            "metadata.labels" => &metadata.labels,
            _ => return Err(FieldError::Subscript(path.into())),
        };
        return Ok(map.as_ref().and_then(|m| m.get(key)).cloned().unwrap_or_default());
    }
    match path {
        "metadata.annotations" => Ok(lines(metadata.annotations.as_ref())),
        "metadata.labels" => Ok(lines(metadata.labels.as_ref())),
        "metadata.name" => Ok(metadata.name.clone().unwrap_or_default()),
        "metadata.namespace" => Ok(metadata.namespace.clone().unwrap_or_default()),
        "metadata.uid" => Ok(metadata.uid.clone().unwrap_or_default()),
        _ => Err(FieldError::Unsupported(path.into())),
    }
}

fn lines(map: Option<&BTreeMap<String, String>>) -> String {
    let lines: Vec<String> = map.into_iter().flatten().map(|(k, v)| format!("{k}={}", go_quoted(v))).collect();
    lines.join("\n")
}

/// Go's quoting of a string.
fn go_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_control() && u32::from(c) < 0x80 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `container` is the one that asks; another may be named.
pub fn resource(
    pod: &Pod,
    container: Option<&Container>,
    selector: &ResourceFieldSelector,
    allocatable: &Amounts,
) -> Result<String, FieldError> {
    let named = selector.container_name.as_deref().filter(|n| !n.is_empty());
    let found = named.map(|name| all_containers(pod).find(|(_, c)| c.name == name).map(|(_, c)| c.into_owned()));
    let container = match (found, container) {
        (Some(Some(named)), _) => named,
        (None, Some(own)) => own.clone(),
        _ => return Err(FieldError::NoContainer(named.unwrap_or_default().into())),
    };
    let unsupported = || FieldError::Resource(selector.resource.clone());
    let (side, name) = match selector.resource.split_once('.') {
        Some(("limits", name)) => (Side::Limits, name),
        Some(("requests", name)) => (Side::Requests, name),
        _ => return Err(unsupported()),
    };
    if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !name.starts_with("hugepages-") {
        return Err(unsupported());
    }
    let own = of_container(&container, side).get(name).copied();
    let whole = || allocatable.get(name).copied().filter(|_| side == Side::Limits);
    let quantity = own.or_else(whole).unwrap_or(Quantity::ZERO);
    divided(quantity, name, selector)
}

/// Rounded up to whole divisors.
fn divided(quantity: Quantity, name: &str, selector: &ResourceFieldSelector) -> Result<String, FieldError> {
    let divisor = selector.divisor.as_ref().map_or("0", |d| d.0.as_str());
    let divisor = Quantity::parse(divisor).map_err(|_| FieldError::Divisor(divisor.into()))?;
    let divisor = if divisor.is_zero() { Quantity::milli(1000) } else { divisor };
    let (part, by) = if name == "cpu" {
        (quantity.milli_value(), divisor.milli_value())
    } else {
        (quantity.value(), divisor.value())
    };
    Ok((i128::from(part) + i128::from(by) - 1).div_euclid(i128::from(by.max(1))).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod() -> Pod {
        serde_json::from_str(
            r#"{"metadata":{"name":"p","namespace":"n","uid":"u","labels":{"b":"two","a":"o\"ne"}},
                "spec":{"nodeName":"node","serviceAccountName":"sa","containers":[
                 {"name":"c","resources":{"requests":{"cpu":"250m","memory":"64Mi"},"limits":{"memory":"128Mi"}}}]}}"#,
        )
        .unwrap()
    }

    fn check_field(path: &str, expect: &str) {
        let node = NodeFacts { host_ips: vec!["192.0.2.1".into()], ..NodeFacts::default() };
        let ips = ["10.0.0.9".to_owned(), "fd00::9".to_owned()];
        let around = Surroundings { pod_ips: &ips, node: &node, allocatable: &Amounts::new() };
        let selector = ObjectFieldSelector { field_path: path.into(), api_version: None };
        let value = field(&pod(), &selector, around).unwrap_or_else(|error| format!("error: {error}"));
        assert_eq!(value, expect, "{path}");
    }

    #[test]
    fn fields() {
        check_field("metadata.name", "p");
        check_field("metadata.uid", "u");
        check_field("metadata.labels", "a=\"o\\\"ne\"\nb=\"two\"");
        check_field("metadata.labels['b']", "two");
        check_field("metadata.annotations['none']", "");
        check_field("spec.nodeName", "node");
        check_field("spec.serviceAccountName", "sa");
        check_field("status.hostIP", "192.0.2.1");
        check_field("status.podIP", "10.0.0.9");
        check_field("status.podIPs", "10.0.0.9,fd00::9");
        check_field("spec.restartPolicy", "error: unsupported fieldPath: spec.restartPolicy");
        check_field("spec.x['a']", "error: fieldPath \"spec.x['a']\" does not support subscript");
    }

    fn check_resource(name: &str, divisor: &str, expect: &str) {
        let pod = pod();
        let allocatable = Amounts::from([("cpu".to_owned(), Quantity::parse("4").unwrap())]);
        let selector = serde_json::from_str(&format!(r#"{{"resource":"{name}","divisor":"{divisor}"}}"#)).unwrap();
        let value = resource(&pod, pod.spec.as_ref().map(|s| &s.containers[0]), &selector, &allocatable);
        assert_eq!(value.unwrap_or_else(|error| format!("error: {error}")), expect, "{name} / {divisor}");
    }

    #[test]
    fn resources() {
        check_resource("requests.cpu", "0", "1");
        check_resource("requests.cpu", "1m", "250");
        check_resource("limits.cpu", "1", "4");
        check_resource("requests.memory", "1Mi", "64");
        check_resource("limits.memory", "0", "134217728");
        check_resource("limits.memory", "1G", "1");
        check_resource("requests.ephemeral-storage", "0", "0");
        check_resource(
            "requests.nvidia.com/gpu",
            "0",
            "error: unsupported container resource : requests.nvidia.com/gpu",
        );
    }
}
