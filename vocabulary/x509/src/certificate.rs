//! Certificates: written as upstream's signer writes them, and read for what their keepers must know.

use crate::der;
use crate::request::ALTERNATIVES;
use crate::{Algorithm, Malformed, Request, Usages, pem};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::X509Certificate;

const LABEL: &str = "CERTIFICATE";
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const KEY_ID: u8 = 0x80;
/// Version 3 counts from 0.
const THIRD: [u8; 1] = [2];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY: &[u8] = &[0x55, 0x1d, 0x23];
const TRUE: [u8; 3] = [der::BOOLEAN, 1, 0xff];
/// Two digits of a year say one up to this.
const SHORT_YEARS: std::ops::RangeInclusive<i16> = 1950..=2049;

/// The authority that a certificate is signed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    subject: Vec<u8>,
    key_id: Option<Vec<u8>>,
    pub not_after: Timestamp,
}

impl Issuer {
    pub fn read_pem(text: &str) -> Result<Issuer, Malformed> {
        let (block, _) = certificate(text).ok_or_else(|| Malformed::new("there is no certificate"))?;
        let certificate = read(&block.bytes)?;
        let key_id = certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        });
        let not_after = moment(&certificate)?;
        Ok(Issuer { subject: certificate.subject().as_raw().to_vec(), key_id, not_after })
    }
}

/// What a certificate says besides what was asked for.
#[derive(Clone, Debug)]
pub struct Template<'a> {
    pub request: &'a Request,
    pub usages: &'a Usages,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub serial: [u8; 16],
}

impl Template<'_> {
    /// The certificate in PEM; `sign` makes the issuer's signature of bytes.
    pub fn signed<E>(
        &self,
        issuer: &Issuer,
        algorithm: Algorithm,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<String, E> {
        let content = self.content(issuer, algorithm);
        let signature = der::bits(&sign(&content)?);
        Ok(pem::write(LABEL, &der::sequence(&[content, algorithm.identifier(), signature])))
    }

    fn content(&self, issuer: &Issuer, algorithm: Algorithm) -> Vec<u8> {
        der::sequence(&[
            der::element(VERSION, &der::element(der::INTEGER, &THIRD)),
            der::unsigned(&self.serial),
            algorithm.identifier(),
            issuer.subject.clone(),
            der::sequence(&[time(self.not_before), time(self.not_after)]),
            self.request.subject.write(),
            self.request.key.clone(),
            der::element(EXTENSIONS, &der::sequence(&self.extensions(issuer))),
        ])
    }

    fn extensions(&self, issuer: &Issuer) -> Vec<Vec<u8>> {
        let Request { subject, alternatives, .. } = self.request;
        let authority = issuer.key_id.as_ref().map(|id| der::sequence(&[der::element(KEY_ID, id)]));
        let names = (!alternatives.is_empty()).then(|| alternatives.write());
        let all = [
            (KEY_USAGE, true, self.usages.key()),
            (EXTENDED_USAGE, false, self.usages.extended()),
            (CONSTRAINTS, true, Some(der::sequence(&[]))),
            (AUTHORITY, false, authority),
            // Without a subject they alone say whom the certificate is for.
            (ALTERNATIVES, subject.is_empty(), names),
        ];
        all.into_iter().filter_map(|(kind, critical, value)| Some(extension(kind, critical, &value?))).collect()
    }
}

fn extension(kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag = if critical { TRUE.to_vec() } else { Vec::new() };
    der::sequence(&[der::element(der::OID, kind), flag, der::element(der::OCTETS, value)])
}

fn time(at: Timestamp) -> Vec<u8> {
    let at: DateTime = TimeZone::UTC.to_datetime(at);
    let digits = format!("{:02}{:02}{:02}{:02}{:02}Z", at.month(), at.day(), at.hour(), at.minute(), at.second());
    match SHORT_YEARS.contains(&at.year()) {
        true => der::element(der::UTC_TIME, format!("{:02}{digits}", at.year() % 100).as_bytes()),
        false => der::element(der::GENERAL_TIME, format!("{:04}{digits}", at.year()).as_bytes()),
    }
}

