//! A request for a certificate (PKCS#10): who asks, under which names, with which key.

use crate::der::{self, Reader};
use crate::signature;
use crate::{Alternatives, Malformed, Name, SignatureError, pem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

const LABEL: &str = "CERTIFICATE REQUEST";
/// The attributes of a request.
const ATTRIBUTES: u8 = 0xa0;
/// 1.2.840.113549.1.9.14
const EXTENSIONS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14];
/// 2.5.29.17
pub(crate) const ALTERNATIVES: &[u8] = &[0x55, 0x1d, 0x11];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub subject: Name,
    pub alternatives: Alternatives,
    /// The key's SubjectPublicKeyInfo.
    pub(crate) key: Vec<u8>,
    signed: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl Request {
    /// The first block of PEM, which must be a request.
    pub fn read_pem(text: &[u8]) -> Result<Request, Malformed> {
        let block = std::str::from_utf8(text).ok().and_then(pem::next).map(|(block, _)| block);
        match block.filter(|block| block.label == LABEL) {
            Some(block) => Request::read(&block.bytes),
            None => Err(Malformed::new("PEM block type must be CERTIFICATE REQUEST")),
        }
    }

    /// The same in base64, as an object in JSON holds it.
    pub fn read_encoded(text: &str) -> Result<Request, Malformed> {
        Request::read_pem(&STANDARD.decode(text).unwrap_or_default())
    }

    pub fn read(bytes: &[u8]) -> Result<Request, Malformed> {
        let mut outer = Reader::new(bytes);
        let mut request = outer.inner(der::SEQUENCE)?;
        outer.end()?;
        let info = request.expect(der::SEQUENCE)?;
        let algorithm = request.expect(der::SEQUENCE)?.content.to_vec();
        let signature = request.bits()?.to_vec();
        request.end()?;
        let mut inside = Reader::new(info.content);
        inside.expect(der::INTEGER)?;
        let subject = Name::read(&mut inside)?;
        let key = inside.expect(der::SEQUENCE)?.whole.to_vec();
        signature::check_key(&key)?;
        let alternatives = alternatives(inside.inner(ATTRIBUTES)?)?;
        inside.end()?;
        Ok(Request { subject, alternatives, key, signed: info.whole.to_vec(), algorithm, signature })
    }

    /// Whether who asks holds the key.
    pub fn check_signature(&self) -> Result<(), SignatureError> {
        signature::check(&self.key, &self.algorithm, &self.signed, &self.signature)
    }
}

fn alternatives(mut attributes: Reader<'_>) -> Result<Alternatives, Malformed> {
    let (mut found, mut seen) = (Alternatives::default(), BTreeSet::new());
    while !attributes.is_empty() {
        let mut attribute = attributes.inner(der::SEQUENCE)?;
        let kind = attribute.expect(der::OID)?.content;
        let mut values = attribute.inner(der::SET)?;
        attribute.end()?;
        if kind == EXTENSIONS {
            requested(values.inner(der::SEQUENCE)?, &mut seen, &mut found)?;
            values.end()?;
        }
    }
    Ok(found)
}

fn requested<'a>(
    mut extensions: Reader<'a>,
    seen: &mut BTreeSet<&'a [u8]>,
    found: &mut Alternatives,
) -> Result<(), Malformed> {
    while !extensions.is_empty() {
        let mut extension = extensions.inner(der::SEQUENCE)?;
        let kind = extension.expect(der::OID)?.content;
        if extension.next_is(der::BOOLEAN) {
            extension.any()?; // that it is critical
        }
        let value = extension.expect(der::OCTETS)?.content;
        extension.end()?;
        if !seen.insert(kind) {
            return Err(Malformed::new("x509: certificate request contains duplicate requested extensions"));
        }
        if kind == ALTERNATIVES {
            *found = Alternatives::read(value)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
