//! What was seen: every object of the kinds that a controller reads, with the indexes that decisions ask for.
//!
//! A view is an immutable snapshot: its kinds are those of the caches they were taken from, so taking one costs a
//! reference count a kind, however much it holds.

mod index;
mod kind;

pub use index::Index;
pub use kind::KindView;

use crate::{Catalog, Input, Resource};
use meta::{Gvr, Key, Object};
use std::sync::Arc;

/// All kinds that were seen.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// By resource.
    kinds: Vec<(Gvr, Arc<KindView>)>,
    catalog: Arc<Catalog>,
    /// Whether every kind of the catalog has been seen.
    whole: bool,
    /// Where inputs were declared, asking for another kind is a mistake in the asker.
    declared: bool,
}

impl View {
    /// An empty view of exactly these inputs: asking it for any other kind panics.
    pub fn of(inputs: &[Input]) -> View {
        let mut view = View { declared: !inputs.iter().any(|i| matches!(i, Input::EveryDeletable)), ..View::default() };
        for input in inputs {
            if let Input::Kind { resource, indexes } = input {
                view.kind_mut(resource).add_indexes(indexes);
            }
        }
        view
    }

    pub fn kind(&self, resource: &Gvr) -> Option<&KindView> {
        let place = self.place(resource);
        assert!(place.is_ok() || !self.declared, "{} was read and is not declared", resource.qualified());
        place.ok().map(|place| &*self.kinds[place].1)
    }

    fn place(&self, resource: &Gvr) -> Result<usize, usize> {
        self.kinds.binary_search_by(|(known, _)| known.cmp(resource))
    }

    pub fn kind_mut(&mut self, resource: &Gvr) -> &mut KindView {
        let place = self.place(resource).unwrap_or_else(|place| {
            self.kinds.insert(place, (resource.clone(), Arc::default()));
            place
        });
        Arc::make_mut(&mut self.kinds[place].1)
    }

    pub fn put(&mut self, resource: &Gvr, kind: Arc<KindView>) {
        match self.place(resource) {
            Ok(place) => self.kinds[place].1 = kind,
            Err(place) => self.kinds.insert(place, (resource.clone(), kind)),
        }
    }

    pub fn kinds(&self) -> impl Iterator<Item = (&Gvr, &KindView)> {
        self.kinds.iter().map(|(resource, kind)| (resource, &**kind))
    }

    /// What the server serves; empty unless [`Input::EveryDeletable`] is read.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Whether the absence of an object of any served kind means something.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    pub fn set_catalog(&mut self, catalog: Arc<Catalog>, whole: bool) {
        self.catalog = catalog;
        self.whole = whole;
    }

    pub fn object(&self, resource: &Gvr, key: &Key) -> Option<&Arc<Object>> {
        self.kind(resource)?.get(key)
    }

    pub fn get<T: Resource>(&self, namespace: &str, name: &str) -> Option<Arc<T>> {
        self.object(&T::gvr(), &Key::new(namespace, name)).and_then(typed)
    }

    pub fn all<T: Resource>(&self) -> impl Iterator<Item = Arc<T>> {
        self.kind(&T::gvr()).into_iter().flat_map(|kind| kind.iter().filter_map(|(_, object)| typed(object)))
    }

    pub fn in_namespace<'a, T: Resource>(&'a self, namespace: &'a str) -> impl Iterator<Item = Arc<T>> + 'a {
        self.kind(&T::gvr()).into_iter().flat_map(move |kind| kind.in_namespace(namespace).filter_map(typed))
    }

    pub fn owned_by<'a, T: Resource>(&'a self, uid: &'a str) -> impl Iterator<Item = Arc<T>> + 'a {
        self.kind(&T::gvr()).into_iter().flat_map(move |kind| kind.owned_by(uid).filter_map(typed))
    }

    /// Objects of a namespace that no controller owns.
    pub fn orphans<'a, T: Resource>(&'a self, namespace: &'a str) -> impl Iterator<Item = Arc<T>> + 'a {
        self.kind(&T::gvr()).into_iter().flat_map(move |kind| kind.orphans(namespace).filter_map(typed))
    }

    pub fn indexed<'a, T: Resource>(&'a self, index: &'a Index, value: &'a str) -> impl Iterator<Item = Arc<T>> + 'a {
        self.kind(&T::gvr()).into_iter().flat_map(move |kind| kind.indexed(index, value).filter_map(typed))
    }
}

/// An object whose JSON is not of its own type cannot have passed the API: it is left out of typed views.
fn typed<T: Resource>(object: &Arc<Object>) -> Option<Arc<T>> {
    object.typed::<T>().ok()
}

#[cfg(test)]
mod tests;
