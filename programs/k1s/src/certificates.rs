//! The cluster's own certificate authority and what it signs. Nothing is constant: every key is made on the machine.

use crate::files;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::CipherSuite;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const AUTHORITY_DAYS: i64 = 3650;
const LEAF_DAYS: i64 = 365;

#[derive(Debug)]
pub enum CertificateError {
    File(PathBuf, std::io::Error),
    /// The two files of the authority do not belong together, or are no certificate and key.
    Authority(PathBuf, String),
    Make(rcgen::Error),
    Tls(String),
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateError::File(path, why) => write!(f, "{}: {why}", path.display()),
            CertificateError::Authority(path, why) => {
                write!(f, "the certificate authority in {} cannot be used: {why}", path.display())
            }
            CertificateError::Make(why) => write!(f, "a certificate could not be made: {why}"),
            CertificateError::Tls(why) => write!(f, "TLS cannot be set up: {why}"),
        }
    }
}

impl std::error::Error for CertificateError {}

impl From<rcgen::Error> for CertificateError {
    fn from(error: rcgen::Error) -> CertificateError {
        CertificateError::Make(error)
    }
}

/// A certificate and its key as PEM.
pub struct Signed {
    pub certificate: String,
    pub key: String,
}

impl Signed {
    /// As TLS takes them.
    pub fn der(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), CertificateError> {
        let tls = |why: &dyn fmt::Display| CertificateError::Tls(why.to_string());
        let chain = vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).map_err(|e| tls(&e))?];
        Ok((chain, PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|e| tls(&e))?))
    }
}

/// What a certificate is for.
pub struct Subject<'a> {
    pub name: &'a str,
    pub groups: &'a [&'a str],
    /// Addresses and host names of a server; none for a client.
    pub addresses: Vec<IpAddr>,
    pub hosts: Vec<String>,
}

pub struct Authority {
    issuer: rcgen::Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    /// The authority of a data directory: read, or made on the first start.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Authority, CertificateError> {
        Authority::named("ca", dir, now)
    }

    /// The authority of those who may speak for others.
    pub fn of_front_proxies(dir: &Path, now: Timestamp) -> Result<Authority, CertificateError> {
        Authority::named("front-proxy-ca", dir, now)
    }

    fn named(file: &str, dir: &Path, now: Timestamp) -> Result<Authority, CertificateError> {
        let (certificate, key) = (dir.join(format!("{file}.crt")), dir.join(format!("{file}.key")));
        let read = |path: &Path| files::read(path).map_err(|why| CertificateError::File(path.into(), why));
        let unusable = |why: String| CertificateError::Authority(dir.into(), why);
        match (read(&certificate)?, read(&key)?) {
            (Some(pem), Some(key)) => {
                let key = KeyPair::from_pem(&key).map_err(|why| unusable(format!("{file}.key: {why}")))?;
                let issuer = rcgen::Issuer::from_ca_cert_pem(&pem, key);
                let issuer = issuer.map_err(|why| unusable(format!("{file}.crt: {why}")))?;
                Ok(Authority { issuer, pem })
            }
            (None, None) => Authority::make(&format!("k1s-{file}"), &certificate, &key, now),
            _ => Err(unusable(format!("one of {file}.crt and {file}.key is missing"))),
        }
    }

    fn make(title: &str, certificate: &Path, key: &Path, now: Timestamp) -> Result<Authority, CertificateError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(title, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        valid_for(&mut params, AUTHORITY_DAYS, now);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let pem = issuer.pem();
        let write = |path: &Path, pem: &str| {
            files::write(path, pem.as_bytes()).map_err(|why| CertificateError::File(path.into(), why))
        };
        let key_pem = issuer.key().serialize_pem();
        write(key, &key_pem)?;
        write(certificate, &pem)?;
        Ok(Authority { issuer: rcgen::Issuer::from_ca_cert_pem(&pem, KeyPair::from_pem(&key_pem)?)?, pem })
    }

    pub fn key(&self) -> &KeyPair {
        self.issuer.key()
    }

    pub fn sign(&self, subject: &Subject<'_>, now: Timestamp) -> Result<Signed, CertificateError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(subject.name, subject.groups);
        params.subject_alt_names = subject.addresses.iter().copied().map(SanType::IpAddress).collect();
        for host in &subject.hosts {
            params.subject_alt_names.push(SanType::DnsName(host.as_str().try_into()?));
        }
        let server = !params.subject_alt_names.is_empty();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if server {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        valid_for(&mut params, LEAF_DAYS, now);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Signed { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// A server's TLS: its certificate, and client certificates of this authority where a client shows one.
    pub fn server_tls(&self, signed: &Signed) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
        server_tls(signed, &self.pem)
    }
}

impl Authority {
    /// A client's TLS: servers of this authority, and the client's own certificate.
    pub fn client_tls(&self, signed: &Signed) -> Result<Arc<rustls::ClientConfig>, CertificateError> {
        let tls = |why: &dyn fmt::Display| CertificateError::Tls(why.to_string());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).map_err(|e| tls(&e))?).map_err(|e| tls(&e))?;
        let (chain, key) = signed.der()?;
        let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
        builder.with_client_auth_cert(chain, key).map(Arc::new).map_err(|e| tls(&e))
    }
}

