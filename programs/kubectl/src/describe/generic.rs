//! Kinds without words of their own: every field, its name made readable.

use super::Asker;
use super::page::Page;
use crate::failure::Failure;
use crate::go;
use meta::{Map, Value};

const SKIPPED: [&str; 5] =
    [".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];
const ACRONYMS: [&str; 5] = ["API", "URL", "UID", "OSB", "GUID"];

pub fn describe(asker: &Asker<'_, '_>, object: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(object);
    content(page, 0, object, "");
    asker.events(page);
    Ok(())
}

fn content(page: &mut Page, level: usize, object: &Value, path: &str) {
    for (name, value) in object.as_map().into_iter().flat_map(Map::iter) {
        let path = format!("{path}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let label = label(name);
        match value {
            Value::Map(_) => {
                page.line(level, format!("{label}:"));
                content(page, level + 1, value, &path);
            }
            Value::List(items) => {
                page.line(level, format!("{label}:"));
                for item in items {
                    match item {
                        Value::Map(_) => content(page, level + 1, item, &path),
                        item => page.line(level + 1, go::sprint(item)),
                    }
                }
            }
            scalar => page.field(level, &label, go::sprint(scalar)),
        }
    }
}

/// `resourceVersion` is `Resource Version`; a name with other signs than letters stays as it is.
fn label(name: &str) -> String {
    if name.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return name.to_string();
    }
    words(name).iter().map(|word| title(word)).collect::<Vec<_>>().join(" ")
}

fn title(word: &str) -> String {
    let upper = word.to_uppercase();
    if ACRONYMS.contains(&upper.as_str()) {
        return upper;
    }
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + &letters.as_str().to_lowercase()
}

/// Divides where the case changes; of several capitals the last belongs to the word that follows.
fn words(name: &str) -> Vec<String> {
    let class = |c: char| {
        if c.is_lowercase() {
            1
        } else if c.is_uppercase() {
            2
        } else {
            4
        }
    };
    let mut runs: Vec<(i32, Vec<char>)> = Vec::new();
    for letter in name.chars() {
        match runs.last_mut() {
            Some((kind, run)) if *kind == class(letter) => run.push(letter),
            _ => runs.push((class(letter), vec![letter])),
        }
    }
    for at in 0..runs.len().saturating_sub(1) {
        if runs[at].0 == 2
            && runs[at + 1].0 == 1
            && let Some(last) = runs[at].1.pop()
        {
            runs[at + 1].1.insert(0, last);
        }
    }
    runs.into_iter().map(|(_, run)| run.into_iter().collect()).filter(|word: &String| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_labels() {
        for (name, expect) in [
            ("apiVersion", "API Version"),
            ("resourceVersion", "Resource Version"),
            ("uid", "UID"),
            ("podCIDR", "Pod Cidr"),
            ("ipFamilies", "Ip Families"),
            ("x.y/z", "x.y/z"),
            ("JSONPath", "Json Path"),
        ] {
            assert_eq!(label(name), expect);
        }
    }
}
