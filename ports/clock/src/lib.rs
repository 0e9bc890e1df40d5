//! A port: time and randomness, real or virtual.
//!
//! Nothing else in the tree may ask the machine for the time or for a random number: a simulation that replays a seed
//! holds only as long as this is the one door.

mod system;
mod r#virtual;

pub use system::SystemClock;
pub use r#virtual::VirtualClock;

/// Upstream's alphabet of generated names: no vowels and no look-alikes, so that no word appears by chance.
const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const NAME_SUFFIX_LENGTH: usize = 5;
const UUID_LENGTH: usize = 36;
const HEX: &[u8; 16] = b"0123456789abcdef";

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> jiff::Timestamp;

    fn random(&self) -> u64;

    /// What the server appends to `metadata.generateName`.
    fn name_suffix(&self) -> String {
        let mut dice = self.random();
        let letters = NAME_ALPHABET.len() as u64;
        std::iter::repeat_with(|| {
            let letter = NAME_ALPHABET[(dice % letters) as usize];
            dice /= letters;
            char::from(letter)
        })
        .take(NAME_SUFFIX_LENGTH)
        .collect()
    }

    /// A random UUID (version 4, RFC 9562 variant) in its usual text form.
    fn uuid(&self) -> String {
        let (high, low) = (self.random(), self.random());
        let mut random = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        random[6] = random[6] & 0x0f | 0x40;
        random[8] = random[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(UUID_LENGTH);
        for (at, byte) in random.into_iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.extend([byte >> 4, byte & 0x0f].map(|digit| char::from(HEX[usize::from(digit)])));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suffix_uses_the_alphabet_alone() {
        let clock = VirtualClock::new(7);
        for _ in 0..1000 {
            let suffix = clock.name_suffix();
            assert_eq!(suffix.len(), NAME_SUFFIX_LENGTH);
            assert!(suffix.bytes().all(|b| NAME_ALPHABET.contains(&b)), "{suffix}");
        }
    }

    #[test]
    fn a_uuid_has_version_and_variant() {
        let clock = VirtualClock::new(8);
        for _ in 0..1000 {
            let uuid = clock.uuid();
            let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
        }
    }
}
