//! The patch for kinds without a known schema: a JSON merge patch.

use super::{Three, has};
use meta::{Map, Value};

pub fn merge_patch(three: Three<'_>) -> Value {
    let mut patch = Map::default();
    for (name, modified) in three.modified.as_map().into_iter().flat_map(Map::iter) {
        let inner = three.get(name);
        match (modified, inner.current) {
            (Value::Null, _) => {}
            (Value::Map(_), Value::Map(_)) => {
                let inside = merge_patch(inner);
                if !inside.is_empty() {
                    patch.insert(name.clone(), inside);
                }
            }
            (modified, current) if modified != current || !has(three.current, name) => {
                patch.insert(name.clone(), modified.clone());
            }
            _ => {}
        }
    }
    for (name, _) in three.original.as_map().into_iter().flat_map(Map::iter) {
        if !has(three.modified, name) {
            patch.insert(name.clone(), Value::Null);
        }
    }
    Value::Map(patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn changes_and_deletions() {
        let (original, modified) = (value!({"a": 1i64, "b": {"c": 1i64}}), value!({"b": {"d": 2i64}, "l": [1i64]}));
        let current = value!({"a": 1i64, "b": {"c": 1i64, "x": 1i64}, "l": [1i64], "y": 1i64});
        let patch = merge_patch(Three { original: &original, modified: &modified, current: &current });
        assert_eq!(patch, value!({"a": null, "b": {"c": null, "d": 2i64}}));
    }
}
