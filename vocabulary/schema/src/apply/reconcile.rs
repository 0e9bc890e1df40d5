//! A schema may have changed since a set was written: a manager of fields below what is now one value owns that value.

use super::atom::{Atom, Type};
use super::set::Set;
use super::trie::leaf;
use meta::{Map, Value};

impl Set {
    /// True when the set was changed.
    pub(super) fn reconcile(&mut self, kind: Type<'_>) -> bool {
        reconcile_children(kind, &mut self.0)
    }
}

fn reconcile_children(kind: Type<'_>, set: &mut Map) -> bool {
    let mut changed = false;
    let atom = kind.atom(None);
    for (step, child) in set.iter_mut().filter(|(step, _)| *step != ".") {
        let kind = match &atom {
            Atom::Scalar(_) => return false,
            Atom::Map(map) if map.is_deduced() => return false,
            Atom::Map(map) => match step.strip_prefix("f:").map_or(map.rest, |name| map.type_of(name)) {
                Some(kind) => kind,
                None => continue,
            },
            Atom::List(list) => list.item,
        };
        changed |= reconcile_node(kind, child);
    }
    changed
}

fn reconcile_node(kind: Type<'_>, node: &mut Value) -> bool {
    let Value::Map(below) = node else { return false };
    if below.is_empty() {
        return false;
    }
    let now_one_value = match kind.atom(None) {
        Atom::Map(map) => map.atomic && !map.is_deduced(),
        Atom::List(list) => list.is_atomic(),
        Atom::Scalar(_) => false,
    };
    if now_one_value {
        *node = leaf();
        return true;
    }
    reconcile_children(kind, below)
}
