//! What a cache holds: a resource, whole or narrowed to a namespace and by selectors.

use crate::{ListOptions, Request};
use kinds::Verb;
use meta::{CompactString, Gvr, Key};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    pub resource: Gvr,
    pub namespace: CompactString,
    pub label_selector: String,
    pub field_selector: String,
}

impl Source {
    pub fn all(resource: Gvr) -> Source {
        Source { resource, namespace: "".into(), label_selector: String::new(), field_selector: String::new() }
    }

    #[must_use]
    pub fn in_namespace(self, namespace: &str) -> Source {
        Source { namespace: namespace.into(), ..self }
    }

    #[must_use]
    pub fn fields(self, field_selector: &str) -> Source {
        Source { field_selector: field_selector.into(), ..self }
    }

    #[must_use]
    pub fn labels(self, label_selector: &str) -> Source {
        Source { label_selector: label_selector.into(), ..self }
    }

    pub(crate) fn request(&self, verb: Verb, list: ListOptions) -> Request {
        let list = ListOptions {
            label_selector: self.label_selector.clone(),
            field_selector: self.field_selector.clone(),
            ..list
        };
        Request { list, ..Request::new(verb, self.resource.clone(), Key::new(self.namespace.clone(), "")) }
    }
}
