//! An authority whose certificates openssl signs, each for this machine's addresses.

use super::super::Succeeds;
use super::super::running::Directory;
use crate::failure::{self, Failure};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory with ca.crt and ca.key, and what they have signed.
pub struct Authority(PathBuf);

impl Authority {
    pub fn make(directory: &Directory) -> Result<Authority, Failure> {
        let authority = Authority(directory.0.clone());
        authority.certificate("ca", "/CN=ca").succeeds()?;
        Ok(authority)
    }

    /// One that lies elsewhere.
    pub fn copy(certificate: &Path, key: &Path, directory: &Directory) -> Result<Authority, Failure> {
        for (from, to) in [(certificate, "ca.crt"), (key, "ca.key")] {
            std::fs::copy(from, directory.file(to)).map_err(Failure::io(from.display()))?;
        }
        Ok(Authority(directory.0.clone()))
    }

    /// NAME.crt and NAME.key.
    pub fn sign(&self, name: &str, subject: &str) -> Result<(), Failure> {
        let mut openssl = self.certificate(name, subject);
        openssl.args(["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-addext", "extendedKeyUsage=clientAuth,serverAuth", "-addext"]);
        openssl.arg(format!("subjectAltName=IP:127.0.0.1,IP:{}", own_address()?)).succeeds()
    }

    /// For whom the subject names, at that server.
    pub fn kubeconfig(&self, server: &str, name: &str, subject: &str) -> Result<PathBuf, Failure> {
        self.sign(name, subject)?;
        let file = |name: String| self.0.join(name);
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority": file("ca.crt".into())}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "users": [{"name": name, "user": {
                "client-certificate": file(format!("{name}.crt")), "client-key": file(format!("{name}.key"))}}],
        });
        let path = file(format!("{name}.kubeconfig"));
        failure::write(&path, &config.to_string())?;
        Ok(path)
    }

    fn certificate(&self, name: &str, subject: &str) -> Command {
        let mut openssl = Command::new("openssl");
        openssl
            .current_dir(&self.0)
            .stderr(Stdio::null())
            .args(["req", "-x509", "-nodes", "-days", "2", "-subj", subject]);
        openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        openssl.args(["-out", &format!("{name}.crt"), "-keyout", &format!("{name}.key")]);
        openssl
    }
}

/// From which this machine would send to others. Nothing is sent.
fn own_address() -> Result<IpAddr, Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).map_err(Failure::io("an own address"))?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).map_err(Failure::io("an own address"))?;
    Ok(socket.local_addr().map_err(Failure::io("an own address"))?.ip())
}
