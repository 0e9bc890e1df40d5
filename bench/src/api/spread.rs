//! How times are spread.

use std::time::Duration;

pub struct Spread(Vec<Duration>);

impl Spread {
    pub fn of(mut times: Vec<Duration>) -> Spread {
        times.sort_unstable();
        Spread(times)
    }

    /// The time within which this part of all was done, in milliseconds.
    pub fn at(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let index = ((last as f64) * part).round() as usize;
        self.0.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_spread() {
        let spread = Spread::of((1..=101).rev().map(Duration::from_millis).collect());
        assert_eq!((spread.at(0.0), spread.at(0.5), spread.at(1.0)), (1.0, 51.0, 101.0));
        assert_eq!(Spread::of(Vec::new()).at(0.5), 0.0);
    }
}
