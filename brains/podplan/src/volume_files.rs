//! The files of configMap, secret, downwardAPI and projected volumes.

use crate::environment::{EnvironmentError, Sources};
use crate::fields::{FieldError, Surroundings, field, resource};
use k8s_openapi::api::core::v1::{
    ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, ServiceAccountTokenProjection, Volume, VolumeProjection,
};
use std::collections::BTreeMap;
use std::fmt;

const DEFAULT_MODE: i32 = 0o644;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub bytes: Vec<u8>,
    pub mode: u32,
    /// Owned by this user instead of root: a token for a container that does not run as root.
    pub user: Option<u32>,
}

pub type Files = BTreeMap<String, File>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesError {
    Missing(EnvironmentError),
    NoKey { key: String },
    Field(FieldError),
    NoToken { path: String },
    Unsupported { source: &'static str },
}

impl fmt::Display for FilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilesError::Missing(error) => error.fmt(f),
            FilesError::NoKey { key } => write!(f, "references non-existent config key: {key}"),
            FilesError::Field(error) => error.fmt(f),
            FilesError::NoToken { path } => write!(f, "failed to fetch token for {path}"),
            FilesError::Unsupported { source } => write!(f, "{source} projections are not supported"),
        }
    }
}

impl std::error::Error for FilesError {}

impl From<FieldError> for FilesError {
    fn from(error: FieldError) -> FilesError {
        FilesError::Field(error)
    }
}

/// What the files of a volume are made from.
pub struct Materials<'a> {
    pub pod: &'a Pod,
    pub sources: &'a dyn Sources,
    pub around: Surroundings<'a>,
    /// Tokens by the path that they are projected to.
    pub tokens: &'a BTreeMap<String, String>,
}

/// None for a volume that is not made of files.
pub fn files(volume: &Volume, from: &Materials<'_>) -> Option<Result<Files, FilesError>> {
    if let Some(source) = &volume.config_map {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        Some(config_map(&source.name, source.items.as_deref(), source.optional, mode, from))
    } else if let Some(source) = &volume.secret {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        let name = source.secret_name.as_deref().unwrap_or_default();
        Some(secret(name, source.items.as_deref(), source.optional, mode, from))
    } else if let Some(source) = &volume.downward_api {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        Some(downward(source.items.as_deref().unwrap_or_default(), mode, from))
    } else if let Some(source) = &volume.projected {
        let mode = source.default_mode.unwrap_or(DEFAULT_MODE);
        Some(projected(source.sources.as_deref().unwrap_or_default(), mode, from))
    } else {
        None
    }
}

fn projected(projections: &[VolumeProjection], mode: i32, from: &Materials<'_>) -> Result<Files, FilesError> {
    let mut all = Files::new();
    for projection in projections {
        all.extend(projection_files(projection, mode, from)?);
    }
    Ok(all)
}

fn projection_files(projection: &VolumeProjection, mode: i32, from: &Materials<'_>) -> Result<Files, FilesError> {
    if let Some(source) = &projection.config_map {
        config_map(&source.name, source.items.as_deref(), source.optional, mode, from)
    } else if let Some(source) = &projection.secret {
        secret(&source.name, source.items.as_deref(), source.optional, mode, from)
    } else if let Some(source) = &projection.downward_api {
        downward(source.items.as_deref().unwrap_or_default(), mode, from)
    } else if let Some(source) = &projection.service_account_token {
        token(source, mode, from)
    } else if projection.cluster_trust_bundle.is_some() {
        Err(FilesError::Unsupported { source: "clusterTrustBundle" })
    } else {
        Err(FilesError::Unsupported { source: "podCertificate" })
    }
}

