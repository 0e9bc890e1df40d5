//! The fields of a struct while they come, in whatever order.

use super::zero;
use crate::{Field, StructType, Types};
use meta::{CompactString, Map, Value};

/// One place a field, in the order of names.
pub(crate) struct Slots<'t> {
    fields: &'t StructType,
    values: Vec<Value>,
}

impl<'t> Slots<'t> {
    pub fn new(fields: &'t StructType) -> Slots<'t> {
        Slots { fields, values: vec![Value::Null; fields.fields.len()] }
    }

    pub fn at(&mut self, index: usize) -> &mut Value {
        &mut self.values[index]
    }

    /// What Go would write: kept fields, and the zeros of those that it always writes.
    pub fn finish(self, types: &Types) -> Map {
        let count =
            self.fields.fields.iter().zip(&self.values).filter(|(field, value)| is_written(field, value)).count();
        let mut entries: Vec<(CompactString, Value)> = Vec::with_capacity(count);
        for (field, value) in self.fields.fields.iter().zip(self.values) {
            match is_written(field, &value) {
                true if value.is_null() && !field.pointer => {
                    entries.push((field.name.clone(), zero(types, field.node)))
                }
                true => entries.push((field.name.clone(), value)),
                false => {}
            }
        }
        Map::from_sorted(entries)
    }
}

fn is_written(field: &Field, value: &Value) -> bool {
    match (field.always, field.pointer) {
        (true, _) => true,
        (false, true) => !value.is_null(),
        (false, false) => !value.is_empty(),
    }
}
