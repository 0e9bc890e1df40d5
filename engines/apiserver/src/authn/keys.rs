//! The keys of service-account tokens: one signs, all that are trusted verify. A key's name is the digest of its public
//! half, so that it stays the same wherever the key is read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use meta::{Value, value};
use rcgen::PublicKeyData;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// A point of P-256 as it stands at the end of its public key: a byte that says "uncompressed", then x and y.
const POINT: usize = 65;
const COORDINATE: usize = 32;
pub const ALGORITHM: Algorithm = Algorithm::ES256;

#[derive(Debug)]
pub enum KeyError {
    /// The signing key is no key of P-256 in PEM.
    Signer(String),
    Trusted(String),
    Sign(jsonwebtoken::errors::Error),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Signer(why) => write!(f, "the key that signs service-account tokens cannot be used: {why}"),
            KeyError::Trusted(why) => write!(f, "a public key of service-account tokens cannot be used: {why}"),
            KeyError::Sign(why) => write!(f, "a token could not be signed: {why}"),
        }
    }
}

impl std::error::Error for KeyError {}

struct Trusted {
    key: DecodingKey,
    shown: Value,
}

pub struct Keys {
    signer: EncodingKey,
    signer_name: String,
    trusted: BTreeMap<String, Trusted>,
}

impl Keys {
    /// `signer` is a private key, `trusted` any number of public ones, those of earlier signers among them.
    pub fn open(signer: &str, trusted: &str) -> Result<Keys, KeyError> {
        let pair = rcgen::KeyPair::from_pem(signer).map_err(|why| KeyError::Signer(why.to_string()))?;
        let key = EncodingKey::from_ec_pem(signer.as_bytes()).map_err(|why| KeyError::Signer(why.to_string()))?;
        let own = pair.subject_public_key_info();
        let mut keys = Keys { signer: key, signer_name: name_of(&own), trusted: BTreeMap::new() };
        keys.trust(&own)?;
        for public in SubjectPublicKeyInfoDer::pem_slice_iter(trusted.as_bytes()) {
            keys.trust(&public.map_err(|why| KeyError::Trusted(why.to_string()))?)?;
        }
        Ok(keys)
    }

    fn trust(&mut self, public: &[u8]) -> Result<(), KeyError> {
        let name = name_of(public);
        let point = public.len().checked_sub(POINT).map(|start| &public[start + 1..]);
        let (x, y) = point.ok_or_else(|| KeyError::Trusted("it is too short".into()))?.split_at(COORDINATE);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let key = DecodingKey::from_ec_components(&x, &y).map_err(|why| KeyError::Trusted(why.to_string()))?;
        let shown = value!({"use": "sig", "kty": "EC", "kid": (&name), "crv": "P-256", "alg": "ES256", "x": x, "y": y});
        self.trusted.insert(name, Trusted { key, shown });
        Ok(())
    }

    pub(super) fn sign(&self, claims: &super::claims::Claims) -> Result<String, KeyError> {
        let header = Header { typ: None, kid: Some(self.signer_name.clone()), ..Header::new(ALGORITHM) };
        jsonwebtoken::encode(&header, claims, &self.signer).map_err(KeyError::Sign)
    }

    pub(super) fn find(&self, name: &str) -> Option<&DecodingKey> {
        self.trusted.get(name).map(|trusted| &trusted.key)
    }

    /// The public keys as `/openid/v1/jwks` shows them.
    pub fn shown(&self) -> Value {
        let keys: Vec<Value> = self.trusted.values().map(|trusted| trusted.shown.clone()).collect();
        value!({"keys": keys})
    }
}

fn name_of(public: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(public))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_trusted_and_named_by_what_they_are() {
        let (old, new) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
        let keys = Keys::open(&new.serialize_pem(), &old.public_key_pem()).unwrap();
        assert_eq!(keys.trusted.len(), 2);
        assert_eq!(keys.signer_name, name_of(&new.subject_public_key_info()));
        assert!(keys.find(&name_of(&old.subject_public_key_info())).is_some());
        assert_eq!(keys.shown().items("keys").len(), 2);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(matches!(Keys::open("nothing", ""), Err(KeyError::Signer(_))));
    }
}
