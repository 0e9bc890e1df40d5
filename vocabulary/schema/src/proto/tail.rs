//! Writing from the end: a length stands before what it counts and is known only after it.

use super::wire::{BYTES, FIXED64, VARINT};

/// Bytes in reverse.
#[derive(Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    pub fn written(write: impl FnOnce(&mut Tail)) -> Vec<u8> {
        let mut tail = Tail(Vec::with_capacity(1024));
        write(&mut tail);
        tail.0.reverse();
        tail.0
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend(bytes.iter().rev());
    }

    fn varint(&mut self, number: u64) {
        let groups = (64 - (number | 1).leading_zeros()).div_ceil(7);
        for group in (0..groups).rev() {
            let more = if group + 1 < groups { 0x80 } else { 0 };
            self.0.push((number >> (7 * group)) as u8 & 0x7f | more);
        }
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
        self.varint((self.0.len() + behind) as u64);
        self.key(tag, BYTES);
    }

    /// A message inside: whatever `write` adds.
    pub fn nested(&mut self, tag: u32, write: impl FnOnce(&mut Tail)) {
        let before = self.0.len();
        write(self);
        self.varint((self.0.len() - before) as u64);
        self.key(tag, BYTES);
    }
}
