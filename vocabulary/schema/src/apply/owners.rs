//! The entries of `managedFields`: who wrote which fields, how, and when.

use super::changes::Changes;
use super::set::Set;
use meta::{CompactString, Time, Value};
use std::collections::{HashMap, hash_map};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Apply,
    Update,
}

impl Operation {
    fn word(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub manager: CompactString,
    pub operation: Operation,
    pub api_version: CompactString,
    pub subresource: CompactString,
    /// RFC 3339 in UTC, so that texts sort as times do; empty when there is none.
    pub time: CompactString,
    pub fields: Set,
}

/// No two of one identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners(pub Vec<Entry>);

/// More update managers than this and the oldest are put together.
const MAX_UPDATERS: usize = 10;
const ANCIENT: &str = "ancient-changes";

impl Entry {
    pub(super) fn same_owner(&self, other: &Entry) -> bool {
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }

    /// What identifies an owner, as upstream spells and sorts it.
    pub(super) fn identity(&self) -> String {
        let mut text =
            format!("{{\"manager\":{},\"operation\":\"{}\"", Value::from(&self.manager), self.operation.word());
        if self.operation == Operation::Update {
            text.push_str(&format!(",\"apiVersion\":{}", Value::from(&self.api_version)));
        }
        if !self.subresource.is_empty() {
            text.push_str(&format!(",\"subresource\":{}", Value::from(&self.subresource)));
        }
        text.push('}');
        text
    }

    /// From an entry that a client may have written.
    fn decode(index: usize, entry: &Value) -> Result<Entry, String> {
        let operation = match entry.str("operation") {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return Err("operation must be `Apply` or `Update`".into()),
        };
        if entry.str("apiVersion").is_empty() {
            return Err("apiVersion must not be empty".into());
        }
        match entry.str("fieldsType") {
            "FieldsV1" => {}
            "" => return Err(format!("missing fieldsType in managed fields entry {index}")),
            other => return Err(format!("invalid fieldsType {other:?} in managed fields entry {index}")),
        }
        Ok(Entry {
            manager: entry.str("manager").into(),
            operation,
            api_version: entry.str("apiVersion").into(),
            subresource: entry.str("subresource").into(),
            time: Time::parse(entry.str("time")).map(|time| time.to_string().into()).unwrap_or_default(),
            fields: Set::decode(entry.get("fieldsV1"))?,
        })
    }

    /// From an entry that the server has written.
    fn from_stored(entry: Value) -> Option<Entry> {
        let Value::Map(mut fields) = entry else { return None };
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::Str(text)) => text,
            _ => CompactString::default(),
        };
        Some(Entry {
            manager: text("manager"),
            operation: if text("operation") == "Apply" { Operation::Apply } else { Operation::Update },
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: text("time"),
            fields: Set::from_value(fields.remove("fieldsV1").unwrap_or_default()),
        })
    }

    fn into_value(self) -> Value {
        let mut fields = Vec::with_capacity(7);
        fields.push(("apiVersion", Value::Str(self.api_version)));
        fields.push(("fieldsType", Value::from("FieldsV1")));
        fields.push(("fieldsV1", self.fields.into_value()));
        let texts =
            [("manager", self.manager), ("operation", self.operation.word().into()), ("subresource", self.subresource)];
        let texts = texts.into_iter().chain([("time", self.time)]).filter(|(_, text)| !text.is_empty());
        fields.extend(texts.map(|(name, text)| (name, Value::Str(text))));
        Value::Map(fields.into_iter().collect())
    }
}

impl Owners {
    /// From `managedFields` that a client may have written.
    pub fn decode(entries: &Value) -> Result<Owners, String> {
        let entries = entries.as_list().unwrap_or(&[]);
        let mut owners = Owners::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let entry = Entry::decode(index, entry)?;
            match known.entry(entry.identity()) {
                hash_map::Entry::Occupied(at) => owners.0[*at.get()] = entry,
                hash_map::Entry::Vacant(slot) => {
                    slot.insert(owners.0.len());
                    owners.0.push(entry);
                }
            }
        }
        Ok(owners)
    }

    /// From `managedFields` that the server has stored.
    pub fn from_stored(entries: Value) -> Owners {
        let Value::List(entries) = entries else { return Owners::default() };
        Owners(entries.into_iter().filter_map(Entry::from_stored).collect())
    }

    /// `managedFields`, sorted; none when nobody owns anything.
    pub fn into_value(mut self) -> Option<Value> {
        self.0.sort_by(|a, b| {
            let order = a.operation.cmp(&b.operation).then_with(|| a.time.cmp(&b.time));
            let order = order.then_with(|| a.manager.cmp(&b.manager));
            order.then_with(|| a.api_version.cmp(&b.api_version)).then_with(|| a.subresource.cmp(&b.subresource))
        });
        let entries: Vec<Value> = self.0.into_iter().map(Entry::into_value).collect();
        (!entries.is_empty()).then_some(Value::List(entries))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn position(&self, owner: &Entry) -> Option<usize> {
        self.0.iter().position(|entry| entry.same_owner(owner))
    }

    pub(super) fn put(&mut self, entry: Entry) {
        match self.position(&entry) {
            Some(at) => self.0[at] = entry,
            None => self.0.push(entry),
        }
    }

    pub(super) fn take(&mut self, owner: &Entry) -> Option<Entry> {
        self.position(owner).map(|at| self.0.remove(at))
    }

    /// Takes what has changed away from all owners but `me`; owners go who own nothing or wrote in a version that is gone.
    pub(super) fn disown(&mut self, changes: &Changes, me: Option<&Entry>) {
        self.0.retain_mut(|owner| {
            if me.is_some_and(|me| owner.same_owner(me)) {
                return true;
            }
            let Some(changes) = changes.seen_by(owner) else { return false };
            for set in [&changes.added, &changes.modified, &changes.removed] {
                owner.fields.subtract(set);
            }
            true
        });
        self.drop_empty();
    }

    pub(super) fn drop_empty(&mut self) {
        self.0.retain(|entry| !entry.fields.is_empty());
    }

    /// Puts the oldest update managers of a version together, until there are few enough.
    pub(super) fn cap_updaters(&mut self) {
        let mut updaters: Vec<Entry> = self.0.iter().filter(|e| e.operation == Operation::Update).cloned().collect();
        let mut excess = updaters.len().saturating_sub(MAX_UPDATERS);
        if excess == 0 {
            return;
        }
        updaters.sort_by_cached_key(|entry| (entry.time.clone(), entry.identity()));
        let mut first_of_version: Vec<Entry> = Vec::new();
        for entry in updaters {
            if excess == 0 {
                return;
            }
            match first_of_version.iter().find(|first| first.api_version == entry.api_version) {
                None => first_of_version.push(entry),
                Some(first) => {
                    self.fold(&first.clone(), &entry);
                    excess -= 1;
                }
            }
        }
    }

    /// Puts `entry` into the ancient entry of its version, which `first` becomes when there is none yet.
    fn fold(&mut self, first: &Entry, entry: &Entry) {
        let bucket = Entry { manager: ANCIENT.into(), subresource: CompactString::default(), ..entry.clone() };
        if self.position(&bucket).is_none() {
            let fields = self.take(first).map(|first| first.fields).unwrap_or_default();
            self.put(Entry { fields, ..bucket.clone() });
        }
        let Some(folded) = self.take(entry) else { return };
        let Some(at) = self.position(&bucket) else { return };
        self.0[at].fields.add(&folded.fields);
        self.0[at].time = folded.time;
    }
}
