//! How full a node should be: as empty as possible, as full as possible, or along a curve.

use crate::framework::BEST_SCORE;
use crate::node::NodeInfo;
use crate::pod::PodInfo;
use meta::CompactString;

#[derive(Clone, Debug, PartialEq)]
pub enum Strategy {
    LeastAllocated(Vec<ResourceWeight>),
    MostAllocated(Vec<ResourceWeight>),
    RequestedToCapacityRatio(Vec<ResourceWeight>, Vec<ShapePoint>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ResourceWeight {
    pub name: CompactString,
    pub weight: i64,
}

/// A point of the curve: a utilization in percent, and a score from 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapePoint {
    pub utilization: i64,
    pub score: i64,
}

const BEST_POINT: i64 = 10;
const FULL: i64 = 100;

impl Default for Strategy {
    fn default() -> Strategy {
        let even = |name: &str| ResourceWeight { name: name.into(), weight: 1 };
        Strategy::LeastAllocated(vec![even("cpu"), even("memory")])
    }
}

impl Strategy {
    pub(super) fn score(&self, pod: &PodInfo, node: &NodeInfo) -> i64 {
        match self {
            Strategy::LeastAllocated(weights) => average(weights, pod, node, least),
            Strategy::MostAllocated(weights) => average(weights, pod, node, most),
            Strategy::RequestedToCapacityRatio(weights, shape) => ratio(weights, shape, pod, node),
        }
    }
}

fn least(requested: i64, capacity: i64) -> i64 {
    if requested > capacity { 0 } else { (capacity - requested) * BEST_SCORE / capacity }
}

/// Pods that ask for nothing are held to use a little: that may sum up to more than there is.
fn most(requested: i64, capacity: i64) -> i64 {
    requested.min(capacity) * BEST_SCORE / capacity
}

/// What would be requested of a resource with the pod, and what there is; none where it does not count.
fn usage(name: &str, pod: &PodInfo, node: &NodeInfo) -> Option<(i64, i64)> {
    let (mine, theirs) = match name {
        "cpu" | "memory" => (&pod.scored, &node.scored),
        _ => (&pod.requests, &node.requested),
    };
    let asked = mine.get(name);
    let capacity = node.allocatable.get(name);
    let bypassed = asked == 0 && !matches!(name, "cpu" | "memory" | "ephemeral-storage");
    (capacity != 0 && !bypassed).then(|| (theirs.get(name) + asked, capacity))
}

fn average(weights: &[ResourceWeight], pod: &PodInfo, node: &NodeInfo, score: fn(i64, i64) -> i64) -> i64 {
    let (mut sum, mut of) = (0, 0);
    for ResourceWeight { name, weight } in weights {
        if let Some((requested, capacity)) = usage(name, pod, node) {
            sum += score(requested, capacity) * weight;
            of += weight;
        }
    }
    if of == 0 { 0 } else { sum / of }
}

fn ratio(weights: &[ResourceWeight], shape: &[ShapePoint], pod: &PodInfo, node: &NodeInfo) -> i64 {
    let (mut sum, mut of) = (0, 0);
    for ResourceWeight { name, weight } in weights {
        let Some((requested, capacity)) = usage(name, pod, node) else { continue };
        let utilization = if requested > capacity { FULL } else { requested * FULL / capacity };
        let score = along(shape, utilization);
        if score > 0 {
            sum += score * weight;
            of += weight;
        }
    }
    if of == 0 { 0 } else { (sum as f64 / of as f64).round() as i64 }
}

/// The score at a utilization: linear between the points, level beyond them.
fn along(shape: &[ShapePoint], utilization: i64) -> i64 {
    let score = |point: &ShapePoint| point.score * (BEST_SCORE / BEST_POINT);
    let Some(at) = shape.iter().position(|point| utilization <= point.utilization) else {
        return shape.last().map_or(0, score);
    };
    let Some(before) = at.checked_sub(1).map(|before| &shape[before]) else { return score(&shape[at]) };
    let (from, to) = (score(before), score(&shape[at]));
    from + (to - from) * (utilization - before.utilization) / (shape[at].utilization - before.utilization)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_a_broken_line() {
        let point = |utilization, score| ShapePoint { utilization, score };
        let shape = [point(10, 0), point(50, 8), point(100, 10)];
        for (utilization, expect) in [(0, 0), (10, 0), (30, 40), (50, 80), (75, 90), (100, 100)] {
            assert_eq!(along(&shape, utilization), expect, "at {utilization}");
        }
        assert_eq!(along(&[point(0, 10), point(90, 2)], 95), 20);
        assert_eq!(along(&[], 5), 0);
    }

    #[test]
    fn least_and_most_are_opposites() {
        for (requested, capacity, expect_least, expect_most) in
            [(0, 10, 100, 0), (5, 10, 50, 50), (10, 10, 0, 100), (15, 10, 0, 100), (1, 3, 66, 33)]
        {
            assert_eq!((least(requested, capacity), most(requested, capacity)), (expect_least, expect_most));
        }
    }
}
