//! The cluster's authority as the one who signs what controllers have judged.

use crate::certificates::Authority;
use aws_lc_rs::rand;
use controllers::csr_signing::{Issue, Signer};
use jiff::Timestamp;
use rcgen::{KeyPair, SigningKey};
use std::fmt;
use std::sync::Arc;
use x509::{Algorithm, Issuer, Template};

/// The kinds of key that an authority may have.
static ALGORITHMS: &[(&rcgen::SignatureAlgorithm, Algorithm)] = &[
    (&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::EcdsaSha256),
    (&rcgen::PKCS_ECDSA_P384_SHA384, Algorithm::EcdsaSha384),
    (&rcgen::PKCS_ECDSA_P521_SHA512, Algorithm::EcdsaSha512),
    (&rcgen::PKCS_ED25519, Algorithm::Ed25519),
    (&rcgen::PKCS_RSA_SHA256, Algorithm::RsaSha256),
    (&rcgen::PKCS_RSA_SHA384, Algorithm::RsaSha384),
    (&rcgen::PKCS_RSA_SHA512, Algorithm::RsaSha512),
];

pub struct ClusterSigner {
    authority: Arc<Authority>,
    issuer: Issuer,
    algorithm: Algorithm,
}

impl ClusterSigner {
    pub fn of(authority: Arc<Authority>) -> Result<ClusterSigner, String> {
        let issuer = Issuer::read_pem(&authority.pem).map_err(|why| why.to_string())?;
        let algorithm =
            algorithm(authority.key()).ok_or("the authority's key is of no kind that signs certificates")?;
        Ok(ClusterSigner { authority, issuer, algorithm })
    }
}

fn algorithm(key: &KeyPair) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(known, _)| *known == key.algorithm()).map(|(_, algorithm)| *algorithm)
}

/// The key is nobody's to read.
impl fmt::Debug for ClusterSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterSigner").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Signer for ClusterSigner {
    fn ends(&self) -> Timestamp {
        self.issuer.not_after
    }

    fn sign(&self, issue: &Issue<'_>) -> Result<String, String> {
        let mut serial = [0; 16];
        rand::fill(&mut serial).map_err(|_| "there is no randomness".to_string())?;
        let Issue { request, usages, not_before, not_after } = *issue;
        let template = Template { request, usages, not_before, not_after, serial };
        let sign = |content: &[u8]| self.authority.key().sign(content);
        template.signed(&self.issuer, self.algorithm, sign).map_err(|why: rcgen::Error| why.to_string())
    }
}
