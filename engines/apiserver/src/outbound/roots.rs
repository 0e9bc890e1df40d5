//! Whom a call trusts: the bundle of its configuration, or what this machine trusts where there is none.

use crate::aggregation::FrontProxy;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, LazyLock};

const SYSTEM_BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

static SYSTEM: LazyLock<RootCertStore> = LazyLock::new(|| {
    let bundle = SYSTEM_BUNDLES.iter().find_map(|path| std::fs::read(path).ok()).unwrap_or_default();
    store(&bundle)
});

fn store(pem: &[u8]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
    roots
}

/// Trusts the PEM bundle alone, or the machine's roots where the bundle is empty.
pub(crate) fn client_tls(bundle: &[u8]) -> Result<Arc<ClientConfig>, String> {
    let roots = trusted(bundle)?;
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

fn trusted(bundle: &[u8]) -> Result<RootCertStore, String> {
    let roots = if bundle.is_empty() { SYSTEM.clone() } else { store(bundle) };
    if roots.is_empty() && !bundle.is_empty() {
        return Err("unable to load root certificates: unable to parse bytes as PEM block".into());
    }
    Ok(roots)
}

/// Trusts the same, or whoever answers where that is asked for, and says who this server is.
pub(crate) fn presenting(bundle: &[u8], careless: bool, own: Option<&FrontProxy>) -> Result<Arc<ClientConfig>, String> {
    let Some(FrontProxy { chain, key, .. }) = own else {
        return if careless { Ok(unverified_tls()) } else { client_tls(bundle) };
    };
    let builder = match careless {
        true => ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(Anybody::default())),
        false => ClientConfig::builder().with_root_certificates(trusted(bundle)?),
    };
    let config = builder.with_client_auth_cert(chain.clone(), key.clone_key());
    config.map(Arc::new).map_err(|error| error.to_string())
}

/// Trusts whoever answers: upstream's proxies to Services and pods do not ask for a certificate they know.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl Default for Anybody {
    fn default() -> Anybody {
        Anybody(Arc::new(aws_lc_rs::default_provider()))
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

pub(crate) fn unverified_tls() -> Arc<ClientConfig> {
    static CONFIG: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
        let anybody = Arc::new(Anybody::default());
        let builder = ClientConfig::builder().dangerous().with_custom_certificate_verifier(anybody);
        Arc::new(builder.with_no_client_auth())
    });
    CONFIG.clone()
}
