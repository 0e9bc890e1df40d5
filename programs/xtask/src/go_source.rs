//! Reads the struct tags of upstream's Go types: what JSON omits, what is a pointer, protobuf's numbers.

use crate::{Failure, failure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The release whose module versions are read.
const RELEASE: &str = "v0.35.4";

#[derive(Clone, Debug, Default)]
pub struct GoField {
    pub json: String,
    /// As written: `*int32`, `[]Container`, `map[string]string`, `metav1.Time`.
    pub go_type: String,
    pub omitted_when_empty: bool,
    pub omitted_when_zero: bool,
    /// 0 where protobuf does not carry it.
    pub number: u32,
    /// Embedded without a name of its own in JSON.
    pub inline: bool,
}

#[derive(Default)]
pub struct GoPackage {
    pub structs: BTreeMap<String, Vec<GoField>>,
    /// `type ResourceName string`
    pub others: BTreeMap<String, String>,
}

/// The folder of Go modules: `$GOMODCACHE`, or where Go keeps it.
pub fn modules() -> PathBuf {
    let home = std::env::var("HOME").unwrap_or_default();
    std::env::var("GOMODCACHE").map(PathBuf::from).unwrap_or_else(|_| Path::new(&home).join("go/pkg/mod"))
}

/// The folder of the package whose OpenAPI names begin with `prefix`.
fn folder(prefix: &str) -> Option<PathBuf> {
    let rest = prefix.strip_prefix("io.k8s.")?;
    let (module, path) = rest.split_once('.')?;
    let path = path.replace('.', "/");
    Some(modules().join(format!("k8s.io/{module}@{RELEASE}/{path}")))
}

pub fn package(prefix: &str) -> Result<GoPackage, Failure> {
    let folder = folder(prefix).ok_or_else(|| Failure::Unexpected(format!("{prefix}: no Go package")))?;
    let mut package = GoPackage::default();
    let entries = std::fs::read_dir(&folder).map_err(Failure::io(folder.display()))?;
    for entry in entries {
        let path = entry.map_err(Failure::io(folder.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let written = name.ends_with(".go")
            && !name.starts_with("zz_")
            && !name.contains("generated")
            && !name.ends_with("_test.go");
        if written {
            package.read(&failure::read(&path)?);
        }
    }
    Ok(package)
}

impl GoPackage {
    fn read(&mut self, source: &str) {
        let mut open: Option<String> = None;
        for line in source.lines() {
            let line = line.trim();
            match &open {
                Some(_) if line == "}" => open = None,
                Some(name) => {
                    let field = parse_field(line);
                    self.structs.get_mut(name).expect("opened below").extend(field);
                }
                None => open = self.declaration(line),
            }
        }
    }

    /// Notes a type's declaration; the name of a struct whose fields follow.
    fn declaration(&mut self, line: &str) -> Option<String> {
        let (name, rest) = line.strip_prefix("type ")?.split_once(' ')?;
        match rest {
            "struct {" => {
                self.structs.insert(name.to_string(), Vec::new());
                Some(name.to_string())
            }
            "struct{}" => {
                self.structs.insert(name.to_string(), Vec::new());
                None
            }
            other => {
                self.others.insert(name.to_string(), other.trim_start_matches("= ").to_string());
                None
            }
        }
    }
}

/// `Name Type `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"``
fn parse_field(line: &str) -> Option<GoField> {
    if line.starts_with("//") {
        return None;
    }
    let (declared, tags) = line.split_once('`')?;
    let json = tag(tags, "json")?;
    let (name, options) = json.split_once(',').unwrap_or((json, ""));
    let mut words = declared.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    let number = tag(tags, "protobuf").and_then(|t| t.split(',').nth(1)?.parse().ok()).unwrap_or(0);
    Some(GoField {
        json: name.to_string(),
        go_type: second.unwrap_or(first).to_string(),
        omitted_when_empty: options.contains("omitempty"),
        omitted_when_zero: options.contains("omitzero"),
        number,
        inline: second.is_none() && name.is_empty() || options.contains("inline"),
    })
    .filter(|field| field.json != "-")
}

fn tag<'t>(tags: &'t str, name: &str) -> Option<&'t str> {
    let start = tags.find(&format!("{name}:\""))? + name.len() + 2;
    tags[start..].split('"').next()
}
