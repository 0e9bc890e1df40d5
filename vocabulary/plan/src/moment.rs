//! Time, chance and the last answer as arguments: the same moment gives the same plan.

use jiff::Timestamp;
use meta::{CompactString, Gvr};

#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub now: Timestamp,
    pub random: u64,
    /// Since when everything has been watched: what did not happen before cannot have been seen not to.
    pub awake_since: Timestamp,
    /// The last plan asked for this look, and its wait is over.
    pub alarmed: bool,
    /// What the server refused of this key's last plan: controllers that show it in a status read it here.
    pub refused: Option<Refusal>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// create, update, patch or delete
    pub verb: &'static str,
    pub resource: Gvr,
    pub reason: CompactString,
    pub message: String,
}

/// Upstream's alphabet of generated names: no vowels and no look-alikes, so that no word appears by chance.
const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH: usize = 5;
/// What `metadata.generateName` may be long at most, for its name to remain a DNS label.
const BASE_LENGTH_MAX: usize = 63 - SUFFIX_LENGTH;

impl Moment {
    pub fn new(now: Timestamp, random: u64) -> Moment {
        Moment { now, random, awake_since: Timestamp::MIN, alarmed: false, refused: None }
    }

    /// The `nth` name of this moment that begins with `base`, as the server would generate one. Names are drawn
    /// here so that a creation whose answer was lost can be looked for.
    pub fn name(&self, base: &str, nth: usize) -> CompactString {
        let mut dice = mix(self.random.wrapping_add((nth as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let mut name = CompactString::from(&base[..base.len().min(BASE_LENGTH_MAX)]);
        for _ in 0..SUFFIX_LENGTH {
            let letters = NAME_ALPHABET.len() as u64;
            name.push(char::from(NAME_ALPHABET[(dice % letters) as usize]));
            dice /= letters;
        }
        name
    }
}

/// The finalizer of splitmix64.
fn mix(state: u64) -> u64 {
    let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_differ_within_a_moment_and_fit_a_label() {
        let moment = Moment::new(Timestamp::UNIX_EPOCH, 7);
        let names: BTreeSet<_> = (0..1000).map(|nth| moment.name("web-", nth)).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name.starts_with("web-") && name.len() == 9));
        assert_eq!(moment.name(&"x".repeat(80), 0).len(), 63);
    }
}