/// A record, with all that surrounds it, in 8 KiB. Each has memory of its own, which the allocator hands out in turns:
/// eight of these stay in the processor's nearest cache, and thirty of the largest size do not.
const RECORD: usize = 8 * 1024 - 64;

/// A server's TLS: its certificate, and client certificates of any authority where a client shows one. The server's order
/// of ciphers holds, not the client's, and as with upstream AES with 128 bits is its first: the cheapest that is safe.
pub fn server_tls(signed: &Signed, clients: &str) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
    let tls = |why: &dyn fmt::Display| CertificateError::Tls(why.to_string());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(clients.as_bytes()).map_err(|e| tls(&e))?).map_err(|e| tls(&e))?;
    let verifier =
        WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated().build().map_err(|e| tls(&e))?;
    let (chain, key) = signed.der()?;
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    let builder = rustls::ServerConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|e| tls(&e))?;
    let builder = builder.with_client_cert_verifier(verifier);
    let mut config = builder.with_single_cert(chain, key).map_err(|e| tls(&e))?;
    config.ignore_client_order = true;
    config.max_fragment_size = Some(RECORD);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The keys of service-account tokens as PEM: the one that signs, and the public halves of all that did.
pub struct TokenKeys {
    pub signer: String,
    pub trusted: String,
}

impl TokenKeys {
    /// The keys of a data directory: read, or made on the first start. Tokens of an earlier signer stay good for as long
    /// as its public half stands in the second file.
    pub fn open(dir: &Path) -> Result<TokenKeys, CertificateError> {
        let (key, public) = (dir.join("service-account.key"), dir.join("service-account.pub"));
        let file = |path: &Path, why| CertificateError::File(path.into(), why);
        let signer = match files::read(&key).map_err(|why| file(&key, why))? {
            Some(signer) => signer,
            None => {
                let made = KeyPair::generate()?.serialize_pem();
                files::write(&key, made.as_bytes()).map_err(|why| file(&key, why))?;
                made
            }
        };
        let own = KeyPair::from_pem(&signer)?.public_key_pem();
        let mut trusted = files::read(&public).map_err(|why| file(&public, why))?.unwrap_or_default();
        if !trusted.replace("\r\n", "\n").contains(own.replace("\r\n", "\n").trim()) {
            trusted.push_str(&own);
            files::write(&public, trusted.as_bytes()).map_err(|why| file(&public, why))?;
        }
        Ok(TokenKeys { signer, trusted })
    }
}

fn name(common: &str, groups: &[&str]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for group in groups {
        name.push(DnType::OrganizationName, *group);
    }
    name.push(DnType::CommonName, common);
    name
}

/// Valid from a little before now: clocks of machines differ.
fn valid_for(params: &mut CertificateParams, days: i64, now: Timestamp) {
    let date = |at: Timestamp| {
        let day = at.to_zoned(jiff::tz::TimeZone::UTC);
        rcgen::date_time_ymd(day.year().into(), day.month() as u8, day.day() as u8)
    };
    params.not_before = date(now - SignedDuration::from_hours(24));
    params.not_after = date(now + SignedDuration::from_hours(24 * days));
}