/// When the first certificate ends, if that is what the text begins with.
pub fn not_after(text: &[u8]) -> Option<Timestamp> {
    let (block, _) = pem::next(std::str::from_utf8(text).ok()?)?;
    moment(&read(&block.bytes).ok()?).ok()
}

/// Certificates in PEM and no other blocks: upstream's complaint about what is not.
pub fn check_certificates(text: &[u8]) -> Result<(), Malformed> {
    let mut rest = std::str::from_utf8(text).unwrap_or("");
    let mut none = true;
    while let Some((block, after)) = pem::next(rest) {
        if block.label != LABEL {
            return Err(Malformed::new(format!("only CERTIFICATE PEM blocks are allowed, found {:?}", block.label)));
        }
        if block.has_headers {
            return Err(Malformed::new("no PEM block headers are permitted"));
        }
        if block.bytes.is_empty() {
            return Err(Malformed::new("found CERTIFICATE PEM block containing 0 certificates"));
        }
        read(&block.bytes)?;
        (rest, none) = (after, false);
    }
    if none { Err(Malformed::new("must contain at least one CERTIFICATE PEM block")) } else { Ok(()) }
}

fn certificate(text: &str) -> Option<(pem::Block, &str)> {
    pem::next(text).filter(|(block, _)| block.label == LABEL)
}

fn read(bytes: &[u8]) -> Result<X509Certificate<'_>, Malformed> {
    match x509_parser::parse_x509_certificate(bytes) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(Malformed::new("x509: trailing data")),
        Err(_) => Err(Malformed::new("x509: malformed certificate")),
    }
}

fn moment(certificate: &X509Certificate<'_>) -> Result<Timestamp, Malformed> {
    let seconds = certificate.validity().not_after.timestamp();
    Timestamp::from_second(seconds).map_err(|_| Malformed::new("x509: a moment that cannot be"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, SigningKey};

    fn issuer(key: &KeyPair) -> Issuer {
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Issuer::read_pem(&params.self_signed(key).unwrap().pem()).unwrap()
    }

    fn asked() -> Request {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["one.example".into()]).unwrap();
        Request::read(params.serialize_request(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn what_is_issued_is_a_certificate() {
        let key = KeyPair::generate().unwrap();
        let (request, usages) = (asked(), Usages::of(&["client auth".into(), "signing".into()]).unwrap());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (not_before, not_after) = (at("2026-01-01T00:00:00Z"), at("2051-02-03T04:05:06Z"));
        let template = Template { request: &request, usages: &usages, not_before, not_after, serial: [0xff; 16] };
        let text = template.signed(&issuer(&key), Algorithm::EcdsaSha256, |bytes| key.sign(bytes)).unwrap();
        assert_eq!(super::not_after(text.as_bytes()), Some(not_after));
        assert_eq!(check_certificates(text.as_bytes()), Ok(()));
        let (block, _) = certificate(&text).unwrap();
        let (_, read) = x509_parser::parse_x509_certificate(&block.bytes).unwrap();
        assert_eq!(read.subject_alternative_name().unwrap().unwrap().value.general_names.len(), 1);
        assert!(read.key_usage().unwrap().unwrap().value.digital_signature());
        assert!(!read.is_ca());
    }

    #[test]
    fn other_texts_are_no_certificates() {
        for (text, expect) in [
            (String::new(), "must contain at least one CERTIFICATE PEM block"),
            (pem::write("KEY", b"k"), "only CERTIFICATE PEM blocks are allowed, found \"KEY\""),
            (
                "-----BEGIN CERTIFICATE-----\nA: b\n\nAAAA\n-----END CERTIFICATE-----\n".into(),
                "no PEM block headers are permitted",
            ),
            (pem::write(LABEL, b"no"), "x509: malformed certificate"),
        ] {
            assert_eq!(check_certificates(text.as_bytes()).unwrap_err().to_string(), expect);
        }
    }

    proptest! {
        #[test]
        fn garbage_is_no_certificate(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(check_certificates(&bytes).is_err());
            prop_assert_eq!(not_after(pem::write(LABEL, &bytes).as_bytes()), None);
        }
    }
}
