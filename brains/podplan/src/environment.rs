//! A container's environment, in the order in which it was declared, with everything resolved.

use crate::expansion::expand;
use crate::fields::{FieldError, Surroundings, field, resource};
use crate::spec::namespace;
use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVarSource, Pod, Secret};
use std::collections::BTreeMap;
use std::fmt;

/// The objects that an environment or a volume refers to, as far as they exist.
pub trait Sources {
    fn config_map(&self, name: &str) -> Option<&ConfigMap>;
    fn secret(&self, name: &str) -> Option<&Secret>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentError {
    NotFound { resource: &'static str, name: String },
    NoKey { key: String, kind: &'static str, namespace: String, name: String },
    Field(FieldError),
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnvironmentError::NotFound { resource, name } => write!(f, "{resource} \"{name}\" not found"),
            EnvironmentError::NoKey { key, kind, namespace, name } => {
                write!(f, "couldn't find key {key} in {kind} {namespace}/{name}")
            }
            EnvironmentError::Field(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EnvironmentError {}

impl From<FieldError> for EnvironmentError {
    fn from(error: FieldError) -> EnvironmentError {
        EnvironmentError::Field(error)
    }
}

/// Names with their values. What is declared stands above what is taken whole, and both above service links.
pub fn environment(
    pod: &Pod,
    container: &Container,
    sources: &dyn Sources,
    services: &BTreeMap<String, String>,
    around: Surroundings<'_>,
) -> Result<Vec<(String, String)>, EnvironmentError> {
    let mut known = taken_whole(container, sources)?;
    let mut order: Vec<String> = known.keys().cloned().collect();
    for variable in container.env.as_deref().unwrap_or_default() {
        let lookup = |name: &str| known.get(name).or_else(|| services.get(name)).map(String::as_str);
        let literal = variable.value.as_deref().filter(|v| !v.is_empty());
        let value = match (literal, &variable.value_from) {
            (Some(text), _) => Some(expand(text, lookup)),
            (None, Some(from)) => resolve(pod, container, from, sources, around)?,
            (None, None) => Some(String::new()),
        };
        if let Some(value) = value
            && known.insert(variable.name.clone(), value).is_none()
        {
            order.push(variable.name.clone());
        }
    }
    let links = services.iter().filter(|(name, _)| !known.contains_key(*name)).map(|(k, v)| (k.clone(), v.clone()));
    let links: Vec<_> = links.collect();
    let declared = order.into_iter().filter_map(|name| known.remove_entry(&name));
    Ok(declared.chain(links).collect())
}

fn taken_whole(container: &Container, sources: &dyn Sources) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let mut known = BTreeMap::new();
    for from in container.env_from.as_deref().unwrap_or_default() {
        let prefix = from.prefix.as_deref().unwrap_or_default();
        let mut take = |key: &str, value: String| known.insert(format!("{prefix}{key}"), value);
        if let Some(reference) = &from.config_map_ref {
            match sources.config_map(&reference.name) {
                Some(map) => map.data.iter().flatten().for_each(|(k, v)| drop(take(k, v.clone()))),
                None => missing(reference.optional, "configmap", &reference.name)?,
            }
        } else if let Some(reference) = &from.secret_ref {
            match sources.secret(&reference.name) {
                Some(secret) => secret.data.iter().flatten().for_each(|(k, v)| drop(take(k, text(&v.0)))),
                None => missing(reference.optional, "secret", &reference.name)?,
            }
        }
    }
    Ok(known)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn missing(optional: Option<bool>, resource: &'static str, name: &str) -> Result<(), EnvironmentError> {
    match optional {
        Some(true) => Ok(()),
        _ => Err(EnvironmentError::NotFound { resource, name: name.into() }),
    }
}

/// None when an optional source is absent: the variable is then not set at all.
fn resolve(
    pod: &Pod,
    container: &Container,
    from: &EnvVarSource,
    sources: &dyn Sources,
    around: Surroundings<'_>,
) -> Result<Option<String>, EnvironmentError> {
    if let Some(selector) = &from.field_ref {
        return Ok(Some(field(pod, selector, around)?));
    }
    if let Some(selector) = &from.resource_field_ref {
        return Ok(Some(resource(pod, Some(container), selector, around.allocatable)?));
    }
    if let Some(selector) = &from.config_map_key_ref {
        let Some(map) = sources.config_map(&selector.name) else {
            return missing(selector.optional, "configmap", &selector.name).map(|()| None);
        };
        let value = map.data.as_ref().and_then(|d| d.get(&selector.key)).cloned();
        return keyed(value, selector.optional, pod, ("ConfigMap", &selector.name, &selector.key));
    }
    if let Some(selector) = &from.secret_key_ref {
        let Some(secret) = sources.secret(&selector.name) else {
            return missing(selector.optional, "secret", &selector.name).map(|()| None);
        };
        let value = secret.data.as_ref().and_then(|d| d.get(&selector.key)).map(|v| text(&v.0));
        return keyed(value, selector.optional, pod, ("Secret", &selector.name, &selector.key));
    }
    Ok(Some(String::new()))
}

fn keyed(
    value: Option<String>,
    optional: Option<bool>,
    pod: &Pod,
    (kind, name, key): (&'static str, &str, &str),
) -> Result<Option<String>, EnvironmentError> {
    match (value, optional) {
        (None, Some(true)) => Ok(None),
        (None, _) => {
            Err(EnvironmentError::NoKey { key: key.into(), kind, namespace: namespace(pod).into(), name: name.into() })
        }
        (found, _) => Ok(found),
    }
}

/// Command and arguments with their references replaced.
pub fn expanded(words: Option<&Vec<String>>, environment: &[(String, String)]) -> Vec<String> {
    let lookup = |name: &str| environment.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    words.into_iter().flatten().map(|word| expand(word, lookup)).collect()
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

    fn check(container: &str, expect: &str) {
        let container: Container = serde_json::from_str(&format!(r#"{{"name":"c",{container}}}"#)).unwrap();
        let pod: Pod = serde_json::from_str(r#"{"metadata":{"name":"p","namespace":"n"}}"#).unwrap();
        let map = serde_json::from_str(r#"{"data":{"k":"v","A":"from-map"}}"#).unwrap();
        let secret = serde_json::from_str(r#"{"data":{"pw":"aHVzaA=="}}"#).unwrap();
        let services = BTreeMap::from([("SVC".to_owned(), "svc".to_owned()), ("A".to_owned(), "service".to_owned())]);
        let node = NodeFacts::default();
        let around = Surroundings { pod_ips: &[], node: &node, allocatable: &Amounts::new() };
        let result = environment(&pod, &container, &Fixed(map, secret), &services, around);
        let text = match result {
            Ok(all) => all.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "),
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(text, expect);
    }

    #[test]
    fn sources_stand_above_each_other() {
        check(r#""env":[{"name":"B","value":"x$(A)"}]"#, "B=xservice A=service SVC=svc");
        check(r#""env":[{"name":"A","value":"1"},{"name":"B","value":"$(A)2"}]"#, "A=1 B=12 SVC=svc");
        check(r#""envFrom":[{"configMapRef":{"name":"cm"}}]"#, "A=from-map k=v SVC=svc");
        check(r#""envFrom":[{"prefix":"P_","secretRef":{"name":"s"}}]"#, "P_pw=hush A=service SVC=svc");
        check(
            r#""env":[{"name":"PW","valueFrom":{"secretKeyRef":{"name":"s","key":"pw"}}}]"#,
            "PW=hush A=service SVC=svc",
        );
        check(
            r#""env":[{"name":"X","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]"#,
            "X=p A=service SVC=svc",
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        check(r#""envFrom":[{"configMapRef":{"name":"no"}}]"#, "error: configmap \"no\" not found");
        check(r#""envFrom":[{"secretRef":{"name":"no","optional":true}}]"#, "A=service SVC=svc");
        check(
            r#""env":[{"name":"X","valueFrom":{"configMapKeyRef":{"name":"cm","key":"q"}}}]"#,
            "error: couldn't find key q in ConfigMap n/cm",
        );
        check(
            r#""env":[{"name":"X","valueFrom":{"configMapKeyRef":{"name":"cm","key":"q","optional":true}}}]"#,
            "A=service SVC=svc",
        );
    }
}
