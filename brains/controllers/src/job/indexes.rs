//! Sets of completion indexes, written as `0,2-5`, and the indexes of pods.

use k8s_openapi::api::batch::v1::JobSpec;
use k8s_openapi::api::core::v1::Pod;
use std::collections::BTreeSet;
use std::fmt;

pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
pub(super) const IGNORED_FAILURES: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Indexes(BTreeSet<i32>);

impl Indexes {
    /// What cannot be read, and what is beyond the completions, is left out.
    pub(super) fn parse(text: &str, completions: i32) -> Indexes {
        let mut found = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) {
                found.extend(first..=last.min(completions - 1));
            }
        }
        Indexes(found)
    }

    pub(super) fn with(&self, more: impl Iterator<Item = i32>) -> Indexes {
        Indexes(self.0.iter().copied().chain(more).collect())
    }

    pub(super) fn contains(&self, index: i32) -> bool {
        self.0.contains(&index)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn count_within(&self, others: &Indexes) -> usize {
        self.0.intersection(&others.0).count()
    }
}

impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<(i32, i32)> = Vec::new();
        for &index in &self.0 {
            match parts.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => parts.push((index, index)),
            }
        }
        let texts = parts.iter().map(|&(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        });
        f.write_str(&texts.collect::<Vec<_>>().join(","))
    }
}

fn number(pod: &Pod, annotation: &str) -> Option<i32> {
    let value = pod.metadata.annotations.as_ref()?.get(annotation)?;
    value.parse().ok().filter(|number| *number >= 0)
}

/// A pod's index, if it is one of the Job's.
pub(super) fn of(pod: &Pod, spec: &JobSpec) -> Option<i32> {
    number(pod, INDEX).filter(|index| *index < spec.completions.unwrap_or(i32::MAX))
}

pub(super) fn failures(pod: &Pod) -> i32 {
    number(pod, FAILURES).unwrap_or(0)
}

pub(super) fn ignored_failures(pod: &Pod) -> i32 {
    number(pod, IGNORED_FAILURES).unwrap_or(0)
}

pub(super) fn all_failures(pod: &Pod) -> i32 {
    failures(pod).saturating_add(ignored_failures(pod))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_as_intervals() {
        let cases = [
            ("", ""),
            ("0", "0"),
            ("0,1", "0,1"),
            ("0-2", "0-2"),
            ("1,3,4,5,9", "1,3-5,9"),
            ("7-12", "7-9"),
            ("x,2", "2"),
        ];
        for (text, expected) in cases {
            assert_eq!(Indexes::parse(text, 10).to_string(), expected, "{text}");
        }
        assert_eq!(Indexes::parse("0,3", 10).with([1, 2].into_iter()).to_string(), "0-3");
    }
}
