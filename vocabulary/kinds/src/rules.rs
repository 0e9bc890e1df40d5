//! The hooks of a row: what upstream writes in Go for a kind, with the defaults that fit a plain one.

use crate::{KindDef, declared, fresh};
use jiff::Timestamp;
use meta::{CompactString, ErrorList, Value};
use std::collections::BTreeMap;

/// What a hook may know besides the object.
pub struct Context<'a> {
    pub def: &'a KindDef,
    /// The version in which the request was made.
    pub version: &'a str,
    pub subresource: &'a str,
    pub now: Timestamp,
    pub dry_run: bool,
    /// The user's name: kinds that record who asked.
    pub user: &'a str,
    pub uid: &'a str,
    pub groups: &'a [String],
    pub extra: &'a BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Create,
    Update,
}

/// A cluster-unique thing that an object claims in the same transaction as its write: an address, a port.
#[derive(Clone, Debug, PartialEq)]
pub enum Allocation {
    /// `path` is a dotted path of the object; indexes are numbers: `spec.ports.0.nodePort`.
    ClusterIp {
        path: String,
        wanted: Option<CompactString>,
        family: u8,
    },
    NodePort {
        path: String,
        wanted: Option<u16>,
        protocol: CompactString,
    },
}

/// All hooks see the storage version of the object, already decoded, pruned and defaulted by its schema.
pub trait Rules: Send + Sync {
    /// Defaults that depend on other fields, after the schema's own. Runs on what clients send and on what is stored.
    fn default(&self, _object: &mut Value) {}

    /// Resets what a client may not set on creation: status, generation is the engine's.
    fn prepare_create(&self, context: &Context<'_>, object: &mut Value) {
        fresh::status(context, object);
    }

    /// Carries over what a client may not change. The engine has already kept status (or, for the status
    /// subresource, everything but status) from the old object.
    fn prepare_update(&self, _context: &Context<'_>, _new: &mut Value, _old: &Value) {}

    /// Whether the change from old to new raises `metadata.generation`.
    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        new.get("spec") != old.get("spec")
    }

    /// Kinds without a generation keep none (ConfigMap, Secret, ...).
    fn has_generation(&self) -> bool {
        false
    }

    /// What is wrong with a new object: by the declared rules of its types, and by [`Rules::check`].
    fn validate(&self, context: &Context<'_>, object: &Value) -> ErrorList {
        let mut out = ErrorList::default();
        declared::judge(context, object, None, &mut out);
        self.check(context, object, None, &mut out);
        out
    }

    /// What is wrong with a changed object, or with the change.
    fn validate_update(&self, context: &Context<'_>, new: &Value, old: &Value) -> ErrorList {
        let mut out = ErrorList::default();
        declared::judge(context, new, Some(old), &mut out);
        self.check(context, new, Some(old), &mut out);
        if self.judges_updates_twice() && context.subresource.is_empty() {
            out.extend(self.validate(context, new));
        }
        out
    }

    /// Upstream judges a changed object as a new one too, and tells each problem of it twice.
    fn judges_updates_twice(&self) -> bool {
        false
    }

    /// Rules that no line declares: between fields, between an object and its former self.
    fn check(&self, _context: &Context<'_>, _new: &Value, _old: Option<&Value>, _out: &mut ErrorList) {}

    /// What may be a name of this kind; upstream's complaints.
    fn validate_name(&self, name: &str) -> Vec<String> {
        meta::names::dns_subdomain(name)
    }

    /// What is told of a new object as it was sent, of which [`Rules::prepare_create`] leaves no trace.
    fn warnings_as_sent(&self, _object: &Value) -> Vec<String> {
        Vec::new()
    }

    /// What is accepted, yet told in a `Warning` header.
    fn warnings(&self, _context: &Context<'_>, _new: &Value, _old: Option<&Value>) -> Vec<String> {
        Vec::new()
    }

    fn allocations(&self, _new: &Value, _old: Option<&Value>) -> Vec<Allocation> {
        Vec::new()
    }

    /// Fields beyond `metadata.name` and `metadata.namespace` that a field selector may name, in storage form.
    fn selectable(&self) -> &[&'static str] {
        &[]
    }

    /// What is said of a field that is not selectable, where some are: upstream writes it anew for each group.
    fn unselectable(&self, field: &str) -> String {
        format!("field label not supported: {field}")
    }

    /// The value of a selectable field, where it is not simply what stands at that path.
    fn selectable_value(&self, object: &Value, field: &str) -> CompactString {
        match object.at(field) {
            Value::Str(text) => text.clone(),
            Value::Null => CompactString::default(),
            other => CompactString::from(other.to_string()),
        }
    }

    /// The cells of a Table's row, one a column.
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value>;

    /// The object as it is served from what a store of upstream's holds, where that has another form.
    fn read_stored(&self, stored: Value) -> Value {
        stored
    }

    /// From one served version to another; the schema of `to` prunes what it does not know.
    fn convert(&self, object: Value, _from: &str, _to: &str) -> Result<Value, String> {
        Ok(object)
    }

    /// The kind may be created by an update of what does not exist (Lease, Endpoints ...).
    fn create_on_update(&self) -> bool {
        false
    }

    /// An update without a resource version is refused.
    fn needs_version_on_update(&self) -> bool {
        false
    }

    /// Seconds that a deletion leaves the object to finish: pods say so, all others end at once.
    fn grace_seconds(&self, _object: &Value, _asked: Option<i64>) -> Option<i64> {
        None
    }

    /// A finished deletion answers with the object rather than with a status.
    fn returns_deleted(&self) -> bool {
        false
    }

    /// What a deletion changes in the object besides its metadata while something still holds it (a namespace's phase).
    fn mark_deleted(&self, _object: &mut Value, _now: Timestamp) {}

    /// Of a deletion that waits for something, the metadata tell only when it was asked for.
    fn tells_only_when(&self) -> bool {
        false
    }

    /// Something other than `metadata.finalizers` still holds the object (a namespace's own finalizers).
    fn is_held(&self, _object: &Value) -> bool {
        false
    }

    /// Dependents are orphaned when a deletion does not say (what upstream does for old kinds is `Background` now).
    fn orphans_by_default(&self) -> bool {
        false
    }

    /// How long an object lives after its last write: events end by themselves.
    fn lifetime(&self) -> Option<std::time::Duration> {
        None
    }

    /// Brings fields that repeat an allocated one in line with it (`clusterIP` with the first of `clusterIPs`).
    fn allocated(&self, _object: &mut Value) {}

    /// An update of the status may change this much of the metadata (upstream: for most kinds nothing but its
    /// managed fields; for some labels, annotations or finalizers too).
    fn metadata_of_status(&self, _new: &mut Value, _given: &Value) {}

    /// The object whose fields its creator owns, where upstream has given it defaults by then that follow here only
    /// with its uid.
    fn owned_at_creation(&self, _object: &Value) -> Option<Value> {
        None
    }

    /// What a write through a part of the object (or, without a name, the whole) leaves as it was: nobody comes to
    /// own it by such a write.
    fn resets(&self, def: &KindDef, subresource: &str) -> &[&'static str] {
        match subresource {
            "status" => &["spec"],
            "" if def.has_status() => &["status"],
            _ => &[],
        }
    }

    /// Finalizers that a deletion itself adds: the kind has something to clean up.
    fn finalizers_on_delete(&self) -> &[&'static str] {
        &[]
    }
}