fn token(source: &ServiceAccountTokenProjection, mode: i32, from: &Materials<'_>) -> Result<Files, FilesError> {
    let token = from.tokens.get(&source.path).ok_or_else(|| FilesError::NoToken { path: source.path.clone() })?;
    let user = token_user(from.pod);
    let shared = from.pod.spec.as_ref().and_then(|s| s.security_context.as_ref()).is_some_and(|s| s.fs_group.is_some());
    // Ownership of the volume widens this to the group afterwards.
    let private = shared || user.is_some();
    let mode = if private { 0o600 } else { u32::try_from(mode).unwrap_or(0o644) };
    let file = File { bytes: token.clone().into_bytes(), mode, user };
    Ok(Files::from([(clean(&source.path), file)]))
}

/// The one user that all containers run as, if there is one.
fn token_user(pod: &Pod) -> Option<u32> {
    let spec = pod.spec.as_ref()?;
    let common = spec.security_context.as_ref().and_then(|s| s.run_as_user);
    let mut users = crate::spec::all_containers(pod)
        .map(|(_, c)| c.security_context.as_ref().and_then(|s| s.run_as_user).or(common));
    let first = users.next()??;
    users.all(|user| user == Some(first)).then(|| u32::try_from(first).ok()).flatten()
}

fn config_map(
    name: &str,
    items: Option<&[KeyToPath]>,
    optional: Option<bool>,
    mode: i32,
    from: &Materials<'_>,
) -> Result<Files, FilesError> {
    let Some(map) = from.sources.config_map(name) else { return absent("configmap", name, optional) };
    keyed(&contents_of_map(map), items, optional, mode)
}

fn secret(
    name: &str,
    items: Option<&[KeyToPath]>,
    optional: Option<bool>,
    mode: i32,
    from: &Materials<'_>,
) -> Result<Files, FilesError> {
    let Some(secret) = from.sources.secret(name) else { return absent("secret", name, optional) };
    keyed(&contents_of_secret(secret), items, optional, mode)
}

fn absent(resource: &'static str, name: &str, optional: Option<bool>) -> Result<Files, FilesError> {
    match optional {
        Some(true) => Ok(Files::new()),
        _ => Err(FilesError::Missing(EnvironmentError::NotFound { resource, name: name.into() })),
    }
}

fn contents_of_map(map: &ConfigMap) -> BTreeMap<&str, &[u8]> {
    let text = map.data.iter().flatten().map(|(k, v)| (k.as_str(), v.as_bytes()));
    let binary = map.binary_data.iter().flatten().map(|(k, v)| (k.as_str(), v.0.as_slice()));
    text.chain(binary).collect()
}

fn contents_of_secret(secret: &Secret) -> BTreeMap<&str, &[u8]> {
    secret.data.iter().flatten().map(|(k, v)| (k.as_str(), v.0.as_slice())).collect()
}

fn keyed(
    contents: &BTreeMap<&str, &[u8]>,
    items: Option<&[KeyToPath]>,
    optional: Option<bool>,
    mode: i32,
) -> Result<Files, FilesError> {
    let file =
        |bytes: &[u8], mode: i32| File { bytes: bytes.to_vec(), mode: u32::try_from(mode).unwrap_or(0), user: None };
    let Some(items) = items.filter(|i| !i.is_empty()) else {
        return Ok(contents.iter().map(|(key, bytes)| ((*key).to_owned(), file(bytes, mode))).collect());
    };
    let mut files = Files::new();
    for item in items {
        match contents.get(item.key.as_str()) {
            Some(bytes) => drop(files.insert(clean(&item.path), file(bytes, item.mode.unwrap_or(mode)))),
            None if optional == Some(true) => {}
            None => return Err(FilesError::NoKey { key: item.key.clone() }),
        }
    }
    Ok(files)
}

fn downward(items: &[DownwardAPIVolumeFile], mode: i32, from: &Materials<'_>) -> Result<Files, FilesError> {
    let mut files = Files::new();
    for item in items {
        let text = match (&item.field_ref, &item.resource_field_ref) {
            (Some(selector), _) => field(from.pod, selector, from.around)?,
            (None, Some(selector)) => resource(from.pod, None, selector, from.around.allocatable)?,
            (None, None) => String::new(),
        };
        let mode = u32::try_from(item.mode.unwrap_or(mode)).unwrap_or(0);
        files.insert(clean(&item.path), File { bytes: text.into_bytes(), mode, user: None });
    }
    Ok(files)
}

