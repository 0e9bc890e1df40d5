//! Lists and selectors.

use super::world::World;
use crate::{Answer, ListOptions, Request};
use meta::selector::{FieldSelector, LabelSelector};
use meta::{CompactString, Object, Status, Value};
use std::borrow::Cow;

pub(super) struct Selection {
    namespace: CompactString,
    name: CompactString,
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    pub(super) fn of(request: &Request) -> Result<Selection, Status> {
        let ListOptions { label_selector, field_selector, .. } = &request.list;
        Ok(Selection {
            namespace: request.key.namespace.clone(),
            name: request.key.name.clone(),
            labels: LabelSelector::parse(label_selector).map_err(Status::bad_request)?,
            fields: FieldSelector::parse(field_selector).map_err(Status::bad_request)?,
        })
    }

    pub(super) fn matches(&self, object: &Object) -> bool {
        (self.namespace.is_empty() || object.header.namespace == self.namespace)
            && (self.name.is_empty() || object.header.name == self.name)
            && self.labels.matches(&object.header.labels)
            && (self.fields.is_everything() || self.matches_fields(object.value()))
    }

    fn matches_fields(&self, value: &Value) -> bool {
        self.fields.matches(|field| match value.at(field) {
            Value::Str(text) => Some(Cow::Borrowed(text.as_str())),
            Value::Null => Some(Cow::Borrowed("")),
            other => Some(Cow::Owned(other.to_string())),
        })
    }
}

pub(super) fn list(world: &World, request: &Request) -> Result<Answer, Status> {
    let selection = Selection::of(request)?;
    let limit = if request.list.limit == 0 { usize::MAX } else { request.list.limit as usize };
    let selected = || world.all(&request.resource).filter(|object| selection.matches(object));
    let from = request.list.continue_token.parse::<usize>().unwrap_or(0);
    let items: Vec<_> = selected().skip(from).take(limit).cloned().collect();
    let left = selected().count() - from.min(selected().count()) - items.len();
    let continue_token = if left == 0 { String::new() } else { (from + items.len()).to_string() };
    Ok(Answer::List {
        resource_version: world.revision,
        continue_token,
        remaining: (left > 0).then_some(left as u64),
        items,
    })
}
