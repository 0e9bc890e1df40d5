//! The columns of every kind's Table, as upstream serves them; descriptions are part of that answer.

use super::kinds::{self, Group};
use crate::Failure;
use crate::upstream::{TABLE, Upstream};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A description that comes at least so often is written once, under a name.
const OFTEN: usize = 4;

struct Table {
    title: String,
    columns: Vec<Value>,
}

pub fn read(upstream: &Upstream, groups: &[Group]) -> Result<String, Failure> {
    let mut tables = Vec::new();
    for group in groups {
        for (version, discovery) in &group.versions {
            for (name, resource) in kinds::resources(discovery) {
                let mut verbs = resource["verbs"].as_array().into_iter().flatten();
                if name.contains('/') || !verbs.any(|verb| verb == "list") {
                    continue;
                }
                let answer = upstream.get_as(&format!("{}/{name}?limit=1", group.address(version)), TABLE)?;
                let columns = answer["columnDefinitions"].as_array().cloned().unwrap_or_default();
                let group = if group.name.is_empty() { "core" } else { &group.name };
                tables.push(Table { title: format!("table {group}/{version} {name}"), columns });
            }
        }
    }
    Ok(write(&tables))
}

fn write(tables: &[Table]) -> String {
    let shared = shared_descriptions(tables);
    let mut text = String::new();
    for (index, description) in shared.iter().enumerate() {
        writeln!(text, "let {index} {description}").expect("writing to a string");
    }
    for table in tables {
        writeln!(text, "{}", table.title).expect("writing to a string");
        for column in &table.columns {
            writeln!(text, "{}", column_line(column, &shared)).expect("writing to a string");
        }
    }
    text
}

fn description(column: &Value) -> String {
    column["description"].as_str().unwrap_or_default().replace('\n', "\\n")
}

fn shared_descriptions(tables: &[Table]) -> Vec<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for column in tables.iter().flat_map(|table| &table.columns) {
        *times.entry(description(column)).or_default() += 1;
    }
    times.into_iter().filter(|(text, times)| *times >= OFTEN && text.len() > 40).map(|(text, _)| text).collect()
}

fn column_line(column: &Value, shared: &[String]) -> String {
    let word = |field: &str| column[field].as_str().unwrap_or_default();
    let format = if word("format").is_empty() { "-" } else { word("format") };
    let text = description(column);
    let text = shared.iter().position(|known| *known == text).map_or(text, |index| format!("@{index}"));
    format!("  {}|{}|{format}|{}|{text}", word("name"), word("type"), column["priority"])
}
