//! Amounts of resources as scheduling counts them: thousandths of a core, whole units of everything else.

use meta::{CompactString, Quantity};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    pub milli_cpu: i64,
    pub memory: i64,
    pub ephemeral_storage: i64,
    pub pods: i64,
    /// Everything else by name, sorted, without zeros: few, and mostly none.
    pub others: Vec<(CompactString, i64)>,
}

pub(crate) type ResourceList = BTreeMap<CompactString, Amount>;

/// A quantity as it stands in JSON: a text, or a bare number.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Amount(pub(crate) Quantity);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Amount, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                Quantity::parse(text).map(Amount).map_err(E::custom)
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }
        }
        from.deserialize_any(Text)
    }
}

impl Resources {
    pub(crate) fn from_list(list: &ResourceList) -> Resources {
        let mut resources = Resources::default();
        for (name, amount) in list {
            resources.set(name, *amount);
        }
        resources
    }

    pub(crate) fn set(&mut self, name: &str, Amount(quantity): Amount) {
        match name {
            "cpu" => self.milli_cpu = quantity.milli_value(),
            "memory" => self.memory = quantity.value(),
            "ephemeral-storage" => self.ephemeral_storage = quantity.value(),
            "pods" => self.pods = quantity.value(),
            _ => self.set_other(name, quantity.value()),
        }
    }

    fn set_other(&mut self, name: &str, amount: i64) {
        match (self.others.binary_search_by(|(other, _)| other.as_str().cmp(name)), amount) {
            (Ok(at), 0) => drop(self.others.remove(at)),
            (Ok(at), _) => self.others[at].1 = amount,
            (Err(_), 0) => {}
            (Err(at), _) => self.others.insert(at, (name.into(), amount)),
        }
    }

    /// What `others` holds of one name.
    pub fn other(&self, name: &str) -> i64 {
        let found = self.others.binary_search_by(|(other, _)| other.as_str().cmp(name));
        found.map_or(0, |at| self.others[at].1)
    }

    pub fn get(&self, name: &str) -> i64 {
        match name {
            "cpu" => self.milli_cpu,
            "memory" => self.memory,
            "ephemeral-storage" => self.ephemeral_storage,
            "pods" => self.pods,
            _ => self.other(name),
        }
    }

    pub fn add(&mut self, more: &Resources) {
        self.combine(more, i64::saturating_add);
    }

    pub fn subtract(&mut self, less: &Resources) {
        self.combine(less, i64::saturating_sub);
    }

    /// The larger of both, resource by resource.
    pub fn raise_to(&mut self, other: &Resources) {
        self.combine(other, i64::max);
    }

    fn combine(&mut self, with: &Resources, how: fn(i64, i64) -> i64) {
        self.milli_cpu = how(self.milli_cpu, with.milli_cpu);
        self.memory = how(self.memory, with.memory);
        self.ephemeral_storage = how(self.ephemeral_storage, with.ephemeral_storage);
        self.pods = how(self.pods, with.pods);
        for (name, amount) in &with.others {
            self.set_other(name, how(self.other(name), *amount));
        }
    }

    pub fn is_nothing(&self) -> bool {
        self.milli_cpu == 0 && self.memory == 0 && self.ephemeral_storage == 0 && self.others.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(json: &str) -> Resources {
        Resources::from_list(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn quantities_are_counted_in_their_units() {
        let read = resources(r#"{"cpu":"1500m","memory":"1Gi","pods":110,"example.com/gpu":"2","zero.com/x":0}"#);
        assert_eq!((read.milli_cpu, read.memory, read.pods), (1500, 1 << 30, 110));
        assert_eq!(read.others, [("example.com/gpu".into(), 2)]);
    }

    #[test]
    fn what_is_added_and_taken_away_leaves_nothing() {
        let (mut sum, more) = (Resources::default(), resources(r#"{"cpu":"1","a.com/b":"3"}"#));
        sum.add(&more);
        sum.add(&more);
        assert_eq!((sum.milli_cpu, sum.other("a.com/b")), (2000, 6));
        sum.subtract(&more);
        sum.subtract(&more);
        assert_eq!(sum, Resources::default());
    }
}
