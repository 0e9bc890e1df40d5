//! Pure: requests for certificates (PKCS#10) and the certificates that answer them, read strictly and written as
//! upstream's signer writes them. Keys stay outside: who signs is an argument.

mod alternatives;
mod certificate;
mod der;
mod name;
mod pem;
mod request;
mod signature;
mod usages;

pub use alternatives::Alternatives;
pub use certificate::{Issuer, Template, check_certificates, not_after};
pub use name::Name;
pub use request::Request;
pub use signature::{Algorithm, SignatureError};
pub use usages::Usages;

use std::fmt;

/// Why something is no request, or no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub(crate) String);

impl Malformed {
    pub(crate) fn new(why: impl Into<String>) -> Malformed {
        Malformed(why.into())
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}
