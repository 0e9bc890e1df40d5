//! The columns of every kind's Table.

use super::COLUMNS;
use crate::Column;

/// The columns of a resource in one version; none where upstream has no Table for it.
pub fn columns(group: &str, version: &str, plural: &str) -> Vec<Column> {
    let group = if group.is_empty() { "core" } else { group };
    let title = format!("table {group}/{version} {plural}");
    let mut lines = COLUMNS.lines().skip_while(|line| *line != title).skip(1);
    let mut columns = Vec::new();
    while let Some(line) = lines.next().and_then(|line| line.strip_prefix("  ")) {
        columns.push(column(line));
    }
    columns
}

/// `Name|string|name|0|description`; `@2` is the description that `let 2` gives.
fn column(line: &str) -> Column {
    let mut parts = line.splitn(5, '|');
    let mut next = || parts.next().unwrap_or_default();
    let (name, kind, format, priority, description) = (next(), next(), next(), next(), next());
    Column {
        name: name.into(),
        kind: kind.into(),
        format: if format == "-" { "".into() } else { format.into() },
        description: spelled_out(description).replace("\\n", "\n").into(),
        priority: priority.parse().unwrap_or(0),
        json_path: None,
    }
}

fn spelled_out(description: &str) -> &str {
    let Some(index) = description.strip_prefix('@') else { return description };
    let name = format!("let {index} ");
    COLUMNS.lines().find_map(|line| line.strip_prefix(name.as_str())).unwrap_or(description)
}
