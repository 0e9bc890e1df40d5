//! What the server serves, as discovery tells it: for decisions about objects of every kind.

use meta::{CompactString, GroupVersion, Gvr};
use std::collections::BTreeSet;

/// One resource under its preferred version.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    pub resource: Gvr,
    pub kind: CompactString,
    pub namespaced: bool,
    pub verbs: Vec<CompactString>,
    /// Every version it is served under, the preferred one among them.
    pub versions: Vec<CompactString>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub resources: Vec<Served>,
    /// Groups that exist and could not be asked: nothing may be concluded from the absence of their kinds.
    pub failed: BTreeSet<CompactString>,
}

impl Served {
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// What garbage collection watches: all that can be listed, watched and deleted, but for events, which are many,
    /// own nothing, are owned by nothing and expire by themselves.
    pub fn is_deletable(&self) -> bool {
        self.resource.resource != "events" && ["delete", "list", "watch"].iter().all(|verb| self.can(verb))
    }
}

impl Catalog {
    pub fn deletable(&self) -> impl Iterator<Item = &Served> {
        self.resources.iter().filter(|served| served.is_deletable())
    }

    /// The resource of a kind, if it is served under that very version.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Served> {
        let GroupVersion { group, version } = GroupVersion::parse(api_version)?;
        let same = |served: &&Served| {
            served.resource.group == group && served.kind == kind && served.versions.contains(&version)
        };
        self.resources.iter().find(same)
    }

    pub fn of_resource(&self, resource: &Gvr) -> Option<&Served> {
        self.resources.iter().find(|served| served.resource == *resource)
    }
}
