//! What a key may be used for: the API's words as bits and object identifiers.

use crate::Malformed;
use crate::der;

/// A word and its bit of the key usage, counted from the first.
const KEY: &[(&str, u32)] = &[
    ("signing", 0),
    ("digital signature", 0),
    ("content commitment", 1),
    ("key encipherment", 2),
    ("data encipherment", 3),
    ("key agreement", 4),
    ("cert sign", 5),
    ("crl sign", 6),
    ("encipher only", 7),
    ("decipher only", 8),
];
/// A word and its object identifier, in the order in which upstream writes them.
const EXTENDED: &[(&str, &[u8])] = &[
    ("any", &[0x55, 0x1d, 0x25, 0x00]),
    ("server auth", &[0x2b, 6, 1, 5, 5, 7, 3, 1]),
    ("client auth", &[0x2b, 6, 1, 5, 5, 7, 3, 2]),
    ("code signing", &[0x2b, 6, 1, 5, 5, 7, 3, 3]),
    ("email protection", &[0x2b, 6, 1, 5, 5, 7, 3, 4]),
    ("s/mime", &[0x2b, 6, 1, 5, 5, 7, 3, 4]),
    ("ipsec end system", &[0x2b, 6, 1, 5, 5, 7, 3, 5]),
    ("ipsec tunnel", &[0x2b, 6, 1, 5, 5, 7, 3, 6]),
    ("ipsec user", &[0x2b, 6, 1, 5, 5, 7, 3, 7]),
    ("timestamping", &[0x2b, 6, 1, 5, 5, 7, 3, 8]),
    ("ocsp signing", &[0x2b, 6, 1, 5, 5, 7, 3, 9]),
    ("microsoft sgc", &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 3]),
    ("netscape sgc", &[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 4, 1]),
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usages {
    key: u16,
    extended: Vec<&'static [u8]>,
}

impl Usages {
    pub fn of(words: &[String]) -> Result<Usages, Malformed> {
        let known = |word: &str| KEY.iter().any(|(name, _)| *name == word) || EXTENDED.iter().any(|(n, _)| *n == word);
        let unknown: Vec<String> = words.iter().filter(|word| !known(word)).map(|word| format!("{word:?}")).collect();
        if !unknown.is_empty() {
            return Err(Malformed::new(format!("unrecognized usage values: [{}]", unknown.join(" "))));
        }
        let asked = |name: &str| words.iter().any(|word| word == name);
        let key = KEY.iter().filter(|(name, _)| asked(name)).fold(0, |bits, (_, bit)| bits | 1 << bit);
        let mut extended: Vec<&[u8]> = EXTENDED.iter().filter(|(name, _)| asked(name)).map(|(_, oid)| *oid).collect();
        extended.dedup();
        Ok(Usages { key, extended })
    }

    /// The key's usage as an extension holds it; none where nothing is asked for.
    pub(crate) fn key(&self) -> Option<Vec<u8>> {
        if self.key == 0 {
            return None;
        }
        let bytes = self.key.reverse_bits().to_be_bytes();
        let used = if bytes[1] == 0 { &bytes[..1] } else { &bytes[..] };
        let unused = used.last().map_or(0, |last| last.trailing_zeros() as u8);
        Some(der::element(der::BITS, &[&[unused], used].concat()))
    }

    pub(crate) fn extended(&self) -> Option<Vec<u8>> {
        let written: Vec<Vec<u8>> = self.extended.iter().map(|oid| der::element(der::OID, oid)).collect();
        (!written.is_empty()).then(|| der::sequence(&written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usages(words: &[&str]) -> Result<Usages, Malformed> {
        Usages::of(&words.iter().map(|word| (*word).into()).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_bits() {
        for (words, expect) in [
            (&["digital signature", "key encipherment", "client auth"][..], Some(vec![der::BITS, 2, 5, 0xa0])),
            (&["signing"], Some(vec![der::BITS, 2, 7, 0x80])),
            (&["decipher only", "encipher only"], Some(vec![der::BITS, 3, 7, 0x01, 0x80])),
            (&["any"], None),
        ] {
            assert_eq!(usages(words).unwrap().key(), expect, "{words:?}");
        }
    }

    #[test]
    fn words_are_known_and_counted_once() {
        assert_eq!(usages(&["s/mime", "email protection"]).unwrap().extended.len(), 1);
        assert_eq!(usages(&["client auth", "server auth"]).unwrap().extended[0].last(), Some(&1));
        assert_eq!(usages(&["x", "any"]).unwrap_err().to_string(), r#"unrecognized usage values: ["x"]"#);
    }
}
