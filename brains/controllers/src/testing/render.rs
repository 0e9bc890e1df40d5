//! A plan as a person reads it: what is created in full, what is changed as its differences.

use meta::{Gvr, Key, Value};
use plan::{Action, Event, Fact, Plan, View, When};
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) fn plan(plan: &Plan, seen: &View) -> String {
    let mut text = String::new();
    for line in &plan.report.lines {
        writeln!(text, "note {line}").unwrap();
    }
    events(plan, When::Always, &mut text);
    for (place, action) in plan.actions.iter().enumerate() {
        self::action(action, seen, &mut text);
        events(plan, When::Done(place), &mut text);
        events(plan, When::Refused(place), &mut text);
    }
    if let Some(wait) = plan.again_after {
        writeln!(text, "again after {}ms", wait.as_millis()).unwrap();
    }
    if text.is_empty() { "nothing\n".into() } else { text }
}

fn events(plan: &Plan, when: When, text: &mut String) {
    for Event { kind, reason, message, about, .. } in plan.report.events.iter().filter(|event| event.when == when) {
        let mark = match when {
            When::Always => "",
            When::Done(_) => "  if done: ",
            When::Refused(_) => "  if refused: ",
        };
        writeln!(
            text,
            "{mark}{} event {reason} on {} {}: {message}",
            kind.word(),
            about.str("kind"),
            about.str("name")
        )
        .unwrap();
    }
}

fn action(action: &Action, seen: &View, text: &mut String) {
    let name = action.resource().qualified();
    match action {
        Action::Create { namespace, object, .. } => {
            writeln!(text, "create {name} in {namespace:?}").unwrap();
            flat(object, text);
        }
        Action::Update { resource, key, subresource, object } => {
            writeln!(text, "update {}{name} {key}", prefix(subresource)).unwrap();
            difference(&before(seen, resource, key), object, text);
        }
        Action::Merge { key, subresource, patch, .. } => {
            writeln!(text, "patch {}{name} {key}", prefix(subresource)).unwrap();
            flat(patch, text);
        }
        Action::Delete { key, options, .. } => {
            write!(text, "delete {name} {key}").unwrap();
            options.uid.iter().for_each(|uid| write!(text, " uid {uid}").unwrap());
            options.resource_version.iter().for_each(|version| write!(text, " version {version}").unwrap());
            options.propagation.iter().for_each(|propagation| write!(text, " {propagation:?}").unwrap());
            options.grace_seconds.iter().for_each(|grace| write!(text, " grace {grace}").unwrap());
            text.push('\n');
        }
        Action::DeleteAll { namespace, .. } => writeln!(text, "delete all {name} in {namespace}").unwrap(),
        Action::Post { key, subresource, object, .. } => {
            writeln!(text, "post {}{name} {key}", prefix(subresource)).unwrap();
            flat(object, text);
        }
        Action::Confirm(Fact::Absent { key, uid, .. }) => {
            writeln!(text, "confirm absent {name} {key} {}", uid.as_deref().unwrap_or("whatever its uid")).unwrap();
        }
        Action::Confirm(Fact::Alive { key, uid, .. }) => writeln!(text, "confirm alive {name} {key} {uid}").unwrap(),
        Action::Confirm(Fact::Empty { namespace, .. }) => {
            writeln!(text, "confirm empty {name} in {namespace}").unwrap()
        }
        Action::Confirm(Fact::Allowed { review, .. }) => {
            writeln!(text, "confirm allowed {name}").unwrap();
            flat(review.get("spec"), text);
        }
    }
}

fn prefix(subresource: &str) -> String {
    if subresource.is_empty() { String::new() } else { format!("{subresource} of ") }
}

fn before(seen: &View, resource: &Gvr, key: &Key) -> Value {
    seen.object(resource, key).map(|object| object.decode_value()).unwrap_or_default()
}

fn flat(object: &Value, text: &mut String) {
    for (path, value) in leaves(object) {
        if !matches!(path.as_str(), "apiVersion" | "kind") {
            writeln!(text, "  {path}: {value}").unwrap();
        }
    }
}

fn difference(before: &Value, after: &Value, text: &mut String) {
    let (before, after) = (leaves(before), leaves(after));
    for (path, old) in &before {
        match after.get(path) {
            None => writeln!(text, "  - {path}: {old}").unwrap(),
            Some(new) if new != old => writeln!(text, "  ~ {path}: {old} -> {new}").unwrap(),
            Some(_) => {}
        }
    }
    for (path, new) in after.iter().filter(|(path, _)| !before.contains_key(*path)) {
        writeln!(text, "  + {path}: {new}").unwrap();
    }
}

fn leaves(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(String::new(), value, &mut found);
    found
}

fn collect(path: String, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (name, field) in map.iter() {
                let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                collect(path, field, found);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (place, item) in items.iter().enumerate() {
                collect(format!("{path}[{place}]"), item, found);
            }
        }
        Value::Str(text) => drop(found.insert(path, text.to_string())),
        other => drop(found.insert(path, other.to_string())),
    }
}
