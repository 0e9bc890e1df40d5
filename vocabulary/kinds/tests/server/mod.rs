//! What the API server does with an object on its way to the store, as far as it concerns rows.

use kinds::{Context, KindDef, metadata};
use meta::{ErrorList, GroupVersion, Value};
use schema::{DecodeError, Format};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const UID: &str = "00000000-0000-0000-0000-000000000000";
pub const NOW: &str = "2026-01-01T00:00:00Z";

pub fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nested = entries.flat_map(|path| if path.is_dir() { files(&path, wanted) } else { vec![path] });
    nested.filter(|path| path.is_dir() || wanted(path)).collect()
}

pub fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

pub fn read(path: &Path) -> Value {
    meta::parse(&fs::read(path).unwrap()).unwrap()
}

pub struct Server {
    pub def: Arc<KindDef>,
    version: String,
    /// The apiVersions between which the row converts.
    pub spoken: String,
    pub stored: String,
    groups: Vec<String>,
    extra: BTreeMap<String, Vec<String>>,
}

impl Server {
    pub fn of(rows: &[Arc<KindDef>], sample: &Value) -> Server {
        let spoken = GroupVersion::parse(sample.str("apiVersion")).unwrap();
        let is_it = |def: &&Arc<KindDef>| def.group == spoken.group && def.names.kind == sample.str("kind");
        let def = rows.iter().find(is_it).unwrap().clone();
        let stored = match &def.stored_as {
            Some(other) => other.group_version().api_version().to_string(),
            None => def.gvk(&def.storage_version().name).group_version().api_version().to_string(),
        };
        let groups = ["system:masters", "system:authenticated"].map(String::from).into();
        Server {
            def,
            version: spoken.version.to_string(),
            spoken: spoken.api_version().to_string(),
            stored,
            groups,
            extra: BTreeMap::new(),
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            def: &self.def,
            version: &self.version,
            subresource: "",
            now: NOW.parse().unwrap(),
            dry_run: false,
            user: "admin",
            uid: "",
            groups: &self.groups,
            extra: &self.extra,
        }
    }

    pub fn convert(&self, value: Value, from: &str, to: &str) -> Value {
        if from == to {
            return value;
        }
        let mut value = self.def.rules.convert(value, from, to).unwrap();
        value.set("apiVersion", to);
        value
    }

    fn decode(&self, text: &[u8]) -> Result<Value, DecodeError> {
        let schema = &self.def.version(&self.version).unwrap().schema;
        let mut value = schema.decode(text, Format::Json)?.value;
        schema.default(&mut value);
        let mut value = self.convert(value, &self.spoken, &self.stored);
        self.def.rules.default(&mut value);
        Ok(value)
    }

    pub fn create(&self, text: &[u8]) -> Result<(Value, ErrorList), DecodeError> {
        let mut value = self.decode(text)?;
        value.set("metadata.uid", UID);
        value.set("metadata.creationTimestamp", NOW);
        if self.def.rules.has_generation() {
            value.set("metadata.generation", 1i64);
        }
        let context = self.context();
        self.def.rules.prepare_create(&context, &mut value);
        let mut errors = self.def.rules.validate(&context, &value);
        errors.extend(metadata::validate(&self.def, &value));
        self.def.rules.default(&mut value);
        self.def.rules.allocated(&mut value);
        Ok((value, errors))
    }

    #[allow(dead_code, reason = "one of the tests that share this module updates nothing")]
    pub fn update(&self, old: &Value, text: &[u8]) -> Result<ErrorList, DecodeError> {
        let mut value = self.decode(text)?;
        for field in ["creationTimestamp", "generation"] {
            value.set(&format!("metadata.{field}"), old.at("metadata").get(field).clone());
        }
        let context = self.context();
        self.def.rules.prepare_update(&context, &mut value, old);
        let mut errors = metadata::validate_update(&self.def, &value, old);
        errors.extend(self.def.rules.validate_update(&context, &value, old));
        Ok(errors)
    }
}
