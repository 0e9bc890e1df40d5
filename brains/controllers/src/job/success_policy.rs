//! When a Job has succeeded before all of its indexes have.

use super::indexes::Indexes;
use k8s_openapi::api::batch::v1::JobSpec;

/// Why, if it has.
pub(super) fn met(spec: &JobSpec, succeeded: &Indexes) -> Option<String> {
    let policy = spec.success_policy.as_ref().filter(|_| succeeded.len() > 0)?;
    let completions = spec.completions.unwrap_or(i32::MAX);
    let enough = |count: usize, wanted: Option<i32>| wanted.is_some_and(|wanted| count as i64 >= i64::from(wanted));
    let place = policy.rules.iter().position(|rule| match &rule.succeeded_indexes {
        Some(text) => {
            let required = Indexes::parse(text, completions);
            let found = required.count_within(succeeded);
            required.len() > 0 && (found == required.len() || enough(found, rule.succeeded_count))
        }
        None => enough(succeeded.len(), rule.succeeded_count),
    })?;
    Some(format!("Matched rules at index {place}"))
}
