//! The name of a certificate's subject: the attributes that count, in the order in which upstream writes them.

use crate::Malformed;
use crate::der::{self, Reader};

/// The last number of `2.5.4.n`: country, province, locality, street, postal code, organization, unit, common name and
/// serial number.
const ATTRIBUTES: [u8; 9] = [6, 8, 7, 9, 17, 10, 11, 3, 5];
const ORGANIZATION: usize = 5;
const COMMON_NAME: usize = 7;
/// Of the common name and the serial number there is one: the last.
const SINGLE: std::ops::Range<usize> = 7..9;
/// `2.5.4`
const BASE: [u8; 2] = [0x55, 0x04];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// In the order of [`ATTRIBUTES`].
    values: [Vec<String>; 9],
}

impl Name {
    pub fn common_name(&self) -> &str {
        self.values[COMMON_NAME].last().map_or("", String::as_str)
    }

    pub fn organizations(&self) -> &[String] {
        &self.values[ORGANIZATION]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.iter().all(Vec::is_empty)
    }

    pub(crate) fn read(name: &mut Reader<'_>) -> Result<Name, Malformed> {
        let mut read = Name::default();
        let mut sets = name.inner(der::SEQUENCE)?;
        while !sets.is_empty() {
            let mut set = sets.inner(der::SET)?;
            while !set.is_empty() {
                read.add(set.inner(der::SEQUENCE)?)?;
            }
        }
        Ok(read)
    }

    fn add(&mut self, mut attribute: Reader<'_>) -> Result<(), Malformed> {
        let kind = attribute.expect(der::OID)?.content;
        let value = text(attribute.any()?)?;
        attribute.end()?;
        let place = kind.strip_prefix(&BASE).and_then(|last| ATTRIBUTES.iter().position(|known| [*known] == last));
        if let (Some(place), Some(value)) = (place, value) {
            let values = &mut self.values[place];
            if SINGLE.contains(&place) {
                values.clear();
            }
            if !(SINGLE.contains(&place) && value.is_empty()) {
                values.push(value);
            }
        }
        Ok(())
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let present = ATTRIBUTES.iter().zip(&self.values).filter(|(_, values)| !values.is_empty());
        let sets: Vec<Vec<u8>> = present
            .map(|(kind, values)| der::set(values.iter().map(|value| attribute(*kind, value)).collect()))
            .collect();
        der::sequence(&sets)
    }
}

fn attribute(kind: u8, value: &str) -> Vec<u8> {
    let tag = if value.bytes().all(is_printable) { der::PRINTABLE } else { der::UTF8 };
    der::sequence(&[der::element(der::OID, &[BASE[0], BASE[1], kind]), der::element(tag, value.as_bytes())])
}

fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

/// A text of any kind; what is none names nobody.
fn text(value: der::Element<'_>) -> Result<Option<String>, Malformed> {
    let bad = || Malformed::new("asn1: syntax error: a text that is none of its kind");
    let utf8 = || String::from_utf8(value.content.to_vec()).map_err(|_| bad());
    let all = |rule: fn(u8) -> bool| if value.content.iter().all(|byte| rule(*byte)) { utf8() } else { Err(bad()) };
    let read = match value.tag {
        der::UTF8 => utf8()?,
        // Some programs write these two where they may not stand, and everyone reads them.
        der::PRINTABLE => all(|byte| is_printable(byte) || b"*&".contains(&byte))?,
        der::NUMERIC => all(|byte| byte.is_ascii_digit() || byte == b' ')?,
        der::IA5 => all(|byte| byte.is_ascii())?,
        der::TELETEX => utf8()?,
        der::BMP => wide(value.content).ok_or_else(bad)?,
        _ => return Ok(None),
    };
    Ok(Some(read))
}

fn wide(content: &[u8]) -> Option<String> {
    let (pairs, []) = content.as_chunks::<2>() else { return None };
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(values: &[(usize, &[&str])]) -> Name {
        let mut name = Name::default();
        for (place, texts) in values {
            name.values[*place] = texts.iter().map(|text| (*text).into()).collect();
        }
        name
    }

    #[test]
    fn names_are_written_and_read() {
        for name in [
            named(&[]),
            named(&[(COMMON_NAME, &["system:node:one"]), (ORGANIZATION, &["system:nodes"])]),
            named(&[(ORGANIZATION, &["a", "b"]), (0, &["CH"]), (8, &["7"]), (COMMON_NAME, &["Zoë"])]),
        ] {
            let written = name.write();
            assert_eq!(Name::read(&mut Reader::new(&written)).as_ref(), Ok(&name));
        }
    }

    #[test]
    fn the_last_common_name_counts() {
        let twice = der::sequence(&[
            der::set(vec![attribute(3, "first")]),
            der::set(vec![attribute(3, "last")]),
            der::set(vec![attribute(99, "unknown")]),
        ]);
        assert_eq!(Name::read(&mut Reader::new(&twice)).unwrap().common_name(), "last");
    }

    #[test]
    fn texts_are_of_their_kind() {
        for (tag, content, expect) in [
            (der::PRINTABLE, &b"a*b"[..], Ok(Some("a*b".into()))),
            (der::PRINTABLE, b"a_b", Err(())),
            (der::UTF8, &[0xff], Err(())),
            (der::BMP, &[0, b'a'], Ok(Some("a".into()))),
            (der::BMP, &[0], Err(())),
            (der::OCTETS, b"a", Ok(None)),
        ] {
            assert_eq!(text(der::Element { tag, content, whole: &[] }).map_err(drop), expect, "{tag:#x} {content:x?}");
        }
    }
}
