//! Kubeconfig files: found, read, merged; the first file that says something wins.

mod credentials;

use crate::failure::Failure;
use meta::{Map, Value};
use std::path::{Path, PathBuf};

pub use credentials::client_config;

/// What messages call the file that is not named.
const LISTS: [&str; 3] = ["clusters", "contexts", "users"];
/// Paths inside a file are relative to it.
const PATHS: [(&str, &str); 4] = [
    ("clusters", "cluster.certificate-authority"),
    ("users", "user.client-certificate"),
    ("users", "user.client-key"),
    ("users", "user.tokenFile"),
];

#[derive(Clone, Debug)]
pub struct Config {
    pub merged: Value,
    /// The files in order, whether they exist or not.
    pub files: Vec<PathBuf>,
}

pub fn load(explicit: &str) -> Result<Config, Failure> {
    let files = files(explicit);
    let mut merged = Value::map();
    for file in &files {
        match std::fs::read(file) {
            Ok(text) => merge(&mut merged, &read(file, &text)?),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound && explicit.is_empty() => {}
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::text(format!("stat {}: no such file or directory", file.display())));
            }
            Err(why) => {
                return Err(Failure::text(format!(
                    "error loading config file {:?}: {why}",
                    file.display().to_string()
                )));
            }
        }
    }
    Ok(Config { merged, files })
}

fn files(explicit: &str) -> Vec<PathBuf> {
    if !explicit.is_empty() {
        return vec![explicit.into()];
    }
    match std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config")).into_iter().collect(),
    }
}

/// One file with its paths made whole.
fn read(file: &Path, text: &[u8]) -> Result<Value, Failure> {
    let parsed = schema::yaml::parse(text)
        .map_err(|why| Failure::text(format!("error loading config file \"{}\": {why}", file.display())))?;
    let mut value = parsed.value;
    let folder = file.parent().unwrap_or(Path::new(""));
    for (list, path) in PATHS {
        for entry in value.get_mut(list).and_then(Value::as_list_mut).into_iter().flatten() {
            let given = entry.str(path).to_string();
            if !given.is_empty() && Path::new(&given).is_relative() {
                entry.set(path, folder.join(given).display().to_string());
            }
        }
    }
    Ok(value)
}

fn merge(merged: &mut Value, next: &Value) {
    for list in LISTS {
        let mut entries = merged.items(list).to_vec();
        for entry in next.items(list) {
            if !entries.iter().any(|known| known.str("name") == entry.str("name")) {
                entries.push(entry.clone());
            }
        }
        merged.set(list, Value::List(entries));
    }
    for name in ["current-context", "preferences"] {
        if merged.get(name).is_empty() && !next.get(name).is_null() {
            merged.set(name, next.get(name).clone());
        }
    }
}

impl Config {
    pub fn current(&self) -> &str {
        self.merged.str("current-context")
    }

    /// An entry of `clusters`, `contexts` or `users`.
    pub fn entry(&self, list: &str, name: &str) -> Option<&Value> {
        self.merged.items(list).iter().find(|entry| entry.str("name") == name)
    }

    pub fn context(&self, chosen: &str) -> Option<&Value> {
        let name = if chosen.is_empty() { self.current() } else { chosen };
        self.entry("contexts", name).map(|entry| entry.get("context"))
    }

    pub fn namespace(&self, chosen: &str) -> String {
        match self.context(chosen).map_or("", |context| context.str("namespace")) {
            "" => "default".into(),
            namespace => namespace.into(),
        }
    }

    /// The file that a change of an entry belongs into: the first that has it, else the first.
    pub fn file_of(&self, has: impl Fn(&Value) -> bool) -> Result<(PathBuf, Value), Failure> {
        let mut first = None;
        for path in &self.files {
            let value = match std::fs::read(path) {
                Ok(text) => schema::yaml::parse(&text).map_err(|why| Failure::text(why.to_string()))?.value,
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => continue,
                Err(why) => return Err(why.into()),
            };
            if has(&value) {
                return Ok((path.clone(), value));
            }
            first.get_or_insert((path.clone(), value));
        }
        let fresh = || self.files.first().map(|path| (path.clone(), Value::Map(Map::default())));
        first.or_else(fresh).ok_or_else(|| Failure::text("no configuration file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_wins() {
        let mut merged = Value::map();
        for text in [
            "current-context: a\ncontexts: [{name: a, context: {cluster: x, namespace: space}}]",
            "current-context: b\ncontexts: [{name: a, context: {cluster: y}}, {name: b, context: {cluster: z}}]",
        ] {
            merge(&mut merged, &read(Path::new("/d/f"), text.as_bytes()).expect("YAML"));
        }
        let config = Config { merged, files: Vec::new() };
        assert_eq!(config.current(), "a");
        assert_eq!(config.context("").map(|context| context.str("cluster")), Some("x"));
        assert_eq!((config.namespace(""), config.namespace("b")), ("space".into(), "default".into()));
    }
}
