//! What a request asks to be allowed to do.

use client::Request;

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
            namespace: &request.key.namespace,
            name: &request.key.name,
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
