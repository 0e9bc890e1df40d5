//! A pod template, and what it shares with a pod.

use super::containers;
use super::page::{Page, selector};
use super::volumes;
use meta::Value;

pub fn describe(template: &Value, page: &mut Page) {
    page.line(0, "Pod Template:");
    page.labels("  Labels", template.at("metadata.labels"));
    if !template.at("metadata.annotations").is_empty() {
        page.annotations("  Annotations", template.at("metadata.annotations"));
    }
    let spec = template.get("spec");
    page.field_unless_empty(1, "Service Account", spec.str("serviceAccountName"));
    if !spec.items("initContainers").is_empty() {
        containers::describe(page, "Init Containers", spec.items("initContainers"), &[], None, "  ");
    }
    containers::describe(page, "Containers", spec.items("containers"), &[], None, "  ");
    volumes::describe(page, spec.items("volumes"), "  ");
    spread(page, spec, "  ");
    page.field_unless_empty(1, "Priority Class Name", spec.str("priorityClassName"));
    page.labels("  Node-Selectors", spec.get("nodeSelector"));
    tolerations(page, "  Tolerations", spec);
}

pub fn tolerations(page: &mut Page, title: &str, spec: &Value) {
    let mut all: Vec<&Value> = spec.items("tolerations").iter().collect();
    all.sort_by_key(|toleration| toleration.str("key"));
    let entries: Vec<String> = all.into_iter().map(toleration).collect();
    page.entries(title, &entries);
}

fn toleration(toleration: &Value) -> String {
    let (key, value, effect) = (toleration.str("key"), toleration.str("value"), toleration.str("effect"));
    let mut text = key.to_string();
    for (mark, word) in [("=", value), (":", effect)] {
        if !word.is_empty() {
            text.push_str(&format!("{mark}{word}"));
        }
    }
    if toleration.str("operator") == "Exists" && value.is_empty() {
        text.push_str(if key.is_empty() && effect.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if let Some(seconds) = toleration.get("tolerationSeconds").as_int() {
        text.push_str(&format!(" for {seconds}s"));
    }
    text
}

pub fn spread(page: &mut Page, spec: &Value, space: &str) {
    let mut constraints: Vec<&Value> = spec.items("topologySpreadConstraints").iter().collect();
    constraints.sort_by_key(|constraint| constraint.str("topologyKey"));
    let entries: Vec<String> = constraints
        .into_iter()
        .map(|constraint| {
            let text = format!(
                "{}:{} when max skew {} is exceeded",
                constraint.str("topologyKey"),
                constraint.str("whenUnsatisfiable"),
                constraint.int("maxSkew")
            );
            match constraint.get("labelSelector") {
                Value::Null => text,
                labels => format!("{text} for selector {}", selector(labels)),
            }
        })
        .collect();
    if !entries.is_empty() {
        page.entries(&format!("{space}Topology Spread Constraints"), &entries);
    }
}
