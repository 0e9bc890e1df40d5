//! A kind is a row. A custom resource definition makes a row of this very type.

use crate::Rules;
use meta::{CompactString, Gvk, Gvr};
use schema::Schema;
use std::fmt;
use std::sync::Arc;

#[derive(Clone)]
pub struct KindDef {
    pub group: CompactString,
    pub names: Names,
    pub scope: Scope,
    /// In discovery's order: the preferred one first.
    pub versions: Vec<Version>,
    pub verbs: Vec<Verb>,
    pub subresources: Vec<Subresource>,
    /// Where its objects stand in the store: `/registry/` + this + `/namespace/name`, as upstream lays them out.
    pub storage_prefix: CompactString,
    /// Another group's kind whose objects these are: they are stored as that kind, hooks see that form, and
    /// [`Rules::convert`] is called with apiVersions (`events.k8s.io/v1` are stored as core `v1` events).
    pub stored_as: Option<Gvk>,
    pub rules: Arc<dyn Rules>,
    /// From a custom resource definition rather than from the table.
    pub custom: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub kind: CompactString,
    pub list_kind: CompactString,
    pub plural: CompactString,
    pub singular: CompactString,
    pub short: Vec<CompactString>,
    pub categories: Vec<CompactString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Cluster,
    Namespaced,
}

#[derive(Clone)]
pub struct Version {
    pub name: CompactString,
    pub served: bool,
    pub storage: bool,
    pub schema: Schema,
    pub columns: Vec<Column>,
    /// The warning that a client of this version is given.
    pub deprecation: Option<CompactString>,
}

/// One column of a Table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    pub name: CompactString,
    /// string, integer, number, boolean or date
    pub kind: CompactString,
    pub format: CompactString,
    pub description: CompactString,
    pub priority: i32,
    /// Where a custom kind's cell stands; built-in kinds answer through [`Rules::cells`].
    pub json_path: Option<CompactString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    Patch,
    Update,
    Watch,
    Connect,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subresource {
    /// `status`, `scale`, `binding`, `log` ...
    pub name: CompactString,
    pub verbs: Vec<Verb>,
    /// The kind that is sent and answered, where it is not the parent's.
    pub kind: Option<Gvk>,
    /// Served only under these versions; empty means all.
    pub versions: Vec<CompactString>,
    pub scale: Option<Scale>,
}

/// Where a kind keeps what its scale subresource shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scale {
    pub spec_replicas: CompactString,
    pub status_replicas: CompactString,
    pub selector: Option<CompactString>,
}

const VERBS: [Verb; 9] = [
    Verb::Create,
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Update,
    Verb::Watch,
    Verb::Connect,
];

impl Verb {
    pub fn parse(word: &str) -> Option<Verb> {
        VERBS.into_iter().find(|verb| verb.word() == word)
    }

    pub fn word(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Patch => "patch",
            Verb::Update => "update",
            Verb::Watch => "watch",
            Verb::Connect => "connect",
        }
    }
}

impl KindDef {
    pub fn gvk(&self, version: &str) -> Gvk {
        Gvk::new(self.group.clone(), version, self.names.kind.clone())
    }

    pub fn gvr(&self, version: &str) -> Gvr {
        Gvr::new(self.group.clone(), version, self.names.plural.clone())
    }

    pub fn namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    pub fn storage_version(&self) -> &Version {
        self.versions.iter().find(|version| version.storage).expect("every row stores exactly one version")
    }

    pub fn subresource(&self, name: &str, version: &str) -> Option<&Subresource> {
        let serves = |sub: &&Subresource| sub.versions.is_empty() || sub.versions.iter().any(|v| v == version);
        self.subresources.iter().filter(serves).find(|sub| sub.name == name)
    }

    pub fn has_status(&self) -> bool {
        self.subresources.iter().any(|sub| sub.name == "status")
    }
}

impl fmt::Debug for KindDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.names.plural, self.group)
    }
}
