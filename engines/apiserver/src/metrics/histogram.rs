//! How long requests took, in upstream's buckets.

pub(super) const BOUNDS: [f64; 23] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0,
    45.0, 60.0,
];

#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    /// How many fell into each bucket alone.
    counts: [u64; BOUNDS.len()],
    pub total: u64,
    pub sum: f64,
}

impl Histogram {
    pub fn observe(&mut self, seconds: f64) {
        if let Some(bucket) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.counts[bucket] += 1;
        }
        self.total += 1;
        self.sum += seconds;
    }

    /// Each bound with how many were at most that long.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        BOUNDS.into_iter().zip(sums.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_is_shorter() {
        let mut histogram = Histogram::default();
        for seconds in [0.001, 0.005, 0.3, 100.0] {
            histogram.observe(seconds);
        }
        let at = |wanted: f64| histogram.cumulative().find(|(bound, _)| *bound == wanted).map(|(_, count)| count);
        assert_eq!((at(0.005), at(0.4), at(45.0), histogram.total), (Some(2), Some(3), Some(3), 4));
    }
}
