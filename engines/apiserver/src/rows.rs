//! The rows that are served now: the built-in table and what custom resource definitions added, each with its hub.

use crate::crd::Converter;
use crate::hub::KindHub;
use kinds::{KindDef, Version};
use meta::{CompactString, Gvr};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

#[derive(Clone)]
pub struct Row {
    pub def: Arc<KindDef>,
    pub hub: Arc<KindHub>,
    /// Who converts between the versions of a custom kind, where a webhook does.
    pub converter: Option<Arc<Converter>>,
}

impl Row {
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.def.version(name).filter(|version| version.served)
    }
}

/// An immutable table, replaced as a whole whenever a row comes, changes or goes.
#[derive(Clone, Default)]
pub struct Table {
    rows: BTreeMap<(CompactString, CompactString), Arc<Row>>,
    /// Raised with every replacement: what is computed from the table is kept under this number.
    pub generation: u64,
}

impl Table {
    pub fn get(&self, group: &str, plural: &str) -> Option<&Arc<Row>> {
        self.rows.get(&(group.into(), plural.into()))
    }

    pub fn served(&self, resource: &Gvr) -> Option<&Arc<Row>> {
        self.get(&resource.group, &resource.resource).filter(|row| row.version(&resource.version).is_some())
    }

    pub fn has_group(&self, group: &str) -> bool {
        group.is_empty() || self.rows.values().any(|row| row.def.group == group)
    }

    pub fn by_kind(&self, group: &str, kind: &str) -> Option<&Arc<Row>> {
        self.rows.values().find(|row| row.def.group == group && row.def.names.kind == kind)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.values()
    }

    fn with(&self, row: Arc<Row>) -> Table {
        let mut rows = self.rows.clone();
        rows.insert((row.def.group.clone(), row.def.names.plural.clone()), row);
        Table { rows, generation: self.generation + 1 }
    }

    fn without(&self, group: &str, plural: &str) -> Table {
        let mut rows = self.rows.clone();
        rows.remove(&(group.into(), plural.into()));
        Table { rows, generation: self.generation + 1 }
    }
}

#[derive(Default)]
pub struct Rows(RwLock<Arc<Table>>);

impl Rows {
    pub fn table(&self) -> Arc<Table> {
        self.0.read().expect("no holder of this lock panics").clone()
    }

    pub fn put(&self, row: Row) {
        self.replace(|table| table.with(Arc::new(row)));
    }

    pub fn remove(&self, group: &str, plural: &str) {
        self.replace(|table| table.without(group, plural));
    }

    fn replace(&self, change: impl FnOnce(&Table) -> Table) {
        let mut table = self.0.write().expect("no holder of this lock panics");
        *table = Arc::new(change(&table));
    }
}
