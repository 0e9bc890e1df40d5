//! Selectors of a request, parsed and bound to a kind.

use super::Going;
use crate::hub::{FieldMatch, Interest, field};
use kinds::KindDef;
use meta::selector::{FieldSelector, LabelSelector};
use meta::{Object, Status};
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
        let labels = LabelSelector::parse(&list.label_selector).map_err(Status::bad_request)?;
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
        match self.row.def.rules.selectable() {
            [] if !self.row.def.custom => {
                // Of those without namespaces as well.
                format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
            }
            _ => self.row.def.rules.unselectable(field),
        }
    }

    /// A custom kind's fields are those of the request's version: objects of another one are converted before they are
    /// asked for them.
    fn selects_converted(&self, fields: &FieldSelector) -> bool {
        let own = self.row.def.rules.selectable();
        let asked = fields.0.iter().any(|requirement| own.contains(&&*requirement.field));
        asked && self.row.def.custom && !self.needs_no_conversion()
    }

    /// Objects in the form that is asked for these fields.
    pub(super) async fn askable(
        &self,
        fields: &FieldSelector,
        objects: Vec<Arc<Object>>,
    ) -> Result<Vec<Arc<Object>>, Status> {
        if self.selects_converted(fields) { self.presented_all(objects).await } else { Ok(objects) }
    }

    /// The first field of the kind's own whose exact value is asked for, where the hub knows it.
    pub(super) fn exact<'s>(&self, fields: &'s FieldSelector) -> Option<(&'static str, &'s str)> {
        let own = self.row.def.rules.selectable().iter();
        own.filter(|_| !self.selects_converted(fields)).find_map(|name| Some((*name, fields.exact(name)?)))
    }

    /// What a watch is interested in, and what is to be asked of its objects only once they are converted.
    pub(super) fn interest(&self) -> Result<(Interest, Option<FieldMatch>), Status> {
        let Selection { labels, fields } = self.selection()?;
        let request = &self.call.request;
        let name = Some(request.key.name.to_string()).filter(|name| !name.is_empty());
        let namespace = request.key.namespace.to_string();
        let mut interest = Interest { namespace, name, labels, fields: None, exact: None };
        if let [only] = &fields.0[..]
            && only.equal
            && only.field == "metadata.name"
        {
            interest.name = Some(only.value.to_string());
            return Ok((interest, None));
        }
        if fields.is_everything() {
            return Ok((interest, None));
        }
        interest.exact = self.exact(&fields).map(|(name, value)| (name, value.into()));
        let (def, converted) = (self.row.def.clone(), self.selects_converted(&fields));
        let holds: FieldMatch = Arc::new(move |object| fields_hold(&def, &fields, object));
        if converted {
            return Ok((interest, Some(holds)));
        }
        interest.fields = Some(holds);
        Ok((interest, None))
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
    fields.matches(|name| Some(field(&*def.rules, object, name)))
}
