//! Objects from files, directories and standard input.

use super::{Found, Query, Target};
use crate::failure::Failure;
use crate::session::Session;
use crate::wire::Request;
use meta::Value;
use std::io::Read;
use std::path::{Path, PathBuf};

const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

pub fn find(query: &Query, session: &Session<'_>) -> Result<Found, Failure> {
    if !query.arguments.is_empty() {
        return Err(Failure::text(
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
        ));
    }
    let sources = sources(query)?;
    let mut found = Found { single: sources.len() == 1, ..Found::default() };
    for source in sources {
        let text = source.read()?;
        for document in documents(&text) {
            match read(document, &source.shown()) {
                Ok(Some(object)) => place(object, &source, query, session, &mut found),
                Ok(None) => {}
                Err(failure) => found.failures.push(failure),
            }
        }
    }
    if found.targets.len() != 1 {
        found.single = false;
    }
    Ok(found)
}

enum Source {
    Input,
    File(PathBuf),
}

impl Source {
    fn shown(&self) -> String {
        match self {
            Source::Input => "STDIN".into(),
            Source::File(path) => path.display().to_string(),
        }
    }

    fn read(&self) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        match self {
            Source::Input => std::io::stdin().read_to_end(&mut bytes).map(|_| ())?,
            Source::File(path) => bytes = std::fs::read(path)?,
        }
        String::from_utf8(bytes).map_err(|why| Failure::text(why.to_string()))
    }
}

fn sources(query: &Query) -> Result<Vec<Source>, Failure> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for file in &query.files {
        match file.as_str() {
            "-" => found.push(Source::Input),
            path => match files_in(Path::new(path), query.recursive) {
                Ok(files) if files.is_empty() => failures.push(Failure::text(format!(
                    "error reading [{path}]: recognized file extensions are [.json .yaml .yml]"
                ))),
                Ok(files) => found.extend(files.into_iter().map(Source::File)),
                Err(failure) => failures.push(failure),
            },
        }
    }
    Failure::all(failures)?;
    Ok(found)
}

fn files_in(path: &Path, recursive: bool) -> Result<Vec<PathBuf>, Failure> {
    let missing = || Failure::text(format!("the path {} does not exist", meta::quote(&path.display().to_string())));
    let about = std::fs::metadata(path).map_err(|_| missing())?;
    if !about.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let known = entry.extension().and_then(|name| name.to_str()).is_some_and(|name| EXTENSIONS.contains(&name));
        match (entry.is_dir(), known) {
            (true, _) if recursive => files.extend(files_in(&entry, true)?),
            (false, true) => files.push(entry),
            _ => {}
        }
    }
    Ok(files)
}

/// The documents of a stream: YAML divides them by lines of three dashes.
fn documents(text: &str) -> Vec<&str> {
    let (mut found, mut begin, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") && line[3..].trim_start_matches('-').trim().is_empty() {
            found.push(&text[begin..at]);
            begin = at + line.len();
        }
        at += line.len();
    }
    found.push(&text[begin..]);
    found
}

fn read(document: &str, source: &str) -> Result<Option<Value>, Failure> {
    let parsed = schema::yaml::parse(document.as_bytes())
        .map_err(|why| Failure::text(format!("error parsing {source}: error converting YAML to JSON: {why}")))?;
    match parsed.value {
        Value::Null => Ok(None),
        object => Ok(Some(object)),
    }
}

/// Finds the object's resource and namespace; a list becomes its items.
fn place(object: Value, source: &Source, query: &Query, session: &Session<'_>, found: &mut Found) {
    if object.str("kind").ends_with("List") && object.get("items").as_list().is_some() {
        found.single = false;
        for item in object.items("items") {
            place(item.clone(), source, query, session, found);
        }
        return;
    }
    match target(object, source, session).and_then(|target| latest(target, query, session)) {
        Ok(target) => found.targets.push(target),
        Err(failure) => found.failures.push(failure),
    }
}

fn target(mut object: Value, source: &Source, session: &Session<'_>) -> Result<Target, Failure> {
    let (api_version, kind) = (object.str("apiVersion").to_string(), object.str("kind").to_string());
    let shown = source.shown();
    if kind.is_empty() || api_version.is_empty() {
        return Err(untyped(&object, &shown));
    }
    let resource = session.discovery()?.of_kind(&api_version, &kind).ok_or_else(|| unknown(&object, &shown))?;
    if resource.namespaced {
        let (own, asked) = (object.str("metadata.namespace").to_string(), session.namespace()?);
        if own.is_empty() {
            object.set("metadata.namespace", &asked);
        } else if session.namespace_given() && own != asked {
            return Err(Failure::text(format!(
                "the namespace from the provided object {} does not match the namespace {}. You must pass '--namespace={own}' \
                 to perform this operation.",
                meta::quote(&own),
                meta::quote(&asked)
            )));
        }
    }
    Ok(Target::of_object(resource, object, &shown))
}

fn untyped(object: &Value, source: &str) -> Failure {
    let field = |name: &str| if object.str(name).is_empty() { Some(format!("{name} not set")) } else { None };
    let missing: Vec<String> = [field("apiVersion"), field("kind")].into_iter().flatten().collect();
    let missing = if missing.len() > 1 { format!("[{}]", missing.join(", ")) } else { missing.concat() };
    Failure::text(format!(
        "error validating {}: error validating data: {missing}; if you choose to ignore these errors, turn validation off with \
         --validate=false",
        meta::quote(source)
    ))
}

fn unknown(object: &Value, source: &str) -> Failure {
    let (name, namespace) = (object.str("metadata.name"), object.str("metadata.namespace"));
    Failure::text(format!(
        "resource mapping not found for name: {} namespace: {} from {}: no matches for kind {} in version {}\nensure CRDs are \
         installed first",
        meta::quote(name),
        meta::quote(namespace),
        meta::quote(source),
        meta::quote(object.str("kind")),
        meta::quote(object.str("apiVersion"))
    ))
}

fn latest(mut target: Target, query: &Query, session: &Session<'_>) -> Result<Target, Failure> {
    if query.latest && !query.names_only {
        let request: Request = query.request(target.path());
        target.object = session.door()?.call(request)?;
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_divided_at_dashes() {
        for (text, expect) in [
            ("a: 1\n", vec!["a: 1\n"]),
            ("---\na: 1\n---\nb: 2", vec!["", "a: 1\n", "b: 2"]),
            ("a: |\n  ---x\n--- \nb: 1", vec!["a: |\n  ---x\n", "b: 1"]),
        ] {
            assert_eq!(documents(text), expect);
        }
    }
}
