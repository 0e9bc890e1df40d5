//! The page that a describer writes: lines with levels of indent, cells divided by tabs, aligned at the end.

use crate::go;
use crate::last_applied;
use crate::print::tabs;
use jiff::tz::TimeZone;
use meta::{Map, Time, Value};

pub const MOST_ANNOTATION: usize = 140;

#[derive(Default)]
pub struct Page {
    done: String,
    open: String,
}

impl Page {
    pub fn write(&mut self, level: usize, text: impl AsRef<str>) {
        self.open.push_str(&"  ".repeat(level));
        self.open.push_str(text.as_ref());
    }

    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.write(level, text);
        self.open.push('\n');
    }

    /// `Name:` and its value.
    pub fn field(&mut self, level: usize, name: &str, value: impl std::fmt::Display) {
        self.line(level, format!("{name}:\t{value}"));
    }

    /// A field that is there only when it says something.
    pub fn field_unless_empty(&mut self, level: usize, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, name, value);
        }
    }

    /// What comes is aligned apart from what was written.
    pub fn flush(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.done.push_str(&tabs::align(&open, tabs::PAGE));
    }

    pub fn finish(mut self) -> String {
        self.flush();
        self.done
    }

    /// One entry a line, the first beside the title; `<none>` where there is none.
    pub fn entries(&mut self, title: &str, entries: &[String]) {
        self.write(0, format!("{title}:\t"));
        if entries.is_empty() {
            self.line(0, "<none>");
        }
        for (number, entry) in entries.iter().enumerate() {
            self.line(0, format!("{}{entry}", if number > 0 { "\t" } else { "" }));
        }
    }

    pub fn labels(&mut self, title: &str, labels: &Value) {
        self.entries(title, &pairs(labels));
    }

    /// Each annotation; a long one, or one of several lines, below its name.
    pub fn annotations(&mut self, title: &str, annotations: &Value) {
        let mut entries: Vec<String> = Vec::new();
        for (name, text) in annotations.as_map().into_iter().flat_map(Map::iter) {
            if name == last_applied::ANNOTATION {
                continue;
            }
            let text = text.as_str().unwrap_or("");
            let text = text.strip_suffix('\n').unwrap_or(text);
            if text.len() + name.len() + 2 <= MOST_ANNOTATION && !text.contains('\n') {
                entries.push(format!("{name}: {text}"));
                continue;
            }
            entries.push(format!("{name}:"));
            entries.extend(text.split('\n').map(|line| format!("  {}", shortened(line, MOST_ANNOTATION - 2))));
        }
        self.entries(title, &entries);
    }

    /// What every object begins with.
    pub fn head(&mut self, object: &Value) {
        self.field(0, "Name", object.str("metadata.name"));
        self.field(0, "Namespace", object.str("metadata.namespace"));
        self.metadata(object);
    }

    pub fn metadata(&mut self, object: &Value) {
        self.labels("Labels", object.at("metadata.labels"));
        self.annotations("Annotations", object.at("metadata.annotations"));
    }

    pub fn controller(&mut self, object: &Value) {
        let mut owners = object.items("metadata.ownerReferences").iter();
        if let Some(owner) = owners.find(|owner| owner.bool("controller")) {
            self.field(0, "Controlled By", format!("{}/{}", owner.str("kind"), owner.str("name")));
        }
    }
}

pub fn shortened(line: &str, most: usize) -> String {
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_string(),
    }
}

/// `a=1` for each label.
pub fn pairs(labels: &Value) -> Vec<String> {
    labels.as_map().into_iter().flat_map(Map::iter).map(|(name, text)| format!("{name}={}", go::sprint(text))).collect()
}

pub fn or(text: &str, none: &str) -> String {
    if text.is_empty() { none.to_string() } else { text.to_string() }
}

/// A moment where the person is, as upstream prints it: `Mon, 02 Jan 2006 15:04:05 +0000`.
pub fn moment(text: &str) -> String {
    moment_in(text, TimeZone::system())
}

fn moment_in(text: &str, zone: TimeZone) -> String {
    match Time::parse(text) {
        Some(time) => time.0.to_zoned(zone).strftime("%a, %d %b %Y %H:%M:%S %z").to_string(),
        None => "Mon, 01 Jan 0001 00:00:00 +0000".into(),
    }
}

pub fn yes_no(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// `a=1,b in (x,y)`, or `<none>`.
pub fn selector(value: &Value) -> String {
    let mut words = pairs(value.get("matchLabels"));
    for expression in value.items("matchExpressions") {
        let (key, values) = (expression.str("key"), expression.items("values"));
        let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        words.push(match expression.str("operator") {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_string(),
            _ => format!("!{key}"),
        });
    }
    or(&words.join(","), "<none>")
}

/// The names of a map of resources, sorted.
pub fn resources(page: &mut Page, level: usize, list: &Value) {
    for (name, amount) in list.as_map().into_iter().flat_map(Map::iter) {
        page.field(level, name, go::sprint(amount));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn pages_are_aligned() {
        let mut page = Page::default();
        page.head(&value!({"metadata": {"name": "a", "namespace": "n", "labels": {"x": "1", "y": "2"}}}));
        assert_eq!(
            page.finish(),
            "Name:         a\nNamespace:    n\nLabels:       x=1\n              y=2\nAnnotations:  <none>\n"
        );
        assert_eq!(moment_in("2026-01-02T03:04:05Z", TimeZone::UTC), "Fri, 02 Jan 2026 03:04:05 +0000");
        assert_eq!(selector(&value!({})), "<none>");
    }
}
