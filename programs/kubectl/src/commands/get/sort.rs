//! `--sort-by`: by what a path finds in each object.

use crate::failure::Failure;
use crate::jsonpath::{Template, relaxed};
use crate::targets::Target;
use meta::{Quantity, Value};
use std::cmp::Ordering;

/// Sorts the rows of each Table by the objects in them; a Table that cannot be sorted is not shown, as upstream has it.
pub fn sort(targets: &mut [Target], path: &str) {
    for target in targets {
        let Some(rows) = target.object.get_mut("rows").and_then(Value::as_list_mut) else { continue };
        *rows = by_path(std::mem::take(rows), path, |row| row.get("object")).unwrap_or_default();
    }
}

pub fn sort_objects(targets: &mut Vec<Target>, path: &str) -> Result<(), Failure> {
    *targets = by_path(std::mem::take(targets), path, |target| &target.object)?;
    Ok(())
}

fn by_path<T>(items: Vec<T>, path: &str, object: impl Fn(&T) -> &Value) -> Result<Vec<T>, Failure> {
    let field = relaxed(path).map_err(Failure::text)?;
    let template = Template::parse(&field).map_err(Failure::text)?;
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = first(&template, object(&item))?;
        keyed.push((key, item));
    }
    if !keyed.is_empty() && keyed.iter().all(|(key, _)| key.is_none()) {
        let text = format!("couldn't find any field with path {} in the list of objects", meta::quote(&field));
        return Err(Failure::text(text));
    }
    keyed.sort_by(|(a, _), (b, _)| compare(a.as_ref(), b.as_ref()));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

fn first(template: &Template, object: &Value) -> Result<Option<Value>, Failure> {
    let found = template.find(object).map_err(Failure::text)?;
    Ok(found.first().and_then(|values| values.first()).map(|value| (*value).clone()))
}

/// What has no such field stands first; texts that are quantities are compared as such.
fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(Value::Str(a)), Some(Value::Str(b))) => match (Quantity::parse(a), Quantity::parse(b)) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            _ => a.cmp(b),
        },
        (Some(Value::Int(a)), Some(Value::Int(b))) => a.cmp(b),
        (Some(Value::Float(a)), Some(Value::Float(b))) => a.total_cmp(b),
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn objects_are_sorted_by_what_a_path_finds() {
        let objects = vec![
            value!({"n": "b", "q": "1Gi", "r": 10i64}),
            value!({"n": "a", "q": "500Mi", "r": 9i64}),
            value!({"n": "c"}),
        ];
        for (path, order) in [(".n", "a b c"), ("{.q}", "c a b"), ("r", "c a b")] {
            let sorted = by_path(objects.clone(), path, |value| value).expect(path);
            let names: Vec<&str> = sorted.iter().map(|value| value.str("n")).collect();
            assert_eq!(names.join(" "), order, "{path}");
        }
        assert!(by_path(objects, ".absent", |value| value).is_err());
    }
}
