//! Signatures: which are known, and whether one was made by a key.

use crate::Malformed;
use crate::der::{self, Reader};
use aws_lc_rs::signature as keys;
use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};
use std::fmt;

/// How a key signs: its name in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
    Ed25519,
    RsaSha256,
    RsaSha384,
    RsaSha512,
}

/// 1.2.840.10045.2.1
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// 1.2.840.113549.1.1.1
const RSA_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 4, 0, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 4, 0, 0x23];
const NULL: [u8; 2] = [5, 0];

const ALL: &[(Algorithm, &[u8])] = &[
    (Algorithm::EcdsaSha256, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]),
    (Algorithm::EcdsaSha384, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]),
    (Algorithm::EcdsaSha512, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4]),
    (Algorithm::Ed25519, ED25519),
    (Algorithm::RsaSha256, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]),
    (Algorithm::RsaSha384, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12]),
    (Algorithm::RsaSha512, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13]),
];

impl Algorithm {
    fn is_rsa(self) -> bool {
        matches!(self, Algorithm::RsaSha256 | Algorithm::RsaSha384 | Algorithm::RsaSha512)
    }

    fn named(oid: &[u8]) -> Option<Algorithm> {
        ALL.iter().find(|(_, known)| *known == oid).map(|(algorithm, _)| *algorithm)
    }

    /// As a certificate names it.
    pub(crate) fn identifier(self) -> Vec<u8> {
        let oid = ALL.iter().find(|(algorithm, _)| *algorithm == self).map_or(&[][..], |(_, oid)| *oid);
        let mut parts = vec![der::element(der::OID, oid)];
        if self.is_rsa() {
            parts.push(NULL.to_vec());
        }
        der::sequence(&parts)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    Unknown,
    Rsa,
    Ecdsa,
    Ed25519,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SignatureError::Unknown => "x509: cannot verify signature: algorithm unimplemented",
            SignatureError::Rsa => "crypto/rsa: verification error",
            SignatureError::Ecdsa => "x509: ECDSA verification failure",
            SignatureError::Ed25519 => "x509: Ed25519 verification failure",
        })
    }
}

impl std::error::Error for SignatureError {}

/// A public key: what kind it is, on which curve, and its bytes.
struct Key<'a> {
    kind: &'a [u8],
    curve: Option<&'a [u8]>,
    bytes: &'a [u8],
}

fn key(info: &[u8]) -> Result<Key<'_>, Malformed> {
    let mut outer = Reader::new(info);
    let mut info = outer.inner(der::SEQUENCE)?;
    outer.end()?;
    let mut algorithm = info.inner(der::SEQUENCE)?;
    let kind = algorithm.expect(der::OID)?.content;
    let curve = if algorithm.next_is(der::OID) { Some(algorithm.expect(der::OID)?.content) } else { None };
    let bytes = info.bits()?;
    info.end()?;
    Ok(Key { kind, curve, bytes })
}

/// Whether this is a key at all; what it is for stays open.
pub(crate) fn check_key(info: &[u8]) -> Result<(), Malformed> {
    key(info).map(drop)
}

/// Whether the key made a signature, under an algorithm's identifier, of these bytes.
pub(crate) fn check(info: &[u8], identifier: &[u8], signed: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
    let key = key(info).map_err(|_| SignatureError::Unknown)?;
    let oid = Reader::new(identifier).expect(der::OID).map_err(|_| SignatureError::Unknown)?.content;
    let algorithm = Algorithm::named(oid).ok_or(SignatureError::Unknown)?;
    let (verification, failure) = verification(algorithm, &key).ok_or(SignatureError::Unknown)?;
    UnparsedPublicKey::new(verification, key.bytes).verify(signed, signature).map_err(|_| failure)
}

type Verification = (&'static dyn VerificationAlgorithm, SignatureError);

const ECDSA: &[(Algorithm, &[u8], &dyn VerificationAlgorithm)] = &[
    (Algorithm::EcdsaSha256, P256, &keys::ECDSA_P256_SHA256_ASN1),
    (Algorithm::EcdsaSha384, P256, &keys::ECDSA_P256_SHA384_ASN1),
    (Algorithm::EcdsaSha512, P256, &keys::ECDSA_P256_SHA512_ASN1),
    (Algorithm::EcdsaSha256, P384, &keys::ECDSA_P384_SHA256_ASN1),
    (Algorithm::EcdsaSha384, P384, &keys::ECDSA_P384_SHA384_ASN1),
    (Algorithm::EcdsaSha512, P384, &keys::ECDSA_P384_SHA512_ASN1),
    (Algorithm::EcdsaSha256, P521, &keys::ECDSA_P521_SHA256_ASN1),
    (Algorithm::EcdsaSha384, P521, &keys::ECDSA_P521_SHA384_ASN1),
    (Algorithm::EcdsaSha512, P521, &keys::ECDSA_P521_SHA512_ASN1),
];

fn verification(algorithm: Algorithm, key: &Key<'_>) -> Option<Verification> {
    let rsa = |with: &'static dyn VerificationAlgorithm| (key.kind == RSA_KEY).then_some((with, SignatureError::Rsa));
    match algorithm {
        Algorithm::EcdsaSha256 | Algorithm::EcdsaSha384 | Algorithm::EcdsaSha512 => {
            let curve = key.curve.filter(|_| key.kind == EC_KEY)?;
            let (.., with) = ECDSA.iter().find(|(known, on, _)| *known == algorithm && *on == curve)?;
            Some((*with, SignatureError::Ecdsa))
        }
        Algorithm::Ed25519 => (key.kind == ED25519).then_some((&keys::ED25519, SignatureError::Ed25519)),
        Algorithm::RsaSha256 => rsa(&keys::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        Algorithm::RsaSha384 => rsa(&keys::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RsaSha512 => rsa(&keys::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
    }
}
