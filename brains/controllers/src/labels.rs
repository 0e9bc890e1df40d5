//! Typed labels and selectors as [`meta`] matches them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector as Typed, ObjectMeta};
use meta::selector::{LabelSelector, Requirement};
use meta::{CompactString, Labels, Value};
use std::collections::BTreeMap;

/// A selector that is absent or cannot be read selects nothing.
pub(crate) fn selector(typed: Option<&Typed>) -> LabelSelector {
    let value = typed.and_then(|typed| Value::encode(typed).ok()).unwrap_or_default();
    LabelSelector::from_value(&value).unwrap_or_else(|_| LabelSelector::nothing())
}

/// The selector of kinds that know equality alone; an empty one selects nothing.
pub(crate) fn equal(pairs: Option<&BTreeMap<String, String>>) -> LabelSelector {
    match pairs {
        Some(pairs) if !pairs.is_empty() => {
            LabelSelector::from_equal(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())))
        }
        _ => LabelSelector::nothing(),
    }
}

pub(crate) fn labels(typed: Option<&BTreeMap<String, String>>) -> Labels {
    typed.into_iter().flatten().map(|(k, v)| (CompactString::from(k), CompactString::from(v))).collect()
}

/// Asked of every pod of a set, again and again: equality is answered without a copy of the labels.
pub(crate) fn matches(selector: &LabelSelector, object: &ObjectMeta) -> bool {
    let exact: Option<Vec<_>> = selector.requirements.iter().map(Requirement::exact).collect();
    match exact {
        Some(pairs) if !pairs.is_empty() => {
            let has = |(name, value): &(&str, &str)| {
                object.labels.as_ref().and_then(|labels| labels.get(*name)).is_some_and(|label| label == value)
            };
            pairs.iter().all(has)
        }
        _ => selector.matches(&labels(object.labels.as_ref())),
    }
}
