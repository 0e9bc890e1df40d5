//! The server's Tables as people read them.

use crate::flags::Parsed;
use crate::go;
use meta::{Value, value};

#[derive(Clone, Debug, Default)]
pub struct Look {
    pub no_headers: bool,
    pub wide: bool,
    pub with_namespace: bool,
    /// `deployment.apps`: the names in front of which the kind stands.
    pub kind: Option<String>,
    pub labels: Vec<String>,
    pub show_labels: bool,
}

impl Look {
    pub fn of(flags: &Parsed) -> Look {
        Look {
            no_headers: flags.has("no-headers"),
            wide: flags.text("output") == "wide",
            labels: flags.list("label-columns").to_vec(),
            show_labels: flags.has("show-labels"),
            ..Look::default()
        }
    }
}

/// Prints the tables of one kind: headers when columns change.
#[derive(Default)]
pub struct TablePrinter {
    pub look: Look,
    columns: Vec<Value>,
    printed_headers: bool,
}

impl TablePrinter {
    pub fn new(look: Look) -> TablePrinter {
        TablePrinter { look, ..TablePrinter::default() }
    }

    /// The table's lines, their cells divided by tabs.
    pub fn lines(&mut self, table: &Value, event: Option<&str>) -> String {
        let given = table.items("columnDefinitions");
        let headers = !(self.look.no_headers || self.printed_headers && (given.is_empty() || given == self.columns));
        if !given.is_empty() && given != self.columns {
            self.columns = given.to_vec();
        }
        let rows = table.items("rows");
        self.printed_headers |= !rows.is_empty();
        if rows.is_empty() {
            return String::new();
        }
        let columns = self.shown_columns();
        let mut text = String::new();
        if headers {
            let event = event.map(|_| "EVENT".to_string());
            let names = event.into_iter().chain(self.headers(&columns));
            text.push_str(&format!("{}\n", names.collect::<Vec<_>>().join("\t")));
        }
        for row in rows {
            let event = event.map(event_word);
            let cells = event.into_iter().chain(self.cells(&columns, row));
            text.push_str(&format!("{}\n", cells.collect::<Vec<_>>().join("\t")));
        }
        text
    }

    fn shown_columns(&self) -> Vec<usize> {
        let shown = |column: &Value| self.look.wide || column.int("priority") == 0;
        (0..self.columns.len()).filter(|at| shown(&self.columns[*at])).collect()
    }

    fn headers(&self, columns: &[usize]) -> Vec<String> {
        let mut headers: Vec<String> = Vec::new();
        if self.look.with_namespace {
            headers.push("NAMESPACE".into());
        }
        headers.extend(columns.iter().map(|at| self.columns[*at].str("name").to_uppercase()));
        headers.extend(self.look.labels.iter().map(|label| label.rsplit('/').next().unwrap_or(label).to_uppercase()));
        if self.look.show_labels {
            headers.push("LABELS".into());
        }
        headers
    }

    fn cells(&self, columns: &[usize], row: &Value) -> Vec<String> {
        let object = row.get("object");
        let name = |at: usize| self.columns[at].str("format") == "name" && self.columns[at].str("type") == "string";
        let name_column = columns.iter().copied().find(|at| name(*at));
        let mut cells: Vec<String> = Vec::new();
        if self.look.with_namespace {
            cells.push(object.str("metadata.namespace").to_string());
        }
        let given = row.items("cells");
        for at in columns.iter().copied().filter(|at| *at < given.len()) {
            let text = cell(&given[at]);
            match (&self.look.kind, name_column == Some(at)) {
                (Some(kind), true) => cells.push(format!("{kind}/{text}")),
                _ => cells.push(text),
            }
        }
        let labels = object.at("metadata.labels");
        cells.extend(self.look.labels.iter().map(|label| labels.get(label).as_str().unwrap_or("").to_string()));
        if self.look.show_labels {
            cells.push(format_labels(labels));
        }
        cells
    }
}

fn event_word(kind: &str) -> String {
    format!("{kind:<8}")
}

/// One line of a cell; what would move the cursor is written out.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Str(text) => match text.find(['\u{c}', '\n', '\r']) {
            Some(end) => format!("{}...", escape(&text[..end])),
            None => escape(text),
        },
        other => escape(&go::sprint(other)),
    }
}

fn escape(text: &str) -> String {
    text.replace('\u{1b}', "^[").replace('\t', " ")
}

/// `a=1,b=2`, or `<none>`.
pub fn format_labels(labels: &Value) -> String {
    let words: Vec<String> = labels
        .as_map()
        .into_iter()
        .flat_map(meta::Map::iter)
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("")))
        .collect();
    if words.is_empty() { "<none>".into() } else { words.join(",") }
}

/// A table for an object of which the server makes none: name and age.
pub fn plain(objects: &[Value], now: jiff::Timestamp) -> Value {
    let rows = objects.iter().map(|object| {
        let age = kinds::age(object.at("metadata.creationTimestamp"), now);
        value!({"cells": [(object.str("metadata.name")), age], "object": (object.clone())})
    });
    let rows = Value::List(rows.collect());
    value!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": [
            {"name": "Name", "type": "string", "format": "name", "priority": 0i64},
            {"name": "Age", "type": "string", "format": "", "priority": 0i64}
        ],
        "rows": rows
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Value {
        value!({
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "priority": 0i64},
                {"name": "Node", "type": "string", "format": "", "priority": 1i64}
            ],
            "rows": [{"cells": ["a", null], "object": {"metadata": {"namespace": "n", "labels": {"x/y": "1"}}}}]
        })
    }

    #[test]
    fn tables_look_as_asked() {
        let cases = [
            (Look::default(), "NAME\na\n"),
            (Look { wide: true, ..Look::default() }, "NAME\tNODE\na\t\n"),
            (
                Look { with_namespace: true, show_labels: true, ..Look::default() },
                "NAMESPACE\tNAME\tLABELS\nn\ta\tx/y=1\n",
            ),
            (Look { kind: Some("pod".into()), labels: vec!["x/y".into()], ..Look::default() }, "NAME\tY\npod/a\t1\n"),
            (Look { no_headers: true, ..Look::default() }, "a\n"),
        ];
        for (look, expect) in cases {
            assert_eq!(TablePrinter::new(look).lines(&table(), None), expect);
        }
        let mut printer = TablePrinter::default();
        assert_eq!(printer.lines(&table(), Some("ADDED")), "EVENT\tNAME\nADDED   \ta\n");
        assert_eq!(printer.lines(&table(), Some("DELETED")), "DELETED \ta\n");
    }
}
