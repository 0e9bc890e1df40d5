//! ASN.1 in its one distinguished encoding: what has another is refused, for what two readers read differently is how
//! they are tricked. Readers of certificates elsewhere stop silently at what they do not understand; this one does not.

use crate::Malformed;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BITS: u8 = 0x03;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8: u8 = 0x0c;
pub(crate) const NUMERIC: u8 = 0x12;
pub(crate) const PRINTABLE: u8 = 0x13;
pub(crate) const TELETEX: u8 = 0x14;
pub(crate) const IA5: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERAL_TIME: u8 = 0x18;
pub(crate) const BMP: u8 = 0x1e;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// The bits of a tag that say how its number goes on in further bytes: nothing here has such a tag.
const LONG_TAG: u8 = 0x1f;
const LENGTH_BYTES_MOST: usize = 4;

/// One element: its tag, what it holds, and both with the length in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { left: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed::new("asn1: syntax error: trailing data")) }
    }

    pub(crate) fn any(&mut self) -> Result<Element<'a>, Malformed> {
        let truncated = || Malformed::new("asn1: syntax error: data truncated");
        let (tag, rest) = self.left.split_first().ok_or_else(truncated)?;
        if tag & LONG_TAG == LONG_TAG {
            return Err(Malformed::new("asn1: structure error: an unknown tag"));
        }
        let (length, rest) = length(rest)?;
        let content = rest.get(..length).ok_or_else(truncated)?;
        let head = self.left.len() - rest.len();
        let (whole, left) = self.left.split_at(head + length);
        self.left = left;
        Ok(Element { tag: *tag, content, whole })
    }

    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        let element = self.any()?;
        if element.tag == tag {
            return Ok(element);
        }
        Err(Malformed::new(format!("asn1: structure error: tags don't match ({tag:#04x} vs {:#04x})", element.tag)))
    }

    /// A reader of what the next element, of this tag, holds.
    pub(crate) fn inner(&mut self, tag: u8) -> Result<Reader<'a>, Malformed> {
        self.expect(tag).map(|element| Reader::new(element.content))
    }

    pub(crate) fn next_is(&self, tag: u8) -> bool {
        self.left.first() == Some(&tag)
    }

    /// A whole number of bytes as bits.
    pub(crate) fn bits(&mut self) -> Result<&'a [u8], Malformed> {
        match self.expect(BITS)?.content {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(Malformed::new("asn1: syntax error: bits that do not fill bytes")),
        }
    }
}

/// A length, and what follows it: in as few bytes as it fits in.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), Malformed> {
    let bad = || Malformed::new("asn1: structure error: a length that is not in its shortest form");
    let (first, rest) = bytes.split_first().ok_or_else(bad)?;
    if *first < 0x80 {
        return Ok((usize::from(*first), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > LENGTH_BYTES_MOST {
        return Err(bad());
    }
    let (digits, rest) = rest.split_at_checked(count).ok_or_else(bad)?;
    let length = digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit));
    if digits[0] == 0 || length < 0x80 {
        return Err(bad());
    }
    Ok((length, rest))
}

/// An element of a tag.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut written = vec![tag];
    match content.len() {
        short @ 0..0x80 => written.push(short as u8),
        long => {
            let digits = long.to_be_bytes();
            let digits = &digits[long.leading_zeros() as usize / 8..];
            written.push(0x80 | digits.len() as u8);
            written.extend_from_slice(digits);
        }
    }
    written.extend_from_slice(content);
    written
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// The members of a set stand in the order of their bytes.
pub(crate) fn set(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(SET, &parts.concat())
}

/// A number without a sign.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    element(INTEGER, &digits)
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BITS, &[&[0], bytes].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_their_shortest_form_alone() {
        for (bytes, expect) in [
            (&[0x05][..], Some(5)),
            (&[0x81, 0x80], Some(128)),
            (&[0x82, 0x01, 0x00], Some(256)),
            (&[0x81, 0x05], None),
            (&[0x82, 0x00, 0x80], None),
            (&[0x80], None),
            (&[0x85, 1, 1, 1, 1, 1], None),
            (&[0x82, 0x01], None),
            (&[], None),
        ] {
            assert_eq!(length(bytes).ok().map(|(length, _)| length), expect, "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for size in [0, 1, 127, 128, 255, 256, 70_000] {
            let written = element(OCTETS, &vec![7; size]);
            let mut reader = Reader::new(&written);
            assert_eq!(reader.expect(OCTETS).map(|element| element.content.len()), Ok(size));
            assert!(reader.is_empty());
        }
        assert_eq!(unsigned(&[0, 0, 0x80]), [INTEGER, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0]), [INTEGER, 1, 0]);
    }
}
