//! Where the cluster is and who asks.

use std::fmt;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// A member that does not answer in this time is passed over.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A silent connection is tried this often (etcd refuses more than one in five seconds), and given up after the other.
const TRY_SILENT_EVERY: Duration = Duration::from_secs(10);
const GIVE_UP_SILENT_AFTER: Duration = Duration::from_secs(10);

/// `https://` members need [`Tls`].
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    pub urls: Vec<String>,
    pub tls: Option<Tls>,
}

/// PEM texts.
#[derive(Clone)]
pub struct Tls {
    pub authority: Vec<u8>,
    /// The certificate and the key by which the members know the caller.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("client", &self.client.is_some()).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub enum ConnectError {
    NoMembers,
    Url { url: String, source: tonic::transport::Error },
    Tls { url: String, source: tonic::transport::Error },
    TlsMissing { url: String },
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::NoMembers => f.write_str("no member of the etcd cluster is named"),
            ConnectError::Url { url, source } => write!(f, "{url}: {source}"),
            ConnectError::Tls { url, source } => write!(f, "{url}: the certificates cannot be used: {source}"),
            ConnectError::TlsMissing { url } => write!(f, "{url}: https needs the certificate of an authority"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ConnectError::Url { source, .. } | ConnectError::Tls { source, .. } => Some(source),
            ConnectError::NoMembers | ConnectError::TlsMissing { .. } => None,
        }
    }
}

impl Cluster {
    pub fn new(urls: impl IntoIterator<Item = impl Into<String>>) -> Cluster {
        Cluster { urls: urls.into_iter().map(Into::into).collect(), tls: None }
    }

    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Cluster {
        Cluster { tls: Some(tls), ..self }
    }

    /// One connection to each member, made when it is first used and again whenever it broke.
    pub(crate) fn connections(&self) -> Result<Vec<Channel>, ConnectError> {
        if self.urls.is_empty() {
            return Err(ConnectError::NoMembers);
        }
        self.urls.iter().map(|url| Ok(self.endpoint(url)?.connect_lazy())).collect()
    }

    fn endpoint(&self, url: &str) -> Result<Endpoint, ConnectError> {
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|source| ConnectError::Url { url: url.into(), source })?
            .connect_timeout(CONNECT_WITHIN)
            .tcp_nodelay(true)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(TRY_SILENT_EVERY)
            .keep_alive_timeout(GIVE_UP_SILENT_AFTER)
            .keep_alive_while_idle(true);
        if !url.starts_with("https://") {
            return Ok(endpoint);
        }
        let tls = self.tls.as_ref().ok_or_else(|| ConnectError::TlsMissing { url: url.into() })?;
        endpoint.tls_config(tls.config()).map_err(|source| ConnectError::Tls { url: url.into(), source })
    }
}

impl Tls {
    fn config(&self) -> ClientTlsConfig {
        let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.authority));
        match &self.client {
            Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
            None => config,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_cannot_be_reached_is_refused_at_once() {
        let check = |cluster: Cluster, expect: &str| {
            let error = cluster.connections().expect_err(expect).to_string();
            assert!(error.contains(expect), "{error}");
        };
        check(Cluster::default(), "no member");
        check(Cluster::new(["https://127.0.0.1:2379"]), "needs the certificate");
        check(Cluster::new(["http://127.0.0.1:2379", "not a url"]), "not a url");
    }
}
