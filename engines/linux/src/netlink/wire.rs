//! The format: a message is a header, a fixed part and attributes; everything starts on a 4-byte boundary.

/// Flags of a message.
pub const REQUEST: u16 = 0x1;
pub const ACK: u16 = 0x4;
pub const EXCLUSIVE: u16 = 0x200;
pub const REPLACE: u16 = 0x100;
pub const CREATE: u16 = 0x400;
pub const APPEND: u16 = 0x800;
pub const DUMP: u16 = 0x300;

/// Kinds that every family shares.
pub const ERROR: u16 = 0x2;
pub const DONE: u16 = 0x3;

const NESTED: u16 = 0x8000;
const KIND_MASK: u16 = 0x3fff;
const HEADER: usize = 16;

/// Messages being written, one after the other.
#[derive(Default)]
pub struct Wire {
    bytes: Vec<u8>,
}

impl Wire {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn message(&mut self, kind: u16, flags: u16, sequence: u32, fixed: &[u8], body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.extend_from_slice(&sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(fixed);
        self.pad();
        body(self);
        let length = (self.bytes.len() - start) as u32;
        self.bytes[start..start + 4].copy_from_slice(&length.to_ne_bytes());
    }

    pub fn attr(&mut self, kind: u16, value: &[u8]) {
        self.bytes.extend_from_slice(&(4 + value.len() as u16).to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.pad();
    }

    pub fn nest(&mut self, kind: u16, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes.extend_from_slice(&(kind | NESTED).to_ne_bytes());
        body(self);
        let length = (self.bytes.len() - start) as u16;
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    }

    /// Bytes of a fixed part inside a nest.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.pad();
    }

    pub fn text(&mut self, kind: u16, value: &str) {
        let mut bytes = Vec::with_capacity(value.len() + 1);
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
        self.attr(kind, &bytes);
    }

    pub fn be32(&mut self, kind: u16, value: u32) {
        self.attr(kind, &value.to_be_bytes());
    }

    pub fn be64(&mut self, kind: u16, value: u64) {
        self.attr(kind, &value.to_be_bytes());
    }

    pub fn ne32(&mut self, kind: u16, value: u32) {
        self.attr(kind, &value.to_ne_bytes());
    }

    fn pad(&mut self) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
    }
}

/// One message as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    pub kind: u16,
    pub sequence: u32,
    pub body: &'a [u8],
}

impl<'a> Received<'a> {
    /// An ERROR message's number: 0 is the acknowledgement.
    pub fn errno(&self) -> Option<i32> {
        (self.kind == ERROR)
            .then(|| self.body.get(..4).and_then(ne_i32).unwrap_or(-libc::EPROTO))
            .map(i32::wrapping_neg)
    }

    /// The attributes after a fixed part of `skip` bytes.
    pub fn attrs(&self, skip: usize) -> Attrs<'a> {
        Attrs(self.body.get(skip..).unwrap_or_default())
    }
}

fn ne_i32(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?))
}

/// Splits what one receive returned into messages. A malformed rest ends the walk.
pub struct Messages<'a>(pub &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Received<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = u32::from_ne_bytes(self.0.get(..4)?.try_into().ok()?) as usize;
        let body = self.0.get(HEADER..length)?;
        let kind = u16::from_ne_bytes([self.0[4], self.0[5]]);
        let sequence = u32::from_ne_bytes(self.0[8..12].try_into().ok()?);
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Received { kind, sequence, body })
    }
}

/// A walk over attributes: kind and value.
#[derive(Clone, Copy, Debug)]
pub struct Attrs<'a>(pub &'a [u8]);

impl<'a> Attrs<'a> {
    pub fn find(self, kind: u16) -> Option<&'a [u8]> {
        { self }.find_map(|(found, value)| (found == kind).then_some(value))
    }

    pub fn nested(self, kind: u16) -> Option<Attrs<'a>> {
        self.find(kind).map(Attrs)
    }

    pub fn text(self, kind: u16) -> Option<&'a str> {
        std::str::from_utf8(self.find(kind)?).ok().map(|text| text.trim_end_matches('\0'))
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = u16::from_ne_bytes(self.0.get(..2)?.try_into().ok()?) as usize;
        let kind = u16::from_ne_bytes(self.0.get(2..4)?.try_into().ok()?) & KIND_MASK;
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut wire = Wire::default();
        wire.message(7, REQUEST, 3, &[1, 2, 3, 4], |wire| {
            wire.text(1, "eth0");
            wire.nest(2, |wire| wire.be32(9, 5));
        });
        wire.message(8, REQUEST, 4, &[], |_| {});
        let messages: Vec<_> = Messages(wire.bytes()).collect();
        assert_eq!(messages.len(), 2);
        assert_eq!((messages[0].kind, messages[0].sequence), (7, 3));
        assert_eq!(messages[0].attrs(4).text(1), Some("eth0"));
        assert_eq!(messages[0].attrs(4).nested(2).and_then(|inner| inner.find(9)), Some(&[0, 0, 0, 5][..]));
        assert_eq!(messages[1].attrs(0).find(1), None);
    }

    /// The kernel is trusted, but a length must never lead outside of the buffer.
    #[test]
    fn malformed_lengths_end_the_walk() {
        for length in [0_u8, 1, 3, 5, 200] {
            assert_eq!(Attrs(&[length, 0, 1, 0]).count(), 0, "{length}");
        }
        assert_eq!(Attrs(&[4, 0, 1, 0]).count(), 1);
        assert_eq!(Messages(&[200, 0, 0, 0, 1, 0]).count(), 0);
        assert_eq!(Messages(&[15; 16]).count(), 0);
    }
}