/// Validation keeps `..` and roots out; repeated slashes and dots are only untidy.
fn clean(path: &str) -> String {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::Amounts;
    use crate::seen::NodeFacts;

    struct Fixed(ConfigMap, Secret);

    impl Sources for Fixed {
        fn config_map(&self, name: &str) -> Option<&ConfigMap> {
            (name == "cm").then_some(&self.0)
        }
        fn secret(&self, name: &str) -> Option<&Secret> {
            (name == "s").then_some(&self.1)
        }
    }

    fn check(pod: &str, volume: &str, expect: &str) {
        let pod: Pod = serde_json::from_str(&format!(r#"{{"metadata":{{"name":"p"}},"spec":{pod}}}"#)).unwrap();
        let volume: Volume = serde_json::from_str(&format!(r#"{{"name":"v",{volume}}}"#)).unwrap();
        let map = serde_json::from_str(r#"{"data":{"k":"v"},"binaryData":{"b":"AAE="}}"#).unwrap();
        let secret = serde_json::from_str(r#"{"data":{"pw":"aHVzaA=="}}"#).unwrap();
        let node = NodeFacts::default();
        let tokens = BTreeMap::from([("token".to_owned(), "jwt".to_owned())]);
        let around = Surroundings { pod_ips: &[], node: &node, allocatable: &Amounts::new() };
        let materials = Materials { pod: &pod, sources: &Fixed(map, secret), around, tokens: &tokens };
        let text = match files(&volume, &materials) {
            None => "none".to_owned(),
            Some(Err(error)) => format!("error: {error}"),
            Some(Ok(files)) => {
                let line = |(path, f): (&String, &File)| {
                    let user = f.user.map(|u| format!("@{u}")).unwrap_or_default();
                    format!("{path}:{:o}{user}={:?}", f.mode, String::from_utf8_lossy(&f.bytes))
                };
                files.iter().map(line).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(text, expect);
    }

    #[test]
    fn every_source_gives_files() {
        let pod = r#"{"containers":[{"name":"c"}]}"#;
        check(pod, r#""emptyDir":{}"#, "none");
        check(pod, r#""configMap":{"name":"cm"}"#, r#"b:644="\0\u{1}" k:644="v""#);
        check(
            pod,
            r#""configMap":{"name":"cm","defaultMode":256,"items":[{"key":"k","path":"a//b"}]}"#,
            r#"a/b:400="v""#,
        );
        check(
            pod,
            r#""configMap":{"name":"cm","items":[{"key":"z","path":"z"}]}"#,
            "error: references non-existent config key: z",
        );
        check(pod, r#""configMap":{"name":"no"}"#, "error: configmap \"no\" not found");
        check(pod, r#""secret":{"secretName":"no","optional":true}"#, "");
        check(pod, r#""secret":{"secretName":"s"}"#, r#"pw:644="hush""#);
        check(
            pod,
            r#""downwardAPI":{"items":[{"path":"name","fieldRef":{"fieldPath":"metadata.name"}}]}"#,
            r#"name:644="p""#,
        );
        check(
            pod,
            r#""projected":{"sources":[{"secret":{"name":"s"}},{"serviceAccountToken":{"path":"token"}}]}"#,
            r#"pw:644="hush" token:644="jwt""#,
        );
    }

    #[test]
    fn a_token_belongs_to_its_only_user() {
        let volume = r#""projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}"#;
        check(r#"{"securityContext":{"runAsUser":7},"containers":[{"name":"c"}]}"#, volume, r#"token:600@7="jwt""#);
        check(
            r#"{"securityContext":{"runAsUser":7,"fsGroup":9},"containers":[{"name":"c"}]}"#,
            volume,
            r#"token:600@7="jwt""#,
        );
    }
}
