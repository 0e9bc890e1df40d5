//! Whom a call trusts: the bundle of its configuration, or what this machine trusts where there is none.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
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

/// How this server shows itself to whom it calls.
pub(crate) type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Trusts the PEM bundle alone, or the machine's roots where the bundle is empty.
pub(crate) fn client_tls(bundle: &[u8], own: Option<Own>) -> Result<Arc<ClientConfig>, String> {
    let roots = if bundle.is_empty() { SYSTEM.clone() } else { store(bundle) };
    if roots.is_empty() && !bundle.is_empty() {
        return Err("unable to load root certificates: unable to parse bytes as PEM block".into());
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())?,
    };
    Ok(Arc::new(config))
}
