//! Pulls from registries. Content is checked against its digest before anything uses it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cri::v1::AuthConfig;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

use super::error::{ImageError, Result, Step};
use super::store::{ImageRecord, ImageStore};
use super::{config, digest, reference};

const LARGEST_CONFIG: i64 = 16 << 20;

/// How registries are reached.
#[derive(Debug, Clone, Default)]
pub struct Registries {
    /// Hosts to ask instead, in order, by the registry's name; it is asked last itself.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// Hosts that speak plain HTTP, besides those on the loopback.
    pub plain_http: Vec<String>,
}

impl Registries {
    fn hosts(&self, registry: &str) -> Vec<String> {
        let mirrors = self.mirrors.get(registry).or_else(|| self.mirrors.get("*"));
        mirrors.into_iter().flatten().cloned().chain([registry.to_owned()]).collect()
    }

    fn client(&self, host: &str) -> Client {
        let plain = is_loopback(host) || self.plain_http.iter().any(|known| known == host);
        let protocol = if plain { ClientProtocol::Http } else { ClientProtocol::Https };
        Client::new(ClientConfig { protocol, ..ClientConfig::default() })
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn credentials(auth: Option<&AuthConfig>) -> Result<RegistryAuth> {
    let Some(auth) = auth else { return Ok(RegistryAuth::Anonymous) };
    if !auth.registry_token.is_empty() {
        return Ok(RegistryAuth::Bearer(auth.registry_token.clone()));
    }
    if !auth.auth.is_empty() {
        return decode_basic(&auth.auth)
            .ok_or_else(|| ImageError::Manifest("registry credentials are malformed".into()));
    }
    if auth.username.is_empty() {
        return Ok(RegistryAuth::Anonymous);
    }
    Ok(RegistryAuth::Basic(auth.username.clone(), auth.password.clone()))
}

/// `USER:PASSWORD` in base64, as config files keep it.
fn decode_basic(encoded: &str) -> Option<RegistryAuth> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(RegistryAuth::Basic(user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

/// The same image at another host.
fn at_host(image: &Reference, host: &str) -> Reference {
    let (host, path) = (host.to_owned(), image.repository().to_owned());
    match (image.digest(), image.tag()) {
        (Some(digest), _) => Reference::with_digest(host, path, digest.to_owned()),
        (None, tag) => Reference::with_tag(host, path, tag.unwrap_or("latest").to_owned()),
    }
}

impl ImageStore {
    /// Asks one host after the other; the last one's refusal is the answer.
    pub async fn pull(
        self: &Arc<Self>,
        name: &str,
        auth: Option<&AuthConfig>,
        registries: &Registries,
    ) -> Result<Arc<ImageRecord>> {
        let image = reference::parse(name)?;
        let mut refusal = ImageError::NotFound(name.to_owned());
        for host in registries.hosts(image.registry()) {
            // Credentials are meant for the registry itself, not for whoever mirrors it.
            let auth = if host == image.registry() { credentials(auth)? } else { RegistryAuth::Anonymous };
            match self.pull_from(&registries.client(&host), &at_host(&image, &host), &image, &auth).await {
                Ok(record) => return Ok(record),
                Err(error) => {
                    tracing::info!(%name, %host, %error, "pull failed");
                    refusal = error;
                }
            }
        }
        Err(refusal)
    }

    async fn pull_from(
        self: &Arc<Self>,
        client: &Client,
        source: &Reference,
        image: &Reference,
        auth: &RegistryAuth,
    ) -> Result<Arc<ImageRecord>> {
        let pulled = client.pull_image_manifest_and_list_digest(source, auth).await.map_err(ImageError::Registry)?;
        let (manifest, manifest_digest, list_digest) = pulled;
        if manifest.config.size > LARGEST_CONFIG {
            return Err(ImageError::Limit("config size"));
        }
        let mut config_bytes = Vec::new();
        client.pull_blob(source, &manifest.config, &mut config_bytes).await.map_err(ImageError::Registry)?;
        digest::check(&config_bytes, &manifest.config.digest)?;
        let diff_ids = config::parse(&config_bytes)?.rootfs.diff_ids;
        if diff_ids.len() != manifest.layers.len() {
            return Err(ImageError::Manifest("the config names another number of layers".into()));
        }
        let mut layers: Vec<(String, u64)> = Vec::new();
        for (descriptor, diff_id) in manifest.layers.iter().zip(&diff_ids) {
            let below: Vec<String> = layers.iter().map(|(name, _)| name.clone()).collect();
            layers.push(self.pull_layer(client, source, descriptor, below, diff_id).await?);
        }
        let repository = reference::repository(image);
        let digests = list_digest.into_iter().chain([manifest_digest]).map(|digest| format!("{repository}@{digest}"));
        let tags = match image.digest() {
            Some(_) => Vec::new(),
            None => vec![reference::normalize(&image.whole())?],
        };
        self.add(&config_bytes, layers, &tags, &digests.collect::<Vec<_>>())
    }

    /// Into a nameless file first, so that a slow registry holds nothing but a descriptor.
    async fn pull_layer(
        self: &Arc<Self>,
        client: &Client,
        source: &Reference,
        descriptor: &OciDescriptor,
        below: Vec<String>,
        diff_id: &str,
    ) -> Result<(String, u64)> {
        let blob = linux::process::nameless_file(self.layers_dir()).step("pulling a layer")?;
        let mut writer = tokio::fs::File::from_std(blob.try_clone().step("pulling a layer")?);
        client.pull_blob(source, descriptor, &mut writer).await.map_err(ImageError::Registry)?;
        tokio::io::AsyncWriteExt::flush(&mut writer).await.step("pulling a layer")?;
        let (store, diff_id, compressed) = (self.clone(), diff_id.to_owned(), descriptor.digest.clone());
        let unpacked = tokio::task::spawn_blocking(move || {
            let mut blob = blob;
            std::io::Seek::rewind(&mut blob).step("pulling a layer")?;
            digest::Reader::new(&mut blob).finish(&compressed)?;
            std::io::Seek::rewind(&mut blob).step("pulling a layer")?;
            store.add_layer(&below, &diff_id, Box::new(blob))
        });
        unpacked.await.map_err(std::io::Error::other).step("unpacking a layer")?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_registries_speak_plain_http() {
        for (host, expect) in [
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.0.0.1", true),
            ("[::1]:5000", true),
            ("docker.io", false),
            ("localhost.example.com", false),
            ("10.0.0.1:5000", false),
        ] {
            assert_eq!(is_loopback(host), expect, "{host}");
        }
    }

    #[test]
    fn mirrors_come_before_the_registry() {
        let mirrors = [("docker.io".to_owned(), vec!["m1".to_owned(), "m2".to_owned()])].into();
        let registries = Registries { mirrors, ..Registries::default() };
        assert_eq!(registries.hosts("docker.io"), ["m1", "m2", "docker.io"]);
        assert_eq!(registries.hosts("ghcr.io"), ["ghcr.io"]);
    }

    #[test]
    fn credentials_come_in_three_forms() {
        let check = |auth: AuthConfig, expect: RegistryAuth| {
            assert_eq!(format!("{:?}", credentials(Some(&auth)).expect("well formed")), format!("{expect:?}"));
        };
        check(AuthConfig::default(), RegistryAuth::Anonymous);
        check(
            AuthConfig { username: "u".into(), password: "p".into(), ..AuthConfig::default() },
            RegistryAuth::Basic("u".into(), "p".into()),
        );
        check(AuthConfig { auth: "dTpw".into(), ..AuthConfig::default() }, RegistryAuth::Basic("u".into(), "p".into()));
        check(AuthConfig { registry_token: "t".into(), ..AuthConfig::default() }, RegistryAuth::Bearer("t".into()));
        assert!(credentials(Some(&AuthConfig { auth: "?".into(), ..AuthConfig::default() })).is_err());
    }
}
