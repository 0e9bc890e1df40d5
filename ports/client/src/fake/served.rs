//! The kinds that the fake serves: those of the table that are stored under a name of their own.

use kinds::{KindDef, Verb};
use meta::Gvr;
use plan::Served;
use std::sync::LazyLock;

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

static TABLE: LazyLock<Vec<Served>> = LazyLock::new(|| {
    let table = kinds::builtin();
    let stored = table.iter().filter(|def| def.stored_as.is_none() && def.verbs.contains(&Verb::Watch));
    stored.filter_map(|def| row(def)).collect()
});

pub fn served() -> Vec<Served> {
    TABLE.clone()
}

fn row(def: &KindDef) -> Option<Served> {
    let versions: Vec<_> = def.versions.iter().filter(|v| v.served).map(|v| v.name.clone()).collect();
    Some(Served {
        resource: def.gvr(versions.first()?),
        kind: def.names.kind.clone(),
        namespaced: def.namespaced(),
        verbs: def.verbs.iter().map(|verb| verb.word().into()).collect(),
        versions,
    })
}

/// A kind of one version with all verbs.
pub fn custom(group: &str, kind: &str, resource: &str, namespaced: bool) -> Served {
    Served {
        resource: Gvr::new(group, "v1", resource),
        kind: kind.into(),
        namespaced,
        verbs: VERBS.iter().map(|verb| (*verb).into()).collect(),
        versions: vec!["v1".into()],
    }
}
