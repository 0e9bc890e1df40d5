//! What is asked of a struct's fields again and again, made once. A field is found by the first eight bytes of its
//! name, as one number, rather than by comparing texts.

use crate::Field;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lookup {
    /// The beginnings of the names, in the order of the fields.
    names: Vec<u64>,
    /// Which fields Go always writes.
    always: Vec<usize>,
}

impl Lookup {
    pub(crate) fn of(fields: &[Field]) -> Lookup {
        let always = fields.iter().enumerate().filter(|(_, field)| field.always).map(|(index, _)| index);
        Lookup { names: fields.iter().map(|field| beginning(&field.name)).collect(), always: always.collect() }
    }

    pub(crate) fn always(&self) -> &[usize] {
        &self.always
    }

    pub(crate) fn find(&self, fields: &[Field], name: &str) -> Option<usize> {
        let wanted = beginning(name);
        let first = self.names.partition_point(|beginning| *beginning < wanted);
        let alike = self.names[first..].iter().take_while(|beginning| **beginning == wanted).count();
        (first..first + alike).find(|index| fields[*index].name == name)
    }
}

/// Orders as the text does.
fn beginning(name: &str) -> u64 {
    let bytes = name.as_bytes();
    match bytes.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => (0..8).fold(0, |number, at| number << 8 | u64::from(bytes.get(at).copied().unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there() {
        let names =
            ["", "a", "ab", "terminationGracePeriodSeconds", "terminationMessagePath", "terminationMessagePolicy", "z"];
        let fields: Vec<Field> = names.iter().map(|name| Field { name: (*name).into(), ..Field::default() }).collect();
        let lookup = Lookup::of(&fields);
        for (index, name) in names.iter().enumerate() {
            assert_eq!(lookup.find(&fields, name), Some(index), "{name}");
        }
        for name in ["b", "aa", "terminat", "terminationMessage", "zz"] {
            assert_eq!(lookup.find(&fields, name), None, "{name}");
        }
    }
}
