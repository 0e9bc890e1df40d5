//! What k1s serves about itself (discovery, OpenAPI) compared item by item with upstream's answer. A difference on
//! purpose stands in `clients/served.txt`: a regular expression of the item, a tab, the reason.

use super::FOLDER;
use super::beside::Beside;
use crate::failure::{self, Failure};
use crate::upstream::{JSON, Upstream};
use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/// What names an element of a list better than its place.
const NAMES: [&str; 4] = ["name", "resource", "subresource", "version"];

type Items = BTreeMap<String, Value>;

pub fn compare(both: &Beside) -> Result<(), Failure> {
    let reasons = reasons(&failure::read(&Path::new(FOLDER).join("served.txt"))?)?;
    let (ours, theirs) = (served(&both.ours)?, served(&both.theirs)?);
    let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differing: Vec<&String> = paths.iter().copied().filter(|path| ours.get(*path) != theirs.get(*path)).collect();
    let unexplained: Vec<&&String> =
        differing.iter().filter(|path| !reasons.iter().any(|(pattern, _)| pattern.is_match(path))).collect();
    for (pattern, reason) in &reasons {
        let count = differing.iter().filter(|path| pattern.is_match(path)).count();
        println!("{count:6} differ on purpose: {reason}");
    }
    for path in &unexplained {
        println!("{path}\n  k1s {:?}\n  upstream {:?}", ours.get(**path), theirs.get(**path));
    }
    println!("{} passed, {} failed", paths.len() - differing.len(), unexplained.len());
    match unexplained.is_empty() {
        true => Ok(()),
        false => Err(Failure::Unexpected("what is served differs without a reason".into())),
    }
}

fn reasons(text: &str) -> Result<Vec<(Regex, String)>, Failure> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let broken = || Failure::Unexpected(format!("no pattern and reason: {line}"));
            let (pattern, reason) = line.split_once('\t').ok_or_else(broken)?;
            Ok((Regex::new(pattern).map_err(|_| broken())?, reason.to_string()))
        })
        .collect()
}

/// Every scalar of every document about what is served, by its path.
fn served(server: &Upstream) -> Result<Items, Failure> {
    let mut items = Items::new();
    for root in ["/api", "/apis"] {
        flatten(root, &server.get(root)?, &mut items);
        flatten(&format!("aggregated {root}"), &server.get_as(root, AGGREGATED)?, &mut items);
    }
    let openapi = server.get("/openapi/v3")?;
    for (group, entry) in openapi["paths"].as_object().into_iter().flatten() {
        let address = entry["serverRelativeURL"].as_str().unwrap_or_default();
        flatten(&format!("openapi {group}"), &plain(server.get_as(address, JSON)?), &mut items);
    }
    flatten("openapi v2", &plain(server.get("/openapi/v2")?), &mut items);
    Ok(items)
}

/// An OpenAPI document in which every operation holds all its parameters: those of its path, and what references name.
fn plain(mut document: Value) -> Value {
    let shared = document["parameters"].take();
    for path in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        let common = path["parameters"].take();
        for operation in path.as_object_mut().into_iter().flat_map(|path| path.values_mut()) {
            if operation.is_object() {
                let own = operation["parameters"].take();
                let all = [&common, &own].into_iter().filter_map(Value::as_array).flatten();
                operation["parameters"] = all.map(|parameter| resolved(parameter, &shared)).collect();
            }
        }
    }
    document
}

fn resolved(parameter: &Value, shared: &Value) -> Value {
    let name = parameter["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/parameters/"));
    name.map_or(parameter, |name| &shared[name]).clone()
}

fn flatten(path: &str, value: &Value, items: &mut Items) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{path} > {name}"), value, items));
        }
        Value::Array(elements) => {
            for (place, element) in elements.iter().enumerate() {
                flatten(&format!("{path} > {}", element_name(element, place)), element, items);
            }
        }
        scalar => _ = items.insert(path.to_string(), scalar.clone()),
    }
}

fn element_name(element: &Value, place: usize) -> String {
    let named = NAMES.iter().filter_map(|name| element[name].as_str()).next();
    match named.or(element["metadata"]["name"].as_str()).or(element.as_str()) {
        Some(name) => format!("[{name}]"),
        None => format!("[{place}]"),
    }
}
