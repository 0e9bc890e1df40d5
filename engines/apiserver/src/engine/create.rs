//! Creation.

use super::{Going, Outcome, store_status};
use crate::admission::Operation;
use crate::storage;
use kinds::Stage;
use meta::{CompactString, Cursor, ErrorList, FieldError, Object, Path, Problem, Status, Time, Value};
use store::{Expect, Txn};

/// Tries of a generated name before the client is asked to try again.
const NAME_TRIES: usize = 8;
const GENERATED_BASE_MOST: usize = 63 - 5;

pub(super) const REPEATED_OWNERS: &str = "";
pub(super) const REPEATED_OWNERS_ADMITTED: &str = " after mutating admission happens";

impl Going<'_> {
    pub(super) async fn create(&mut self) -> Result<Outcome, Status> {
        let mut value = self.checked_body()?;
        self.deduplicate_owners(&mut value, REPEATED_OWNERS);
        let value = self.to_storage(value).await?;
        self.create_value(value).await
    }

    /// Creates what a body, or an update of what does not exist, has brought; in storage form.
    pub(super) async fn create_value(&mut self, mut value: Value) -> Result<Outcome, Status> {
        self.settle_namespace(&mut value)?;
        // As upstream: it is the store that refuses, and a dry run never gets there.
        let stored = !self.call.request.write.dry_run;
        if stored && !matches!(value.str("metadata.resourceVersion"), "" | "0") {
            return Err(version_on_create());
        }
        let base = CompactString::from(value.str("metadata.generateName"));
        if !value.str("metadata.name").is_empty() || base.is_empty() {
            let name = CompactString::from(value.str("metadata.name"));
            // As upstream: whoever sends a base beside a name is told of it, too.
            return self.create_named(value).await.map_err(|status| match status.is(meta::Reason::AlreadyExists) {
                true if !base.is_empty() => Status::generate_name_conflict(&self.call.request.resource, &name),
                _ => status,
            });
        }
        for _ in 0..NAME_TRIES {
            let kept = &base[..base.len().min(GENERATED_BASE_MOST)];
            let mut named = value.clone();
            named.set("metadata.name", format!("{kept}{}", self.api.clock.name_suffix()));
            match self.create_named(named).await {
                Err(status) if status.is(meta::Reason::AlreadyExists) => continue,
                other => return other,
            }
        }
        Err(Status::generate_name_conflict(&self.call.request.resource, &base))
    }

    async fn create_named(&mut self, mut value: Value) -> Result<Outcome, Status> {
        self.row.def.rules.default(&mut value);
        // Nobody owns what no client may set.
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
            value.remove(&format!("metadata.{field}"));
        }
        self.own(None, &mut value).await?;
        self.admit(Operation::Create, &mut value, None).await?;
        self.deduplicate_owners(&mut value, REPEATED_OWNERS_ADMITTED);
        self.warnings.extend(self.row.def.rules.warnings_as_sent(&value));
        self.prepare_create(&mut value);
        self.judge(Stage::Create, &value, None)?;
        self.check_admission(Operation::Create, Some(&value), None).await?;
        self.row.def.storage_version().schema.forget_empties(&mut value);
        // Upstream gives defaults to what it reads from its store, and by now the object has a uid.
        self.row.def.rules.default(&mut value);
        let key = storage::value_key(&value);
        if self.row.hub.get(&key).is_some() {
            // Told before what it would claim, which is most likely claimed by the one that exists.
            return Err(Status::already_exists(&self.call.request.resource, &key.name));
        }
        let claims = self.claim(&mut value, None)?;
        self.commit_create(value, claims).await
    }

    /// Drops owners that are named twice, and says so.
    pub(super) fn deduplicate_owners(&mut self, value: &mut Value, since: &str) {
        let repeated = kinds::metadata::deduplicate_owners(value);
        if !repeated.is_empty() {
            self.warnings.push(format!(
                ".metadata.ownerReferences contains duplicate entries{since}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
                repeated.join(", ")
            ));
        }
    }

    fn prepare_create(&self, value: &mut Value) {
        let context = self.context();
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"] {
            value.remove(&format!("metadata.{field}"));
        }
        value.set("metadata.creationTimestamp", Time(context.now).to_string());
        value.set("metadata.uid", self.api.clock.uuid());
        if self.row.def.rules.has_generation() {
            value.set("metadata.generation", 1i64);
        }
        self.row.def.rules.prepare_create(&context, value);
    }

    async fn commit_create(&mut self, value: Value, claims: Txn) -> Result<Outcome, Status> {
        let key = storage::value_key(&value);
        let body = Object::canonical(&value);
        if self.call.request.write.dry_run {
            if self.row.hub.get(&key).is_some() {
                return Err(Status::already_exists(&self.call.request.resource, &key.name));
            }
            let object = self.object(body, 0)?;
            return Ok(Outcome { created: true, ..Outcome::object(self.presented(object).await?) });
        }
        let stored = self.storage_key(&key);
        let encoded = self.api.format.encode(&self.row.def, &value, &body).map_err(Status::internal)?;
        let txn = claims.expect(stored.clone(), Expect::Absent).or_read(stored.clone());
        let txn = match self.row.def.rules.lifetime() {
            Some(lifetime) => txn.put_for(lifetime, stored, encoded),
            None => txn.put(stored, encoded),
        };
        let answer = self.api.store.txn(txn).await.map_err(store_status)?;
        if !answer.succeeded {
            // The object's own key was read last: where it is free, a claim of an address or port was lost to another.
            return Err(match answer.records.last() {
                Some(Some(_)) => Status::already_exists(&self.call.request.resource, &key.name),
                _ => Status::conflict(
                    &self.call.request.resource,
                    &key.name,
                    "an address or port was taken meanwhile; please try again",
                ),
            });
        }
        let object = self.object(body, answer.revision)?;
        Ok(Outcome { created: true, ..Outcome::object(self.presented(object).await?) })
    }

    /// Judges an object by metadata's rules, its schema's and its row's.
    pub(super) fn judge(&mut self, stage: Stage, new: &Value, old: Option<&Value>) -> Result<(), Status> {
        let def = self.row.def.clone();
        let context = self.context();
        let mut errors = ErrorList::default();
        match (stage, old) {
            (Stage::Update, Some(old)) => {
                errors.extend(kinds::metadata::validate_update(&def, new, old));
                errors.extend(def.rules.validate_update(&context, new, old));
            }
            _ => {
                errors.extend(kinds::metadata::validate(&def, new));
                errors.extend(def.rules.validate(&context, new));
            }
        }
        let mut warnings = Vec::new();
        if def.custom {
            warnings = self.judge_custom(new, old.filter(|_| stage == Stage::Update), &mut errors);
        }
        if errors.is_empty() {
            warnings.extend(def.rules.warnings(&context, new, old));
            self.warnings.extend(warnings);
            return Ok(());
        }
        kinds::go_form::show_objects(&def, &mut errors);
        // Upstream names the form in which the object is judged.
        let kind = def.stored_as.clone().unwrap_or_else(|| def.gvk(&self.call.request.resource.version));
        Err(Status::invalid(&kind, new.str("metadata.name"), &errors))
    }

    /// By its schema and its rules; of an update, what was there before in the same form is forgiven. What is told
    /// and yet forgiven is the result.
    fn judge_custom(&self, new: &Value, old: Option<&Value>, errors: &mut ErrorList) -> Vec<String> {
        let schema = &self.row.def.storage_version().schema;
        let cursor = Cursor::root(new);
        errors.extend(match old {
            Some(old) => schema.validate_update(&cursor, &Cursor::root(old)),
            None => schema.validate(&cursor),
        });
        if schema.types.rules.is_none() {
            return Vec::new();
        }
        if errors.iter().any(blocks_rules) {
            let why = "some validation rules were not checked because the object was invalid; \
                       correct the existing errors to complete validation";
            let unchecked = FieldError::invalid(&Path::root(), Value::Null, why);
            errors.push(FieldError { field: "<nil>".into(), ..unchecked });
            return Vec::new();
        }
        let verdict = schema.judge_rules(new, old);
        errors.extend(verdict.errors);
        verdict.warnings
    }
}

/// Rules look at objects alone that have the form which their schema says.
fn blocks_rules(error: &FieldError) -> bool {
    matches!(
        error.problem,
        Problem::NotSupported | Problem::Required | Problem::TooLong | Problem::TooMany | Problem::TypeInvalid
    )
}

fn version_on_create() -> Status {
    let message = "resourceVersion should not be set on objects to be created";
    Status { status: "Failure".into(), message: message.into(), code: 500, ..Status::default() }
}
