//! Changes of the kubeconfig's files: each goes into the file that has the entry already, else into the first.

use crate::config::Config;
use crate::failure::Failure;
use crate::print::yaml;
use meta::{Value, value};
use std::path::Path;

/// The file that messages name.
pub fn main_path(config: &Config) -> String {
    config.files.first().map(|path| path.display().to_string()).unwrap_or_default()
}

pub fn change(
    config: &Config,
    list: &str,
    name: &str,
    change: impl FnOnce(&mut Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let has = |file: &Value| file.items(list).iter().any(|entry| entry.str("name") == name);
    let (path, mut file) = config.file_of(has)?;
    change(&mut file)?;
    write(&path, file)
}

pub fn change_current(config: &Config, name: &str) -> Result<(), Failure> {
    let (path, mut file) = config.file_of(|file| !file.get("current-context").is_empty())?;
    file.set("current-context", name);
    write(&path, file)
}

fn write(path: &Path, mut file: Value) -> Result<(), Failure> {
    file.set_if_absent("apiVersion", "v1");
    file.set_if_absent("kind", "Config");
    file.set_if_absent("current-context", "");
    for list in ["clusters", "contexts", "users"] {
        let mut entries = file.items(list).to_vec();
        entries.sort_by(|a, b| a.str("name").cmp(b.str("name")));
        file.set(list, if entries.is_empty() { Value::Null } else { Value::List(entries) });
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, yaml::write(&file))?)
}

/// What an entry holds; a new one is made where there is none.
pub fn entry<'f>(file: &'f mut Value, list: &str, holds: &str, name: &str) -> &'f mut Value {
    if file.get(list).as_list().is_none() {
        file.set(list, Value::List(Vec::new()));
    }
    let entries = file.entry(list).as_list_mut().expect("it was made a list");
    let at = entries.iter().position(|entry| entry.str("name") == name).unwrap_or_else(|| {
        entries.push(value!({"name": name}));
        entries.len() - 1
    });
    let slot = entries[at].entry(holds);
    if slot.is_null() {
        *slot = Value::map();
    }
    slot
}

pub fn remove_entry(file: &mut Value, list: &str, name: &str) {
    if let Some(entries) = file.get_mut(list).and_then(Value::as_list_mut) {
        entries.retain(|entry| entry.str("name") != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_or_made() {
        let mut file = value!({"users": null});
        entry(&mut file, "users", "user", "a").set("token", "t");
        entry(&mut file, "users", "user", "a").set("username", "n");
        assert_eq!(file, value!({"users": [{"name": "a", "user": {"token": "t", "username": "n"}}]}));
        remove_entry(&mut file, "users", "a");
        assert!(file.items("users").is_empty());
    }
}
