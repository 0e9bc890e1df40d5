//! Lists in a strategic patch: replaced as a whole, merged by a key, or merged by value.

use super::{Three, map};
use meta::{Map, Value, value};
use schema::{Schema, Shape};

pub fn list(schema: &Schema, name: &str, three: Three<'_>, patch: &mut Map) -> Result<(), String> {
    let Shape::List { patch: merge, .. } = &schema.node().shape else {
        return Err(format!("expected slice or array type for {name}"));
    };
    match (merge, three.current.as_list().is_some_and(<[Value]>::is_empty)) {
        (None, _) if three.current != three.modified => {
            patch.insert(name, three.modified.clone());
        }
        (None, _) => {}
        (Some(_), true) if !items(three.modified).is_empty() => {
            patch.insert(name, three.modified.clone());
        }
        (Some(merge), _) => match &merge.key {
            Some(key) => keyed(schema, name, key, three, patch)?,
            None => scalars(name, three, patch),
        },
    }
    Ok(())
}

fn items(value: &Value) -> &[Value] {
    value.as_list().unwrap_or(&[])
}

fn with_key<'v>(list: &'v Value, key: &str, wanted: &Value) -> Option<&'v Value> {
    items(list).iter().find(|item| item.get(key) == wanted)
}

fn keyed(schema: &Schema, name: &str, key: &str, three: Three<'_>, patch: &mut Map) -> Result<(), String> {
    let inner = schema.item().ok_or("a list without items")?;
    let mut changed = Vec::new();
    for item in items(three.modified) {
        let own = item.get(key);
        if own.is_null() {
            return Err(format!("map: {} does not contain declared merge key: {key}", crate::go::sprint(item)));
        }
        match with_key(three.current, key, own) {
            None => changed.push(item.clone()),
            Some(current) => {
                let nothing = Value::map();
                let original = with_key(three.original, key, own).unwrap_or(&nothing);
                let mut inside = map(&inner, Three { original, modified: item, current })?;
                if !inside.is_empty() {
                    inside.insert(key, own.clone());
                    changed.push(Value::Map(inside));
                }
            }
        }
    }
    for gone in items(three.original).iter().filter(|item| with_key(three.modified, key, item.get(key)).is_none()) {
        let mut deletion = value!({"$patch": "delete"});
        *deletion.entry(key) = gone.get(key).clone();
        changed.push(deletion);
    }
    let keys = |list: &Value| items(list).iter().map(|item| item.get(key).clone()).collect::<Vec<_>>();
    if !changed.is_empty() || keys(three.current) != keys(three.modified) {
        let order = keys(three.modified).into_iter().map(|own| {
            let mut entry = Value::map();
            *entry.entry(key) = own;
            entry
        });
        patch.insert(format!("$setElementOrder/{name}"), Value::List(order.collect()));
    }
    if !changed.is_empty() {
        patch.insert(name, Value::List(changed));
    }
    Ok(())
}

fn scalars(name: &str, three: Three<'_>, patch: &mut Map) {
    let missing = |from: &Value, of: &Value| {
        items(of).iter().filter(|item| !items(from).contains(item)).cloned().collect::<Vec<_>>()
    };
    let added = missing(three.current, three.modified);
    let gone = missing(three.modified, three.original);
    if !gone.is_empty() || three.current != three.modified {
        patch.insert(format!("$setElementOrder/{name}"), three.modified.clone());
    }
    if !added.is_empty() {
        patch.insert(name, Value::List(added));
    }
    if !gone.is_empty() {
        patch.insert(format!("$deleteFromPrimitiveList/{name}"), Value::List(gone));
    }
}
