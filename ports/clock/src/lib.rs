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
        let high = high & !0xf000 | 0x4000;
        let low = low & !(0b11 << 62) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
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
