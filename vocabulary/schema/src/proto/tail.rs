//! Writing from the end: a length stands before what it counts and is known only after it.

use super::wire::{BYTES, FIXED64, VARINT};

/// Bytes that grow towards the front.
pub(super) struct Tail {
    room: Vec<u8>,
    /// Where what is written begins.
    start: usize,
}

/// What most messages fit into.
const ROOM: usize = 1024;
const LONGEST_VARINT: usize = 10;

impl Default for Tail {
    fn default() -> Tail {
        Tail { room: vec![0; ROOM], start: ROOM }
    }
}

impl Tail {
    pub fn written(write: impl FnOnce(&mut Tail)) -> Vec<u8> {
        let mut tail = Tail::default();
        write(&mut tail);
        tail.take()
    }

    /// What is written; the next begins anew in the same room.
    pub fn take(&mut self) -> Vec<u8> {
        let written = self.room[self.start..].to_vec();
        self.start = self.room.len();
        written
    }

    pub fn len(&self) -> usize {
        self.room.len() - self.start
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        if self.start < bytes.len() {
            self.widen(bytes.len());
        }
        let end = self.start;
        self.start -= bytes.len();
        self.room[self.start..end].copy_from_slice(bytes);
    }

    fn widen(&mut self, least: usize) {
        let mut wider = vec![0; 2 * self.room.len() + least];
        let start = wider.len() - self.len();
        wider[start..].copy_from_slice(&self.room[self.start..]);
        *self = Tail { room: wider, start };
    }

    fn varint(&mut self, number: u64) {
        let (mut groups, mut count, mut rest) = ([0; LONGEST_VARINT], 1, number);
        while rest >= 0x80 {
            groups[count - 1] = rest as u8 | 0x80;
            rest >>= 7;
            count += 1;
        }
        groups[count - 1] = rest as u8;
        self.raw(&groups[..count]);
    }

    fn key(&mut self, tag: u32, wire: u8) {
        self.varint(u64::from(tag) << 3 | u64::from(wire));
    }

    pub fn number(&mut self, tag: u32, number: u64) {
        self.varint(number);
        self.key(tag, VARINT);
    }

    pub fn double(&mut self, tag: u32, number: f64) {
        self.raw(&number.to_bits().to_le_bytes());
        self.key(tag, FIXED64);
    }

    pub fn bytes(&mut self, tag: u32, bytes: &[u8]) {
        self.nested(tag, |tail| tail.raw(bytes));
    }

    /// The beginning of a message of what stands already and of so many bytes that will be put behind it.
    pub fn open(&mut self, tag: u32, behind: usize) {
        self.varint((self.len() + behind) as u64);
        self.key(tag, BYTES);
    }

    /// A message inside: whatever `write` adds.
    pub fn nested(&mut self, tag: u32, write: impl FnOnce(&mut Tail)) {
        let before = self.len();
        write(self);
        self.varint((self.len() - before) as u64);
        self.key(tag, BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_groups_of_seven_bits() {
        for (number, expected) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0x80, 1]),
            (300, &[0xac, 2]),
            (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] {
            assert_eq!(Tail::written(|tail| tail.varint(number)), expected, "{number}");
        }
    }

    #[test]
    fn grows_to_the_front_whatever_is_written() {
        let mut tail = Tail::default();
        for lengths in [&[1, 1022, 1][..], &[3, 5_000, 1_024, 0, 9], &[1]] {
            let mut expected = Vec::new();
            for (number, length) in lengths.iter().enumerate() {
                let bytes = vec![number as u8; *length];
                tail.raw(&bytes);
                expected.splice(0..0, bytes);
                assert_eq!(tail.len(), expected.len());
            }
            assert_eq!(tail.take(), expected);
        }
    }
}
