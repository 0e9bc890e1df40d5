//! The notation: numbers in groups of seven bits, and fields behind keys.

use super::ProtoError;

pub(super) const VARINT: u8 = 0;
pub(super) const FIXED64: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const FIXED32: u8 = 5;

/// One field of a message, not yet understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Raw<'b> {
    Number(u64),
    Fixed(u64),
    Bytes(&'b [u8]),
}

impl Raw<'_> {
    pub fn wire(self) -> u8 {
        match self {
            Raw::Number(_) => VARINT,
            Raw::Fixed(_) => FIXED64,
            Raw::Bytes(_) => BYTES,
        }
    }
}

/// Reads a message's fields one after the other.
pub(super) struct Fields<'b>(pub &'b [u8]);

impl<'b> Fields<'b> {
    /// The next field with its number; none at the end.
    pub fn next(&mut self) -> Result<Option<(u32, Raw<'b>)>, ProtoError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let tag = u32::try_from(key >> 3).ok().filter(|tag| *tag > 0).ok_or(ProtoError::BadKey(key))?;
        let raw = match (key & 7) as u8 {
            VARINT => Raw::Number(self.varint()?),
            FIXED64 => Raw::Fixed(self.fixed(8)?),
            FIXED32 => Raw::Fixed(self.fixed(4)?),
            BYTES => {
                let length = usize::try_from(self.varint()?).map_err(|_| ProtoError::Truncated)?;
                Raw::Bytes(self.take(length)?)
            }
            _ => return Err(ProtoError::BadKey(key)),
        };
        Ok(Some((tag, raw)))
    }

    pub fn varint(&mut self) -> Result<u64, ProtoError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(ProtoError::Truncated)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(ProtoError::Refused("proto: integer overflow".into()))
    }

    fn fixed(&mut self, length: usize) -> Result<u64, ProtoError> {
        let bytes = self.take(length)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], ProtoError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ProtoError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }
}
