//! Tables: the columns of a kind and the cells of its objects, as `kubectl get` prints them.

use super::present::{ListHead, Presenting, metadata_only};
use crate::rows::Row;
use kinds::Column;
use meta::{Object, Value, value};
use std::sync::Arc;

pub fn of_object(presenting: &Presenting<'_>, row: &Row, object: &Arc<Object>) -> Value {
    let metadata = value!({"resourceVersion": (object.header.resource_version.to_string())});
    table(presenting, row, metadata, std::slice::from_ref(object), true)
}

pub fn of_list(presenting: &Presenting<'_>, row: &Row, head: &ListHead, objects: &[Arc<Object>]) -> Value {
    table(presenting, row, head.metadata(), objects, true)
}

/// The Table of one watch event; only the first event carries the columns.
pub fn of_event(presenting: &Presenting<'_>, row: &Row, object: &Arc<Object>, first: bool) -> Value {
    let metadata = value!({"resourceVersion": (object.header.resource_version.to_string())});
    table(presenting, row, metadata, std::slice::from_ref(object), first)
}

fn table(
    presenting: &Presenting<'_>,
    row: &Row,
    metadata: Value,
    objects: &[Arc<Object>],
    with_columns: bool,
) -> Value {
    let Some(version) = row.version(presenting.version) else { return Value::Null };
    let columns = if with_columns { version.columns.iter().map(column).collect() } else { Vec::new() };
    let rows: Vec<Value> = objects.iter().map(|object| table_row(presenting, row, &version.columns, object)).collect();
    value!({
        "kind": "Table",
        "apiVersion": (presenting.accepted.view_version()),
        "metadata": metadata,
        "columnDefinitions": (Value::List(columns)),
        "rows": (if rows.is_empty() && is_plain(&version.columns) { Value::Null } else { Value::List(rows) }),
    })
}

/// Upstream's table of kinds without columns of their own has no list of rows where there is none.
fn is_plain(columns: &[Column]) -> bool {
    columns.iter().map(|column| column.name.as_str()).eq(["Name", "Created At"])
}

fn column(column: &Column) -> Value {
    value!({
        "name": (&column.name),
        "type": (&column.kind),
        "format": (&column.format),
        "description": (&column.description),
        "priority": (column.priority),
    })
}

fn table_row(presenting: &Presenting<'_>, row: &Row, columns: &[Column], object: &Arc<Object>) -> Value {
    let object_value = object.decode_value();
    let mut cells = row.def.rules.cells(&object_value, presenting.now);
    cells.truncate(columns.len().max(1));
    let mut shown = value!({"cells": (Value::List(cells))});
    match presenting.include {
        "None" => shown.set("object", Value::Null),
        "Object" => shown.set("object", object_value),
        _ => shown.set("object", metadata_only(object, presenting.accepted.view_version())),
    }
    shown
}
