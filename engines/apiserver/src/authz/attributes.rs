//! What a request asks to be allowed to do.

use client::Request;
use kinds::Verb;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes<'a> {
    pub verb: &'a str,
    pub group: &'a str,
    pub version: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    /// A request outside of all resources.
    pub path: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    pub fn of_request(request: &'a Request) -> Attributes<'a> {
        Attributes {
            verb: request.verb.word(),
            group: &request.resource.group,
            version: &request.resource.version,
            resource: &request.resource.resource,
            subresource: &request.subresource,
            namespace: namespace_of(request),
            name: name_of(request),
            path: None,
        }
    }

    pub fn of_path(verb: &'a str, path: &'a str) -> Attributes<'a> {
        Attributes { verb, path: Some(path), ..Attributes::default() }
    }

    /// `pods/log`, as rules name a subresource.
    pub fn full_resource(&self) -> String {
        match self.subresource {
            "" => self.resource.to_string(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }
}

/// A namespace lies in itself: who may read all of it may be allowed that by a role inside.
fn namespace_of(request: &Request) -> &str {
    match (request.resource.group.as_str(), request.resource.resource.as_str()) {
        ("", "namespaces") => &request.key.name,
        _ => &request.key.namespace,
    }
}

/// The one object that is meant: by its name, or by a field selector that leaves no other.
fn name_of(request: &Request) -> &str {
    let many = matches!(request.verb, Verb::List | Verb::Watch | Verb::DeleteCollection);
    if !many || !request.key.name.is_empty() {
        return &request.key.name;
    }
    let mut fields = request.list.field_selector.split(',');
    let named = fields.find_map(|field| field.trim().strip_prefix("metadata.name="));
    named.map(|name| name.trim_start_matches('=')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::ListOptions;
    use meta::{Gvr, Key};

    fn check(verb: Verb, key: &str, fields: &str, expect: &str) {
        let request = Request::new(verb, Gvr::new("", "v1", "configmaps"), Key::new("ns", key));
        let list = ListOptions { field_selector: fields.into(), ..ListOptions::default() };
        assert_eq!(Attributes::of_request(&Request { list, ..request }).name, expect, "{verb:?} {key} {fields}");
    }

    #[test]
    fn a_selector_may_name_one_object() {
        check(Verb::Get, "cm", "", "cm");
        check(Verb::Watch, "", "metadata.name=cm", "cm");
        check(Verb::List, "", "metadata.namespace=ns,metadata.name==cm", "cm");
        check(Verb::List, "", "metadata.name!=cm", "");
        check(Verb::List, "", "", "");
        check(Verb::Create, "", "metadata.name=cm", "");
    }

    #[test]
    fn a_namespace_lies_in_itself() {
        let of = |resource: &str, key: Key| {
            let request = Request::new(Verb::Get, Gvr::new("", "v1", resource), key);
            Attributes::of_request(&request).namespace.to_string()
        };
        assert_eq!(of("namespaces", Key::new("", "a")), "a");
        assert_eq!(of("namespaces", Key::new("", "")), "");
        assert_eq!(of("nodes", Key::new("", "a")), "");
        assert_eq!(of("pods", Key::new("n", "a")), "n");
    }
}
