//! anyOf, oneOf, allOf, not.

use super::outcome::Outcome;
use super::walk::Walk;
use crate::trail::Trail;
use crate::{Constraints, TypeId};
use meta::{Value, quote};

pub(super) fn check(
    walk: &Walk<'_>,
    constraints: &Constraints,
    value: &Value,
    old: Option<&Value>,
    trail: &Trail<'_>,
) -> Outcome {
    let judge = |id: &TypeId| walk.value(*id, value, old, trail);
    let mut outcome = Outcome { matches: 1, ..Outcome::default() };
    any_of(constraints.any_of.iter().map(judge), trail, &mut outcome);
    one_of(constraints.one_of.iter().map(judge), trail, &mut outcome);
    all_of(constraints.all_of.iter().map(judge), trail, &mut outcome);
    if let Some(not) = &constraints.not
        && judge(not).is_valid()
    {
        outcome.nowhere(format!("{} must not validate the schema (not)", quote(&trail.to_string())));
    }
    outcome
}

/// Of failed alternatives, the one that got furthest; the first of equals.
fn better(best: Option<Outcome>, next: Outcome) -> Option<Outcome> {
    match best {
        Some(best) if best.matches >= next.matches => Some(best),
        _ => Some(next),
    }
}

fn any_of(alternatives: impl ExactSizeIterator<Item = Outcome>, trail: &Trail<'_>, outcome: &mut Outcome) {
    if alternatives.len() == 0 {
        return;
    }
    let mut best = None;
    for alternative in alternatives {
        if alternative.is_valid() {
            return outcome.merge(alternative);
        }
        best = better(best, alternative);
    }
    outcome.nowhere(format!("{} must validate at least one schema (anyOf)", quote(&trail.to_string())));
    outcome.merge(best.unwrap_or_default());
}

fn one_of(alternatives: impl ExactSizeIterator<Item = Outcome>, trail: &Trail<'_>, outcome: &mut Outcome) {
    if alternatives.len() == 0 {
        return;
    }
    let (valid, failed): (Vec<Outcome>, Vec<Outcome>) = alternatives.partition(Outcome::is_valid);
    let found = match valid.len() {
        1 => return valid.into_iter().for_each(|alternative| outcome.merge(alternative)),
        0 => "Found none valid".to_string(),
        several => format!("Found {several} valid alternatives"),
    };
    outcome.nowhere(format!("{} must validate one and only one schema (oneOf). {found}", quote(&trail.to_string())));
    if valid.is_empty() {
        outcome.merge(failed.into_iter().fold(None, better).unwrap_or_default());
    }
}

fn all_of(members: impl ExactSizeIterator<Item = Outcome>, trail: &Trail<'_>, outcome: &mut Outcome) {
    let count = members.len();
    let mut valid = 0;
    for member in members {
        valid += usize::from(member.is_valid());
        outcome.merge(member);
    }
    if valid != count {
        let none = if valid == 0 { ". None validated" } else { "" };
        outcome.nowhere(format!("{} must validate all the schemas (allOf){none}", quote(&trail.to_string())));
    }
}
