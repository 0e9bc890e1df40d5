//! What the labels of a namespace ask for.

use crate::{Level, Standard, Version};
use meta::{ErrorList, FieldError, Path};

/// What is refused and what is told. What upstream writes to the audit log alone is read for its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub enforce: Standard,
    pub warn: Standard,
}

const NO_LEVEL: &str = "must be one of privileged, baseline, restricted";
const NO_VERSION: &str = "must be \"latest\" or \"v1.x\"";

impl Policy {
    /// As of a namespace without any labels.
    pub const DEFAULT: Policy = Policy { enforce: Standard::PRIVILEGED, warn: Standard::PRIVILEGED };

    /// Of labels that cannot be read there is a policy too: what is enforced then is the strictest.
    pub fn read<'l>(label: impl Fn(&str) -> Option<&'l str>) -> (Policy, ErrorList) {
        let mut labels = Labels { label, errors: ErrorList::default() };
        let mut policy = Policy::DEFAULT;
        let enforced = labels.level("pod-security.kubernetes.io/enforce");
        policy.enforce.level = enforced.unwrap_or(Some(Level::Privileged)).unwrap_or(Level::Restricted);
        let version = labels.version("pod-security.kubernetes.io/enforce-version");
        policy.enforce.version = version.unwrap_or(Version::Latest);
        _ = labels.level("pod-security.kubernetes.io/audit");
        _ = labels.version("pod-security.kubernetes.io/audit-version");
        let warned = labels.level("pod-security.kubernetes.io/warn");
        policy.warn.level = warned.flatten().unwrap_or(Level::Privileged);
        let version = labels.version("pod-security.kubernetes.io/warn-version");
        policy.warn.version = version.unwrap_or(Version::Latest);
        // Of pods that will be refused, who makes their templates is told; not where a bad label made it strict.
        if let (Some(Some(level)), None) = (enforced, warned)
            && level > Level::Privileged
        {
            policy.warn.level = level;
            policy.warn.version = version.unwrap_or(policy.enforce.version);
        }
        (policy, labels.errors)
    }

    pub fn is_privileged(&self) -> bool {
        self.enforce.level == Level::Privileged && self.warn.level == Level::Privileged
    }
}

struct Labels<F> {
    label: F,
    errors: ErrorList,
}

impl<'l, F: Fn(&str) -> Option<&'l str>> Labels<F> {
    /// None: no such label; none inside: one that names no level.
    fn level(&mut self, name: &str) -> Option<Option<Level>> {
        let text = (self.label)(name)?;
        let level = Level::parse(text);
        if level.is_none() {
            self.refuse(name, text, NO_LEVEL);
        }
        Some(level)
    }

    /// None: no such label. One that names no version is as if it said the latest.
    fn version(&mut self, name: &str) -> Option<Version> {
        let text = (self.label)(name)?;
        let version = Version::parse(text);
        if version.is_none() {
            self.refuse(name, text, NO_VERSION);
        }
        version.or(Some(Version::Latest))
    }

    fn refuse(&mut self, name: &str, text: &str, why: &str) {
        let path = Path::new("metadata").field("labels").key(name);
        self.errors.push(FieldError::invalid(&path, text, why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels without their common prefix.
    fn read(labels: &[(&str, &'static str)]) -> (Policy, ErrorList) {
        Policy::read(|name| {
            let name = name.strip_prefix("pod-security.kubernetes.io/").unwrap();
            labels.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        })
    }

    #[test]
    fn labels_become_a_policy() {
        for (labels, enforce, warn) in [
            (&[][..], "privileged:latest", "privileged:latest"),
            (&[("enforce", "baseline")], "baseline:latest", "baseline:latest"),
            (&[("enforce", "baseline"), ("enforce-version", "v1.20")], "baseline:v1.20", "baseline:v1.20"),
            (
                &[("enforce", "baseline"), ("enforce-version", "v1.20"), ("warn-version", "v1.3")],
                "baseline:v1.20",
                "baseline:v1.3",
            ),
            (&[("enforce", "restricted"), ("warn", "privileged")], "restricted:latest", "privileged:latest"),
            (&[("enforce", "restricted"), ("warn", "baseline")], "restricted:latest", "baseline:latest"),
            (&[("warn", "restricted"), ("warn-version", "v1.30")], "privileged:latest", "restricted:v1.30"),
            (&[("enforce-version", "v1.30")], "privileged:v1.30", "privileged:latest"),
            (&[("audit", "restricted")], "privileged:latest", "privileged:latest"),
        ] {
            let (policy, errors) = read(labels);
            assert_eq!(
                (policy.enforce.to_string(), policy.warn.to_string()),
                (enforce.into(), warn.into()),
                "{labels:?}"
            );
            assert!(errors.is_empty());
            assert_eq!(policy.is_privileged(), enforce.starts_with("priv") && warn.starts_with("priv"));
        }
    }

    #[test]
    fn bad_labels_are_told_and_strict_where_it_is_enforced() {
        for (labels, enforce, warn, expect) in [
            (
                &[("enforce", "x")][..],
                "restricted:latest",
                "privileged:latest",
                "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"x\": must be one of privileged, baseline, restricted",
            ),
            (
                &[("enforce", "baseline"), ("enforce-version", "v2.0")],
                "baseline:latest",
                "baseline:latest",
                "metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: \"v2.0\": must be \"latest\" or \"v1.x\"",
            ),
            (
                &[("warn", ""), ("warn-version", "v1.7")],
                "privileged:latest",
                "privileged:v1.7",
                "metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: \"\": must be one of privileged, baseline, restricted",
            ),
            (
                &[("audit", "a"), ("audit-version", "b")],
                "privileged:latest",
                "privileged:latest",
                "[metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: \"a\": must be one of privileged, baseline, restricted, \
                 metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: \"b\": must be \"latest\" or \"v1.x\"]",
            ),
        ] {
            let (policy, errors) = read(labels);
            assert_eq!(
                (policy.enforce.to_string(), policy.warn.to_string()),
                (enforce.into(), warn.into()),
                "{labels:?}"
            );
            assert_eq!(errors.aggregate(), expect);
        }
    }
}
