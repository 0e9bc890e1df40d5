//! Acting as somebody else, where the caller may: each part of the other identity is a resource that the verb
//! `impersonate` is asked for.

use crate::authz::{Attributes, Authorizer};
use crate::identity::{ANONYMOUS, AUTHENTICATED, Identity, UNAUTHENTICATED};
use http::HeaderMap;
use meta::Status;
use percent_encoding::percent_decode_str;
use std::fmt;

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA: &str = "impersonate-extra-";
const AUTHENTICATION: &str = "authentication.k8s.io";

/// One thing that is asked to be taken on.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    User(String),
    ServiceAccount { namespace: String, name: String },
    Group(String),
    Extra { key: String, value: String },
    Uid(String),
}

/// Upstream's form in its one message that shows parts.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::User(name) => write!(f, "{{User  {name}    }}"),
            Part::ServiceAccount { namespace, name } => write!(f, "{{ServiceAccount {namespace} {name}    }}"),
            Part::Group(name) => write!(f, "{{Group  {name}    }}"),
            Part::Extra { key, value } => write!(f, "{{UserExtra  {value}  {AUTHENTICATION}/v1  {key}}}"),
            Part::Uid(uid) => write!(f, "{{UID  {uid}  {AUTHENTICATION}/v1  }}"),
        }
    }
}

/// Whom the request is to be taken for; None where it does not ask.
pub(super) fn impersonated(
    authorizer: &Authorizer,
    caller: &Identity,
    headers: &HeaderMap,
) -> Result<Option<Identity>, Status> {
    let parts = parts(headers)?;
    for part in &parts {
        authorizer.check(caller, &part.attributes())?;
    }
    Ok((!parts.is_empty()).then(|| taken_on(&parts)))
}

fn parts(headers: &HeaderMap) -> Result<Vec<Part>, Status> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let first = |name: &str| headers.get(name).map(text).filter(|value| !value.is_empty());
    let user = first(USER).map(|name| service_account(&name).unwrap_or(Part::User(name)));
    let mut parts: Vec<Part> = user.clone().into_iter().collect();
    parts.extend(headers.get_all(GROUP).iter().map(|value| Part::Group(text(value))));
    for (name, value) in headers {
        if let Some(key) = name.as_str().strip_prefix(EXTRA) {
            let key = percent_decode_str(key).decode_utf8().map_or_else(|_| key.to_string(), |key| key.into_owned());
            parts.push(Part::Extra { key, value: text(value) });
        }
    }
    parts.extend(first(UID).map(Part::Uid));
    if user.is_none() && !parts.is_empty() {
        let shown: Vec<String> = parts.iter().map(ToString::to_string).collect();
        return Err(Status::bad_request(format!("requested [{}] without impersonating a user", shown.join(" "))));
    }
    Ok(parts)
}

fn service_account(user: &str) -> Option<Part> {
    let (namespace, name) = user.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let well_formed = !namespace.is_empty() && !name.is_empty() && !name.contains(':');
    well_formed.then(|| Part::ServiceAccount { namespace: namespace.into(), name: name.into() })
}

impl Part {
    fn attributes(&self) -> Attributes<'_> {
        let plain = Attributes { verb: "impersonate", ..Attributes::default() };
        let own = Attributes { group: AUTHENTICATION, version: "v1", ..plain.clone() };
        match self {
            Part::User(name) => Attributes { resource: "users", name, ..plain },
            Part::ServiceAccount { namespace, name } => {
                Attributes { resource: "serviceaccounts", namespace, name, ..plain }
            }
            Part::Group(name) => Attributes { resource: "groups", name, ..plain },
            Part::Extra { key, value } => Attributes { resource: "userextras", subresource: key, name: value, ..own },
            Part::Uid(uid) => Attributes { resource: "uids", name: uid, ..own },
        }
    }
}

fn taken_on(parts: &[Part]) -> Identity {
    let mut identity = Identity::default();
    let named = parts.iter().any(|part| matches!(part, Part::Group(_)));
    for part in parts {
        match part {
            Part::User(name) => identity.name = name.as_str().into(),
            Part::ServiceAccount { namespace, name } => {
                let account = Identity::service_account(namespace, name);
                identity.name = account.name;
                if !named {
                    identity.groups = account.groups.into_iter().filter(|group| group != AUTHENTICATED).collect();
                }
            }
            Part::Group(name) => identity.groups.push(name.clone()),
            Part::Extra { key, value } => identity.extra.entry(key.clone()).or_default().push(value.clone()),
            Part::Uid(uid) => identity.uid = uid.as_str().into(),
        }
    }
    let anonymous = identity.name == ANONYMOUS;
    let everyone = if anonymous { UNAUTHENTICATED } else { AUTHENTICATED };
    if !identity.is_in(everyone) && (anonymous || !identity.is_in(UNAUTHENTICATED)) {
        identity.groups.push(everyone.into());
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        HeaderMap::from_iter(pairs.iter().map(pair))
    }

    #[test]
    fn identities_are_taken_on() {
        for (given, name, groups) in [
            (headers(&[(USER, "jane")]), "jane", vec![AUTHENTICATED]),
            (headers(&[(USER, "jane"), (GROUP, "a")]), "jane", vec!["a", AUTHENTICATED]),
            (headers(&[(USER, "jane"), (GROUP, UNAUTHENTICATED)]), "jane", vec![UNAUTHENTICATED]),
            (headers(&[(USER, ANONYMOUS)]), ANONYMOUS, vec![UNAUTHENTICATED]),
            (
                headers(&[(USER, "system:serviceaccount:n:a")]),
                "system:serviceaccount:n:a",
                vec!["system:serviceaccounts", "system:serviceaccounts:n", AUTHENTICATED],
            ),
            (
                headers(&[(USER, "system:serviceaccount:n:a"), (GROUP, "g")]),
                "system:serviceaccount:n:a",
                vec!["g", AUTHENTICATED],
            ),
        ] {
            let identity = taken_on(&parts(&given).unwrap());
            assert_eq!(
                (identity.name.as_str(), identity.groups),
                (name, groups.into_iter().map(String::from).collect())
            );
        }
    }

    #[test]
    fn extras_are_decoded() {
        let given = headers(&[(USER, "jane"), ("impersonate-extra-acme.com%2fproject", "one")]);
        let identity = taken_on(&parts(&given).unwrap());
        assert_eq!(identity.extra["acme.com/project"], ["one"]);
    }

    #[test]
    fn a_user_is_needed() {
        assert_eq!(parts(&headers(&[])).unwrap(), []);
        let refused = parts(&headers(&[(GROUP, "g")])).unwrap_err();
        assert_eq!(refused.message, "requested [{Group  g    }] without impersonating a user");
    }
}
