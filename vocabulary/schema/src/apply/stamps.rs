//! A write that changed nothing but the times of owners changed nothing.

use meta::{CompactString, Value};

/// Gives `new` the owners of `old` when the two differ in nothing but owners' times: then it need not be stored. What
/// the server alone knows of a version is no difference.
pub fn keep_stamps(old: &Value, new: &mut Value) {
    let (before, after) = (old.items("metadata.managedFields"), new.items("metadata.managedFields"));
    let same_owners = before.len() == after.len() && before.iter().zip(after).all(|(a, b)| same_but(a, b, &["time"]));
    if !same_owners || before == after || !same_object(old, new) {
        return;
    }
    new.set("metadata.managedFields", Value::List(before.to_vec()));
}

fn same_object(old: &Value, new: &Value) -> bool {
    same_but(old, new, &["metadata"])
        && same_but(old.get("metadata"), new.get("metadata"), &["managedFields", "resourceVersion"])
}

/// Whether two maps are equal in every field but these.
fn same_but(a: &Value, b: &Value, ignored: &[&str]) -> bool {
    fields_but(a, ignored).eq(fields_but(b, ignored))
}

fn fields_but<'v>(value: &'v Value, ignored: &'v [&str]) -> impl Iterator<Item = (&'v CompactString, &'v Value)> {
    let fields = value.as_map().into_iter().flat_map(|map| map.iter());
    fields.filter(|(name, _)| !ignored.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, kept: bool) {
        let parse = |text: &str| meta::parse(text.as_bytes()).unwrap();
        let mut object = parse(new);
        keep_stamps(&parse(old), &mut object);
        assert_eq!(object, parse(if kept { old } else { new }), "{old} -> {new}");
    }

    #[test]
    fn times_alone_are_no_change() {
        let owned = |time: &str, rest: &str| {
            format!(r#"{{"metadata":{{"managedFields":[{{"manager":"m","time":"{time}"}}],"name":"a"}}{rest}}}"#)
        };
        check(&owned("1", ""), &owned("2", ""), true);
        check(&owned("1", ""), &owned("2", r#","data":{}"#), false);
        check(&owned("1", r#","data":{"a":1}"#), &owned("2", r#","data":{"a":2}"#), false);
        check(&owned("1", ""), &owned("2", "").replace("\"m\"", "\"n\""), false);
        check(r#"{"metadata":{}}"#, r#"{"metadata":{}}"#, true);
    }
}
