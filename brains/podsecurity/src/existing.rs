//! Pods that were there before their namespace became stricter: they stay, and it is told what they break.

use crate::wording::plural;
use crate::{Standard, Violations};
use std::collections::{BTreeMap, HashSet};

/// One pod of each controller first, for the others are most likely the same.
pub fn prioritized<'p, T>(pods: &'p [T], controller: impl Fn(&'p T) -> Option<&'p str>) -> impl Iterator<Item = &'p T> {
    let mut seen = HashSet::new();
    let (first, rest): (Vec<&T>, Vec<&T>) =
        pods.iter().partition(|pod| controller(pod).is_none_or(|controller| seen.insert(controller)));
    first.into_iter().chain(rest)
}

/// What was found, by its reasons: the name of the first pod, and how many pods.
#[derive(Default)]
pub struct Survey {
    found: BTreeMap<String, (String, usize)>,
    checked: usize,
}

impl Survey {
    pub fn add(&mut self, pod: &str, violations: &Violations) {
        self.checked += 1;
        if violations.is_empty() {
            return;
        }
        let (first, count) = self.found.entry(violations.reasons()).or_insert_with(|| (pod.into(), 0));
        *count += 1;
        if pod < first.as_str() {
            *first = pod.into();
        }
    }

    /// Of `total` pods in the namespace.
    pub fn warnings(&self, namespace: &str, enforce: Standard, total: usize) -> Vec<String> {
        let mut warnings = Vec::new();
        let checked = self.checked;
        if checked < total {
            warnings.push(format!(
                "new PodSecurity enforce level only checked against the first {checked} of {total} existing pods"
            ));
        }
        if !self.found.is_empty() {
            warnings.push(format!(
                "existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{enforce}\""
            ));
        }
        let mut by_pod: Vec<String> =
            self.found.iter().map(|(reasons, (first, count))| of_pods(reasons, first, *count)).collect();
        by_pod.sort();
        warnings.append(&mut by_pod);
        warnings
    }
}

fn of_pods(reasons: &str, first: &str, count: usize) -> String {
    match count - 1 {
        0 => format!("{first}: {reasons}"),
        others => format!("{first} (and {others} other {}): {reasons}", plural(others, "pod", "pods")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Version, Violation};

    #[test]
    fn pods_of_one_controller_wait_behind_the_first() {
        let pods = [("a", "x"), ("b", ""), ("c", "x"), ("d", "y"), ("e", ""), ("f", "x"), ("g", "y")];
        let names: Vec<&str> =
            prioritized(&pods, |(_, owner)| (!owner.is_empty()).then_some(*owner)).map(|(name, _)| *name).collect();
        assert_eq!(names, ["a", "b", "d", "e", "c", "f", "g"]);
    }

    fn check(pods: &[(&str, &'static str)], total: usize, expect: &[&str]) {
        let mut survey = Survey::default();
        for (name, reasons) in pods {
            let violations = reasons.split(',').filter(|reason| !reason.is_empty());
            survey.add(name, &Violations(violations.map(|reason| Violation::new(reason, name.to_string())).collect()));
        }
        let enforce = Standard { level: Level::Baseline, version: Version::Minor(30) };
        assert_eq!(survey.warnings("n", enforce, total), expect);
    }

    #[test]
    fn pods_with_the_same_reasons_are_told_together() {
        const HEAD: &str =
            r#"existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:v1.30""#;
        check(&[], 0, &[]);
        check(&[("a", "")], 1, &[]);
        check(&[("a", "x")], 1, &[HEAD, "a: x"]);
        check(&[("b", "x,y"), ("a", "x,y")], 2, &[HEAD, "a (and 1 other pod): x, y"]);
        check(
            &[("c", "x"), ("b", "y"), ("d", "x"), ("e", "x"), ("f", "")],
            5,
            &[HEAD, "b: y", "c (and 2 other pods): x"],
        );
        const FIRST: &str = "new PodSecurity enforce level only checked against the first 1 of 9 existing pods";
        check(&[("a", "x")], 9, &[FIRST, HEAD, "a: x"]);
        check(&[("a", "")], 9, &[FIRST]);
    }
}
