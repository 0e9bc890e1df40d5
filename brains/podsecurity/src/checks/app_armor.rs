//! The runtime's AppArmor profile is not taken off, neither by the field nor by the annotations before it.

use crate::setters::Setters;
use crate::wording::{plural, quoted};
use crate::{Pod, Violation};
use meta::quote;
use std::collections::BTreeSet;

const ANNOTATIONS: &str = "container.apparmor.security.beta.kubernetes.io/";

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let mut bad = BTreeSet::new();
    let setters = Setters::that(pod, |context| {
        let profile = context.get("appArmorProfile");
        let breaks = !profile.is_null() && !matches!(profile.str("type"), "RuntimeDefault" | "Localhost");
        if breaks {
            bad.insert(profile.str("type").to_string());
        }
        breaks
    });
    let annotations = bad_annotations(pod);
    let mut setters = setters.words();
    if !annotations.is_empty() {
        setters.push(plural(annotations.len(), "annotation", "annotations").into());
    }
    (!setters.is_empty()).then(|| {
        let values: Vec<String> = bad.into_iter().chain(annotations).collect();
        let detail = format!("{} must not set AppArmor profile type to {}", setters.join(" and "), quoted(&values));
        let reason = plural(values.len(), "forbidden AppArmor profile", "forbidden AppArmor profiles");
        Violation::new(reason, detail)
    })
}

fn bad_annotations(pod: &Pod<'_>) -> BTreeSet<String> {
    let allowed = |value: &str| matches!(value, "" | "runtime/default") || value.starts_with("localhost/");
    let annotations = pod.annotations().filter(|(name, value)| name.starts_with(ANNOTATIONS) && !allowed(value));
    annotations.map(|(name, value)| format!("{name}={}", quote(value))).collect()
}
