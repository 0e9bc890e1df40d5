//! Which updates of a pod are judged anew.

use meta::Value;

/// Containers come, go, or run another image. All else that may change of a pod could not break what it kept before.
pub fn is_significant(new: &Value, old: &Value) -> bool {
    let differ = |list| lists_differ(new.items(list), old.items(list));
    differ("containers") || differ("initContainers") || ephemeral_ones_differ(new, old)
}

fn lists_differ(new: &[Value], old: &[Value]) -> bool {
    new.len() != old.len() || new.iter().zip(old).any(|(new, old)| images_differ(new, old))
}

/// They never go.
fn ephemeral_ones_differ(new: &Value, old: &Value) -> bool {
    let old = old.items("ephemeralContainers");
    new.items("ephemeralContainers").iter().any(|new| {
        let before = old.iter().find(|old| old.get("name") == new.get("name"));
        before.is_none_or(|old| images_differ(new, old))
    })
}

fn images_differ(new: &Value, old: &Value) -> bool {
    new.str("image") != old.str("image")
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn new_images_and_new_containers_count() {
        let list = |images: &[&str]| -> Value {
            images.iter().map(|image| value!({"name": (&image[..1]), "image": (*image)})).collect::<Vec<_>>().into()
        };
        let spec = |init, main, ephemeral| value!({"initContainers": (list(init)), "containers": (list(main)), "ephemeralContainers": (list(ephemeral))});
        let old = spec(&["i1"], &["a1", "b1"], &["d1", "e1"]);
        for (new, expect) in [
            (spec(&["i1"], &["a1", "b1"], &["d1", "e1"]), false),
            (spec(&["i1"], &["a1", "b1"], &["e1", "d1"]), false),
            (spec(&["i1"], &["a1", "b1"], &[]), false),
            (spec(&["i2"], &["a1", "b1"], &["d1", "e1"]), true),
            (spec(&[], &["a1", "b1"], &["d1", "e1"]), true),
            (spec(&["i1"], &["a1", "b2"], &["d1", "e1"]), true),
            (spec(&["i1"], &["a1"], &["d1", "e1"]), true),
            (spec(&["i1"], &["a1", "b1"], &["d1", "e2"]), true),
            (spec(&["i1"], &["a1", "b1"], &["d1", "e1", "f1"]), true),
        ] {
            assert_eq!(is_significant(&new, &old), expect, "{new}");
        }
        let mut deadline = old.clone();
        deadline.set("activeDeadlineSeconds", 5i64);
        assert!(!is_significant(&deadline, &old));
    }
}
