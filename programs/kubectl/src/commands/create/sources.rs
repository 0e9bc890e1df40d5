//! Where configuration comes from: `--from-literal`, `--from-file`, `--from-env-file`.

use crate::failure::Failure;
use crate::flags::Parsed;
use meta::quote;
use std::path::Path;

pub type Entry = (String, Vec<u8>);

/// Every key with its bytes, in the order given.
pub fn read(flags: &Parsed) -> Result<Vec<Entry>, Failure> {
    let (files, literals, env) = (flags.list("from-file"), flags.list("from-literal"), flags.list("from-env-file"));
    let others = files.len() + literals.len();
    if !env.is_empty() && others > 0 {
        return Err(Failure::text("from-env-file cannot be combined with from-file or from-literal"));
    }
    let mut entries = Vec::new();
    for source in files {
        from_file(source, &mut entries)?;
    }
    for source in literals {
        entries.push(literal(source)?);
    }
    for path in env {
        from_env_file(path, &mut entries)?;
    }
    Ok(entries)
}

fn literal(source: &str) -> Result<Entry, Failure> {
    match source.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            let unquoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            Ok((key.to_string(), unquoted.unwrap_or(value).as_bytes().to_vec()))
        }
        _ => Err(Failure::text(format!("invalid literal source {source}, expected key=value"))),
    }
}

pub fn from_file(source: &str, entries: &mut Vec<Entry>) -> Result<(), Failure> {
    let (key, path) = file_source(source)?;
    let about = std::fs::metadata(path).map_err(|_| missing(path))?;
    if !about.is_dir() {
        entries.push((key, std::fs::read(path)?));
        return Ok(());
    }
    if source.contains('=') {
        return Err(Failure::text("cannot give a key name for a directory path"));
    }
    let mut files: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        if file.file_type()?.is_file() {
            entries.push((file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path())?));
        }
    }
    Ok(())
}

fn missing(path: &str) -> Failure {
    Failure::text(format!("error reading {path}: no such file or directory"))
}

/// `path` or `key=path`.
fn file_source(source: &str) -> Result<(String, &str), Failure> {
    match source.matches('=').count() {
        0 => {
            let name = Path::new(source).file_name().map_or(source.into(), |name| name.to_string_lossy());
            Ok((name.into_owned(), source))
        }
        1 if source.starts_with('=') => Err(Failure::text(format!("key name for file path {} missing", &source[1..]))),
        1 if source.ends_with('=') => {
            Err(Failure::text(format!("file path for key name {} missing", &source[..source.len() - 1])))
        }
        1 => source
            .split_once('=')
            .map(|(key, path)| (key.to_string(), path))
            .ok_or_else(|| Failure::text("key names or file paths cannot contain '='")),
        _ => Err(Failure::text("key names or file paths cannot contain '='")),
    }
}

fn from_env_file(path: &str, entries: &mut Vec<Entry>) -> Result<(), Failure> {
    let about = std::fs::metadata(path).map_err(|_| missing(path))?;
    if about.is_dir() {
        return Err(Failure::text("env config file cannot be a directory"));
    }
    let text = std::fs::read_to_string(path)?;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, value.to_string()),
            None => match std::env::var(line) {
                Ok(value) => (line, value),
                Err(_) => continue,
            },
        };
        entries.push((key.to_string(), value.into_bytes()));
    }
    Ok(())
}

/// What is wrong with a key, if anything.
pub fn key_problem(key: &str) -> Option<String> {
    const FORM: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
                        'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    if key.len() > 253 {
        return Some("must be no more than 253 characters".into());
    }
    let fits = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    match key {
        _ if !fits => Some(FORM.into()),
        "." => Some("must not be '.'".into()),
        ".." => Some("must not be '..'".into()),
        key if key.starts_with("..") => Some("must not start with '..'".into()),
        _ => None,
    }
}

pub fn already_there(key: &str, field: &str, name: &str) -> Failure {
    let (key, name) = (quote(key), quote(name));
    Failure::text(format!(
        "cannot add key {key}, another key by that name already exists in {field} for ConfigMap {name}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read() {
        for (source, expect) in
            [("a=b", Some(("a", "b"))), ("a='x=y'", Some(("a", "x=y"))), ("a=", Some(("a", ""))), ("a", None)]
        {
            let read = literal(source).ok();
            assert_eq!(read, expect.map(|(key, value)| (key.to_string(), value.as_bytes().to_vec())), "{source}");
        }
        for (source, expect) in
            [("d/f.txt", Some("f.txt")), ("k=d/f", Some("k")), ("=f", None), ("k=", None), ("a=b=c", None)]
        {
            assert_eq!(file_source(source).ok().map(|(key, _)| key).as_deref(), expect, "{source}");
        }
        for (key, fits) in [("a.b_c-D", true), ("..a", false), ("a b", false), ("", false)] {
            assert_eq!(key_problem(key).is_none(), fits, "{key}");
        }
    }
}
