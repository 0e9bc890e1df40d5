//! Types, names and selectors on the command line.

use super::{Found, Query, Target};
use crate::discovery::Resource;
use crate::failure::Failure;
use crate::session::Session;
use meta::Value;
use std::rc::Rc;

/// What the words name.
enum Named {
    /// A selector over these types.
    Types(Vec<String>),
    Each(Vec<(String, String)>),
    Nothing,
}

pub fn find(query: &Query, session: &Session<'_>) -> Result<Found, Failure> {
    match named(query, session)? {
        Named::Types(types) => by_selector(query, session, &types),
        Named::Each(pairs) => by_name(query, session, &pairs),
        Named::Nothing => Err(Failure::text(
            "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   \
             '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
        )),
    }
}

fn named(query: &Query, session: &Session<'_>) -> Result<Named, Failure> {
    let words = several_types(&query.arguments);
    let selecting = query.select_all || !query.selector.is_empty() || !query.field_selector.is_empty();
    let slashes = words.iter().filter(|word| word.contains('/')).count();
    if slashes > 0 && slashes < words.len() {
        return Err(Failure::text(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name \
             form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        ));
    }
    if slashes > 0 {
        let pairs: Result<Vec<_>, Failure> = words.iter().map(|word| split_pair(word)).collect();
        let pairs = pairs?;
        if selecting {
            return Err(Failure::text(
                "selectors and the all flag cannot be used when passing resource/name arguments",
            ));
        }
        return Ok(Named::Each(pairs));
    }
    let Some((types, names)) = words.split_first() else {
        if selecting {
            return Err(Failure::text("at least one resource must be specified to use a selector"));
        }
        return Ok(Named::Nothing);
    };
    let types = expanded(types, session)?;
    match (names.is_empty(), selecting || (query.allow_empty_selector && names.is_empty())) {
        (false, true) => Err(Failure::text("name cannot be provided when a selector is specified")),
        (true, true) => Ok(Named::Types(types)),
        (true, false) => {
            for word in &types {
                session.discovery()?.find(word)?;
            }
            Err(Failure::text("resource(s) were provided, but no name was specified"))
        }
        (false, false) => Ok(Named::Each(
            names.iter().flat_map(|name| types.iter().map(|word| (word.clone(), name.clone()))).collect(),
        )),
    }
}

/// `a,b x y` means `a/x a/y b/x b/y`.
fn several_types(words: &[String]) -> Vec<String> {
    match words.split_first() {
        Some((types, names)) if types.contains(',') && !names.is_empty() => {
            types.split(',').flat_map(|word| names.iter().map(move |name| format!("{word}/{name}"))).collect()
        }
        _ => words.to_vec(),
    }
}

fn split_pair(word: &str) -> Result<(String, String), Failure> {
    let mut parts = word.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (_, _, Some(_)) => Err(Failure::text("arguments in resource/name form may not have more than one slash")),
        (Some(kind), Some(name), None) if !kind.is_empty() && !name.is_empty() && !kind.contains(',') => {
            Ok((kind.to_string(), name.to_string()))
        }
        _ => Err(Failure::text("arguments in resource/name form must have a single resource and name")),
    }
}

fn expanded(types: &str, session: &Session<'_>) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for word in types.split(',').filter(|word| !word.is_empty()) {
        let category = session.discovery()?.category(word);
        if category.is_empty() { found.push(word.to_string()) } else { found.extend(category) }
    }
    Ok(found)
}

fn resources<'w>(
    query: &Query,
    session: &Session<'_>,
    words: impl Iterator<Item = &'w String>,
) -> Result<Vec<Rc<Resource>>, Failure> {
    let mut found: Vec<Rc<Resource>> = Vec::new();
    for word in words {
        let resource = session.discovery()?.find(word)?;
        if !found.contains(&resource) {
            found.push(resource);
        }
    }
    if query.single_type && found.len() > 1 {
        return Err(Failure::text("you may only specify a single resource type"));
    }
    Ok(found)
}

fn by_selector(query: &Query, session: &Session<'_>, types: &[String]) -> Result<Found, Failure> {
    if !query.subresource.is_empty() {
        return Err(Failure::text("subresource cannot be used when bulk resources are specified"));
    }
    let namespace = if query.all_namespaces { String::new() } else { session.namespace()? };
    let mut found = Found::default();
    for resource in resources(query, session, types.iter())? {
        match list(query, session, &resource, &namespace) {
            Ok(object) => {
                let namespace = if resource.namespaced { namespace.clone() } else { String::new() };
                let (name, source) = (String::new(), String::new());
                found.targets.push(Target { resource, namespace, name, object, source });
            }
            Err(failure) => found.failures.push(failure),
        }
    }
    if !query.table {
        found.targets = found.targets.iter().flat_map(items).collect();
    }
    Ok(found)
}

