//! The names of things: an object's key, a kind, a resource.

use compact_str::{CompactString, format_compact};
use std::fmt;

/// What identifies an object within its resource. A cluster-scoped object has an empty namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub namespace: CompactString,
    pub name: CompactString,
}

impl Key {
    pub fn new(namespace: impl Into<CompactString>, name: impl Into<CompactString>) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }

    pub fn cluster(name: impl Into<CompactString>) -> Key {
        Key::new("", name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupVersion {
    pub group: CompactString,
    pub version: CompactString,
}

impl GroupVersion {
    pub fn new(group: impl Into<CompactString>, version: impl Into<CompactString>) -> GroupVersion {
        GroupVersion { group: group.into(), version: version.into() }
    }

    /// From `apiVersion`: "v1" or "apps/v1". More than one slash is no apiVersion.
    pub fn parse(api_version: &str) -> Option<GroupVersion> {
        match api_version.split_once('/') {
            None => Some(GroupVersion::new("", api_version)),
            Some((_, version)) if version.contains('/') => None,
            Some((group, version)) => Some(GroupVersion::new(group, version)),
        }
    }

    pub fn api_version(&self) -> CompactString {
        if self.group.is_empty() { self.version.clone() } else { format_compact!("{}/{}", self.group, self.version) }
    }
}

impl fmt::Display for GroupVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.api_version())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvk {
    pub group: CompactString,
    pub version: CompactString,
    pub kind: CompactString,
}

impl Gvk {
    pub fn new(
        group: impl Into<CompactString>,
        version: impl Into<CompactString>,
        kind: impl Into<CompactString>,
    ) -> Gvk {
        Gvk { group: group.into(), version: version.into(), kind: kind.into() }
    }

    pub fn group_version(&self) -> GroupVersion {
        GroupVersion { group: self.group.clone(), version: self.version.clone() }
    }
}

impl fmt::Display for Gvk {
    /// As upstream prints one: `apps/v1, Kind=Deployment`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, Kind={}", self.group, self.version, self.kind)
    }
}

/// A resource of one version, as in a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvr {
    pub group: CompactString,
    pub version: CompactString,
    pub resource: CompactString,
}

impl Gvr {
    pub fn new(
        group: impl Into<CompactString>,
        version: impl Into<CompactString>,
        resource: impl Into<CompactString>,
    ) -> Gvr {
        Gvr { group: group.into(), version: version.into(), resource: resource.into() }
    }

    pub fn group_version(&self) -> GroupVersion {
        GroupVersion { group: self.group.clone(), version: self.version.clone() }
    }

    /// `pods` or `deployments.apps`, as statuses name a resource.
    pub fn qualified(&self) -> CompactString {
        if self.group.is_empty() { self.resource.clone() } else { format_compact!("{}.{}", self.resource, self.group) }
    }
}
