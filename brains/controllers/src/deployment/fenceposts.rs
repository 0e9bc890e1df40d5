//! How many pods more, and how many fewer, than wanted there may be while rolling.

use super::rollout::Rollout;
use super::strategy;
use crate::scaled::{Round, scaled};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

impl Rollout<'_> {
    pub(super) fn is_rolling_update(&self) -> bool {
        strategy(self.original) == "RollingUpdate"
    }

    fn fenceposts(&self) -> (i32, i32) {
        let rolling = self.spec().strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
        let surge = rolling.and_then(|rolling| rolling.max_surge.as_ref());
        let unavailable = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
        resolve(surge, unavailable, self.replicas())
    }

    pub(super) fn max_surge(&self) -> i32 {
        if self.is_rolling_update() { self.fenceposts().0 } else { 0 }
    }

    pub(super) fn max_unavailable(&self) -> i32 {
        if !self.is_rolling_update() || self.replicas() == 0 {
            return 0;
        }
        self.fenceposts().1.min(self.replicas())
    }
}

/// Something must be allowed to move: where both come to nothing, one may be unavailable.
fn resolve(surge: Option<&IntOrString>, unavailable: Option<&IntOrString>, desired: i32) -> (i32, i32) {
    let surge = scaled(surge, desired, Round::Up);
    let unavailable = scaled(unavailable, desired, Round::Down);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_so_that_something_moves() {
        let percent = |text: &str| Some(IntOrString::String(text.into()));
        let cases = [
            (percent("25%"), percent("25%"), 4, (1, 1)),
            (percent("25%"), percent("25%"), 3, (1, 0)),
            (percent("0%"), percent("10%"), 5, (0, 1)),
            (Some(IntOrString::Int(3)), Some(IntOrString::Int(2)), 10, (3, 2)),
            (None, None, 10, (0, 1)),
        ];
        for (surge, unavailable, desired, expected) in cases {
            assert_eq!(resolve(surge.as_ref(), unavailable.as_ref(), desired), expected, "{surge:?} {unavailable:?}");
        }
    }
}