/// The whole list, asked for in chunks.
pub fn list(query: &Query, session: &Session<'_>, resource: &Resource, namespace: &str) -> Result<Value, Failure> {
    let field = if query.table { "rows" } else { "items" };
    let mut whole: Option<Value> = None;
    let mut next = String::new();
    loop {
        let limit = if query.chunk > 0 { query.chunk.to_string() } else { String::new() };
        let request = query
            .request(resource.collection(namespace))
            .with("labelSelector", query.selector.as_str())
            .with("fieldSelector", query.field_selector.as_str())
            .with("limit", limit)
            .with("continue", next);
        let mut chunk = session.door()?.call(request).map_err(|failure| explained(failure, query, resource))?;
        next = chunk.str("metadata.continue").to_string();
        match &mut whole {
            None => whole = Some(chunk),
            Some(whole) => {
                let more = chunk.remove(field).unwrap_or_default();
                if let (Some(all), Value::List(more)) = (whole.get_mut(field).and_then(Value::as_list_mut), more) {
                    all.extend(more);
                }
            }
        }
        if next.is_empty() {
            return Ok(whole.unwrap_or_default());
        }
    }
}

/// A list that cannot be had is named with its selectors.
fn explained(failure: Failure, query: &Query, resource: &Resource) -> Failure {
    let Failure::Status(mut status) = failure else { return failure };
    if matches!(status.reason.as_str(), "BadRequest" | "NotFound") {
        let subject = format!("{}/{}, Resource={}", resource.group, resource.version, resource.plural);
        let (subject, labels, fields) =
            (meta::quote(&subject), meta::quote(&query.selector), meta::quote(&query.field_selector));
        status.message = match query.selector.is_empty() && query.field_selector.is_empty() {
            true => format!("Unable to list {subject}: {}", status.message),
            false => format!(
                "Unable to find {subject} that match label selector {labels}, field selector {fields}: {}",
                status.message
            ),
        };
    }
    Failure::Status(status)
}

/// A list's items as targets of their own.
fn items(target: &Target) -> Vec<Target> {
    let (api_version, kind) = (target.resource.api_version(), target.resource.kind.clone());
    let of_item = |item: &Value| {
        let mut object = item.clone();
        object.set_if_absent("apiVersion", &api_version);
        object.set_if_absent("kind", &kind);
        Target::of_object(target.resource.clone(), object, "")
    };
    target.object.items("items").iter().map(of_item).collect()
}

fn by_name(query: &Query, session: &Session<'_>, pairs: &[(String, String)]) -> Result<Found, Failure> {
    resources(query, session, pairs.iter().map(|(word, _)| word))?;
    let mut found = Found { single: pairs.len() == 1, ..Found::default() };
    if query.all_namespaces {
        return Err(Failure::text("a resource cannot be retrieved by name across all namespaces"));
    }
    for (word, name) in pairs {
        let resource = session.discovery()?.find(word)?;
        let namespace = if resource.namespaced { session.namespace()? } else { String::new() };
        let mut target = Target { resource, namespace, name: name.clone(), object: Value::Null, source: String::new() };
        match query.names_only {
            true => found.targets.push(target),
            false => match session.door()?.call(query.request(path_of(&target, query))) {
                Ok(object) => {
                    target.object = object;
                    found.targets.push(target);
                }
                Err(failure) => found.failures.push(failure),
            },
        }
    }
    Ok(found)
}

fn path_of(target: &Target, query: &Query) -> String {
    match query.subresource.as_str() {
        "" => target.path(),
        sub => format!("{}/{sub}", target.path()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart() {
        let words = |line: &str| line.split(' ').map(str::to_string).collect::<Vec<_>>();
        assert_eq!(several_types(&words("a,b x y")), words("a/x a/y b/x b/y"));
        assert_eq!(several_types(&words("a,b")), words("a,b"));
        assert!(split_pair("a/b").is_ok());
        for broken in ["a/b/c", "/b", "a/", "a,b/c"] {
            assert!(split_pair(broken).is_err(), "{broken}");
        }
    }
}
