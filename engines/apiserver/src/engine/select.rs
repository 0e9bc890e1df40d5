//! Selectors of a request, parsed and bound to a kind.

use super::Going;
use crate::hub::Interest;
use kinds::{KindDef, Rules};
use meta::selector::{FieldSelector, LabelSelector};
use meta::{CompactString, Object, Selectable, Status, Value};
use std::borrow::Cow;
use std::sync::Arc;

pub(super) struct Selection {
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

impl Selection {
    pub fn holds(&self, def: &KindDef, object: &Object) -> bool {
        self.labels.matches(&object.header.labels) && fields_hold(def, &self.fields, object)
    }
}

impl Going<'_> {
    pub(super) fn selection(&self) -> Result<Selection, Status> {
        let list = &self.call.request.list;
        let labels = LabelSelector::parse(&list.label_selector)
            .map_err(|why| Status::bad_request(format!("unable to parse requirement: {why}")))?;
        let fields = FieldSelector::parse(&list.field_selector).map_err(Status::bad_request)?;
        for requirement in &fields.0 {
            if !is_selectable(&self.row.def, &requirement.field) {
                return Err(Status::bad_request(self.unsupported(&requirement.field)));
            }
        }
        Ok(Selection { labels, fields })
    }

    /// Kinds with fields of their own say it in one way, those with only a name in another.
    fn unsupported(&self, field: &str) -> String {
        let scope = if self.row.def.namespaced() { ", \"metadata.namespace\"" } else { "" };
        match self.row.def.rules.selectable() {
            [] if !self.row.def.custom => {
                format!("{field:?} is not a known field selector: only \"metadata.name\"{scope}")
            }
            _ => format!("field label not supported: {field}"),
        }
    }

    pub(super) fn interest(&self) -> Result<Interest, Status> {
        let Selection { labels, fields } = self.selection()?;
        let request = &self.call.request;
        let name = Some(request.key.name.to_string()).filter(|name| !name.is_empty());
        let mut interest = Interest { namespace: request.key.namespace.to_string(), name, labels, fields: None };
        if let [only] = &fields.0[..]
            && only.equal
            && only.field == "metadata.name"
        {
            interest.name = Some(only.value.to_string());
            return Ok(interest);
        }
        if !fields.is_everything() {
            let def = self.row.def.clone();
            interest.fields = Some(Arc::new(move |object| fields_hold(&def, &fields, object)));
        }
        Ok(interest)
    }
}

fn is_selectable(def: &KindDef, field: &str) -> bool {
    match field {
        "metadata.name" => true,
        "metadata.namespace" => def.namespaced(),
        _ => def.rules.selectable().contains(&field),
    }
}

fn fields_hold(def: &KindDef, fields: &FieldSelector, object: &Object) -> bool {
    fields.matches(|field| match field {
        "metadata.name" => Some(Cow::Borrowed(object.header.name.as_str())),
        "metadata.namespace" => Some(Cow::Borrowed(object.header.namespace.as_str())),
        _ => {
            let all = object.selectable(|value| selectable(&*def.rules, value));
            match all.iter().find(|(name, _)| *name == field) {
                Some((_, value)) => Some(Cow::Borrowed(value.as_str())),
                // Kept by another kind over the same objects, under its own names (events).
                None => Some(Cow::Owned(def.rules.selectable_value(&object.decode_value(), field).to_string())),
            }
        }
    })
}

fn selectable(rules: &dyn Rules, value: &Value) -> Selectable {
    let of = |field: &&'static str| -> (&'static str, CompactString) { (*field, rules.selectable_value(value, field)) };
    rules.selectable().iter().map(of).collect()
}
