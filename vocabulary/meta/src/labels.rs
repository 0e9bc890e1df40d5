//! The labels of an object: few, of very many objects. They lie in one piece of memory, by name.

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;

type Label = (CompactString, CompactString);

#[derive(Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<Label>);

impl Labels {
    pub const fn new() -> Labels {
        Labels(Vec::new())
    }

    pub fn get(&self, name: &str) -> Option<&CompactString> {
        let place = self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(&self.0[place].1)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&CompactString, &CompactString)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

/// Of those with the same name the last one counts.
impl From<Vec<Label>> for Labels {
    fn from(mut labels: Vec<Label>) -> Labels {
        let in_order = labels.is_sorted_by(|(a, _), (b, _)| a < b);
        if !in_order {
            labels.reverse();
            labels.sort_by(|(a, _), (b, _)| a.cmp(b));
            labels.dedup_by(|(earlier, _), (last, _)| earlier == last);
        }
        labels.shrink_to_fit();
        Labels(labels)
    }
}

impl FromIterator<Label> for Labels {
    fn from_iter<I: IntoIterator<Item = Label>>(labels: I) -> Labels {
        labels.into_iter().collect::<Vec<Label>>().into()
    }
}

impl IntoIterator for Labels {
    type Item = Label;
    type IntoIter = std::vec::IntoIter<Label>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Labels, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Labels, M::Error> {
                let mut labels = Vec::new();
                while let Some(label) = map.next_entry()? {
                    labels.push(label);
                }
                Ok(labels.into())
            }
        }

        reader.deserialize_map(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_whatever_their_order_and_the_last_of_a_name_counts() {
        for (json, expect) in [
            ("{}", vec![]),
            (r#"{"a":"1","b":"2"}"#, vec![("a", "1"), ("b", "2")]),
            (r#"{"b":"2","a":"1","c":""}"#, vec![("a", "1"), ("b", "2"), ("c", "")]),
            (r#"{"b":"1","a":"1","b":"2","b":"3"}"#, vec![("a", "1"), ("b", "3")]),
        ] {
            let labels: Labels = serde_json::from_str(json).unwrap();
            let pairs: Vec<_> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(pairs, expect, "{json}");
            for (name, value) in &expect {
                assert_eq!(labels.get(name).map(CompactString::as_str), Some(*value));
            }
            assert!(!labels.contains_key("") && !labels.contains_key("d"));
            assert_eq!(labels, labels.clone().into_iter().collect());
        }
        assert!(serde_json::from_str::<Labels>(r#"{"a":1}"#).is_err() && serde_json::from_str::<Labels>("[]").is_err());
    }
}
