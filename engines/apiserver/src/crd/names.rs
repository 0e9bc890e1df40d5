//! Which of a definition's names are free in its group, and the conditions that say so.

use kinds::Names;
use meta::{CompactString, Value, value};

/// Names that others in the group have taken.
#[derive(Default)]
pub struct Taken {
    /// Plurals, singulars and short names share one space.
    pub resources: Vec<CompactString>,
    pub kinds: Vec<CompactString>,
}

impl Taken {
    pub fn add(&mut self, names: &Names) {
        self.resources.extend([names.plural.clone(), names.singular.clone()]);
        self.resources.extend(names.short.iter().cloned());
        self.kinds.extend([names.kind.clone(), names.list_kind.clone()]);
    }
}

/// Why the names are not accepted: a condition's reason and message.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub reason: &'static str,
    pub message: String,
}

/// The names as far as they are free; what is refused stays as it was accepted before.
pub fn accept(asked: &Names, before: &Names, taken: &Taken) -> (Names, Option<Refusal>) {
    let mut refusal = None;
    let mut pick = |asked: &CompactString, before: &CompactString, taken: &[CompactString], reason| {
        if asked == before || !taken.contains(asked) {
            return asked.clone();
        }
        refusal = Some(Refusal { reason, message: format!("{:?} is already in use", asked.as_str()) });
        before.clone()
    };
    let mut accepted = Names {
        plural: pick(&asked.plural, &before.plural, &taken.resources, "PluralConflict"),
        singular: pick(&asked.singular, &before.singular, &taken.resources, "SingularConflict"),
        kind: pick(&asked.kind, &before.kind, &taken.kinds, "KindConflict"),
        list_kind: pick(&asked.list_kind, &before.list_kind, &taken.kinds, "ListKindConflict"),
        short: before.short.clone(),
        categories: asked.categories.clone(),
    };
    let clash = asked.short.iter().find(|short| !before.short.contains(short) && taken.resources.contains(short));
    match clash {
        Some(short) => {
            let message = format!("{:?} is already in use", short.as_str());
            refusal = Some(Refusal { reason: "ShortNamesConflict", message });
        }
        None => accepted.short = asked.short.clone(),
    }
    (accepted, refusal)
}

pub fn to_value(names: &Names) -> Value {
    let mut value = value!({"plural": (&names.plural), "kind": (&names.kind)});
    if !names.singular.is_empty() {
        value.set("singular", &names.singular);
    }
    if !names.list_kind.is_empty() {
        value.set("listKind", &names.list_kind);
    }
    if !names.short.is_empty() {
        value.set("shortNames", names.short.clone());
    }
    if !names.categories.is_empty() {
        value.set("categories", names.categories.clone());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(plural: &str, kind: &str, short: &[&str]) -> Names {
        Names {
            plural: plural.into(),
            singular: kind.to_lowercase().into(),
            kind: kind.into(),
            list_kind: format!("{kind}List").into(),
            short: short.iter().map(|s| CompactString::from(*s)).collect(),
            categories: Vec::new(),
        }
    }

    #[test]
    fn names_are_accepted_while_they_are_free() {
        let mut taken = Taken::default();
        taken.add(&names("gadgets", "Gadget", &["g"]));
        let none = Names::default();
        for (asked, reason) in [
            (names("widgets", "Widget", &["w"]), None),
            (names("gadgets", "Widget", &[]), Some("PluralConflict")),
            (names("widgets", "Widget", &["g"]), Some("ShortNamesConflict")),
            (names("widgets", "Gadget", &[]), Some("ListKindConflict")),
        ] {
            let refused = accept(&asked, &none, &taken).1.map(|refusal| refusal.reason);
            assert_eq!(refused, reason, "{asked:?}");
        }
        let own = names("gadgets", "Gadget", &["g"]);
        assert_eq!(accept(&own, &own, &taken).1, None, "what was accepted stays accepted");
    }
}
