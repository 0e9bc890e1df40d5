//! The fields of a struct while they come, in whatever order.

use super::zero;
use crate::{Field, StructType, Types};
use meta::{CompactString, Map, Value};

/// Values by their field's index: few of a struct's fields are ever given.
pub(crate) struct Slots<'t> {
    fields: &'t StructType,
    given: Vec<(usize, Value)>,
}

impl<'t> Slots<'t> {
    pub fn new(fields: &'t StructType) -> Slots<'t> {
        Slots { fields, given: Vec::new() }
    }

    /// The value of a field, null at first.
    pub fn at(&mut self, index: usize) -> &mut Value {
        let known = self.given.iter().rposition(|(given, _)| *given == index);
        let place = known.unwrap_or_else(|| {
            self.given.push((index, Value::Null));
            self.given.len() - 1
        });
        &mut self.given[place].1
    }

    /// What Go would write: kept fields, and the zeros of those that it always writes.
    pub fn finish(mut self, types: &Types) -> Map {
        let all = &self.fields.fields;
        self.given.retain(|(index, value)| is_kept(&all[*index], value));
        self.given.sort_unstable_by_key(|(index, _)| *index);
        let always = self.fields.lookup().always();
        let missing =
            always.iter().filter(|index| self.given.binary_search_by_key(*index, |(given, _)| *given).is_err());
        let mut entries: Vec<(CompactString, Value)> = Vec::with_capacity(self.given.len() + missing.count());
        let mut rest = always.iter().copied().peekable();
        for (index, value) in self.given {
            while let Some(before) = rest.next_if(|always| *always < index) {
                entries.push(absent(types, &all[before]));
            }
            rest.next_if_eq(&index);
            entries.push((all[index].name.clone(), value));
        }
        entries.extend(rest.map(|index| absent(types, &all[index])));
        Map::from_sorted(entries)
    }
}

fn absent(types: &Types, field: &Field) -> (CompactString, Value) {
    let value = if field.pointer { Value::Null } else { zero(types, field.node) };
    (field.name.clone(), value)
}

/// Whether Go would write the value again. A null is what always stands where nothing was given.
fn is_kept(field: &Field, value: &Value) -> bool {
    match field.pointer || field.always {
        true => !value.is_null(),
        false => !value.is_empty(),
    }
}
