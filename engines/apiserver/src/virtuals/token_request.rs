//! `kubectl create token`, and what kubelets ask for a pod's projected token.

use super::{Answering, Told, Virtual, answered, body};
use crate::admission::node_restriction;
use crate::authn::{Bound, Claims, ISSUER, Reference};
use crate::engine::{Api, Call};
use jiff::{SignedDuration, Timestamp};
use meta::{ErrorList, FieldError, Gvk, Gvr, Key, Object, Path, Status, Time, Value};
use std::sync::Arc;

const GROUP: &str = "authentication.k8s.io";
const KIND: &str = "TokenRequest";
const SHORTEST: i64 = 10 * 60;
const LONGEST: i64 = 1 << 32;
const USUAL: i64 = 60 * 60;
/// The lifetime that admission asks for in a pod's own token. Upstream lets such a token live for a year and marks from
/// when on its use is late, because old clients read the file only once.
const OF_PODS: i64 = 60 * 60 + 7;
const EXTENDED: i64 = 365 * 24 * 60 * 60;

pub(super) struct TokenRequest;

impl Virtual for TokenRequest {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        ("", "serviceaccounts", "token")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(async move {
            let mut asked = body(call, told, "authentication.v1.TokenRequest", &["authentication.k8s.io/v1"])?;
            let issuing = Issuing { api, call, now: api.clock.now() };
            issuing.issue(&mut asked).await?;
            answered(asked)
        })
    }
}

struct Issuing<'a> {
    api: &'a Api,
    call: &'a Call,
    now: Timestamp,
}

impl Issuing<'_> {
    async fn issue(&self, asked: &mut Value) -> Result<(), Status> {
        let key = &self.call.request.key;
        self.check_names(asked)?;
        let account = self.get(Gvr::new("", "v1", "serviceaccounts"), key.clone()).await?;
        self.complete(asked, &account)?;
        check_lifetime(asked)?;
        node_restriction::admit_token_request(self.api, self.call, asked).await?;
        let bound = self.bound(asked, &account).await?;
        let claims = self.claims(asked, bound);
        let token = self.api.tokens.sign(&claims).map_err(Status::internal)?;
        let expires = self.now + SignedDuration::from_secs(asked.int("spec.expirationSeconds"));
        asked.set("status", Value::map());
        asked.set("status.token", token);
        asked.set("status.expirationTimestamp", Time(expires).to_string());
        Ok(())
    }

    /// The body may repeat what the path says.
    fn check_names(&self, asked: &Value) -> Result<(), Status> {
        let key = &self.call.request.key;
        for (field, own, word) in [("name", &key.name, "name"), ("namespace", &key.namespace, "namespace")] {
            let given = asked.get("metadata").get(field).as_str().unwrap_or("");
            if !given.is_empty() && given != own.as_str() {
                let path = Path::new("metadata").field(field);
                let why = format!("must match the service account {word} if specified");
                return Err(invalid(&key.name, FieldError::invalid(&path, given, why)));
            }
        }
        Ok(())
    }

    fn complete(&self, asked: &mut Value, account: &Object) -> Result<(), Status> {
        let (given, own) = (asked.str("metadata.uid"), account.header.uid.as_str());
        if !given.is_empty() && given != own {
            let why =
                format!("the UID in the token request ({given}) does not match the UID of the service account ({own})");
            return Err(Status::conflict(&Gvr::new(GROUP, "v1", KIND), &account.header.name, why));
        }
        asked.set("apiVersion", format!("{GROUP}/v1"));
        asked.set("kind", KIND);
        asked.set("metadata.name", &account.header.name);
        asked.set("metadata.namespace", &account.header.namespace);
        asked.set("metadata.uid", own);
        asked.set("metadata.creationTimestamp", Time(self.now).to_string());
        asked.set_if_absent("spec.expirationSeconds", USUAL);
        asked.set_if_absent("spec.boundObjectRef", Value::Null);
        if asked.items("spec.audiences").is_empty() {
            asked.set("spec.audiences", self.api.tokens.audiences());
        }
        Ok(())
    }

    async fn bound(&self, asked: &Value, account: &Object) -> Result<Bound, Status> {
        let mut bound = Bound {
            namespace: account.header.namespace.to_string(),
            serviceaccount: reference(account),
            ..Bound::default()
        };
        let wanted = asked.at("spec.boundObjectRef");
        if wanted.is_null() {
            return Ok(bound);
        }
        let object = self.bound_object(wanted).await?;
        match wanted.str("kind") {
            "Pod" => {
                bound.node = self.node_of(&object, &account.header.name).await?;
                bound.pod = Some(reference(&object));
            }
            "Node" => bound.node = Some(reference(&object)),
            _ => bound.secret = Some(reference(&object)),
        }
        Ok(bound)
    }

    async fn bound_object(&self, wanted: &Value) -> Result<Arc<Object>, Status> {
        let (version, kind, name) = (wanted.str("apiVersion"), wanted.str("kind"), wanted.str("name"));
        let namespace = self.call.request.key.namespace.as_str();
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        let (resource, namespace) = match (group, kind) {
            ("", "Pod") => ("pods", namespace),
            ("", "Secret") => ("secrets", namespace),
            ("", "Node") => ("nodes", ""),
            _ => {
                let why = format!("cannot bind token to object of type {group}/{version}, Kind={kind}");
                return Err(Status::bad_request(why));
            }
        };
        let object = self.get(Gvr::new("", "v1", resource), Key::new(namespace, name)).await?;
        let uid = wanted.str("uid");
        if !uid.is_empty() && uid != object.header.uid {
            let why = format!(
                "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
            );
            return Err(Status::conflict(&Gvr::new("", "v1", kind), name, why));
        }
        Ok(object)
    }

    /// The node of a pod goes into its token even where the node is not registered.
    async fn node_of(&self, pod: &Object, account: &str) -> Result<Option<Reference>, Status> {
        let pod = pod.value();
        if pod.str("spec.serviceAccountName") != account {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount {account:?} to pod running with different serviceaccount name."
            )));
        }
        let name = pod.str("spec.nodeName");
        if name.is_empty() {
            return Ok(None);
        }
        Ok(Some(match self.get(Gvr::new("", "v1", "nodes"), Key::cluster(name)).await {
            Ok(node) => reference(&node),
            Err(_) => Reference { name: name.into(), uid: String::new() },
        }))
    }

    async fn get(&self, resource: Gvr, key: Key) -> Result<Arc<Object>, Status> {
        let table = self.api.rows.table();
        let row = table.served(&resource).ok_or_else(Status::no_such_page)?;
        if let Some(found) = row.hub.get(&key) {
            return Ok(found);
        }
        self.api.fresh().await?;
        row.hub.get(&key).ok_or_else(|| Status::not_found(&resource, &key.name))
    }

    fn claims(&self, asked: &Value, mut bound: Bound) -> Claims {
        let key = &self.call.request.key;
        let audiences: Vec<String> =
            asked.items("spec.audiences").iter().filter_map(Value::as_str).map(Into::into).collect();
        let now = self.now.as_second();
        let mut lifetime = asked.int("spec.expirationSeconds");
        let own = self.api.tokens.audiences();
        if bound.pod.is_some() && lifetime == OF_PODS && audiences.iter().all(|audience| own.contains(audience)) {
            bound.warnafter = Some(now + lifetime);
            lifetime = EXTENDED;
        }
        Claims {
            aud: audiences,
            exp: now + lifetime,
            iat: now,
            iss: ISSUER.into(),
            jti: self.api.clock.uuid(),
            kubernetes: bound,
            nbf: now,
            sub: format!("system:serviceaccount:{}:{}", key.namespace, key.name),
        }
    }
}

fn reference(object: &Object) -> Reference {
    Reference { name: object.header.name.to_string(), uid: object.header.uid.to_string() }
}

fn check_lifetime(asked: &Value) -> Result<(), Status> {
    let seconds = asked.int("spec.expirationSeconds");
    let why = match seconds {
        ..SHORTEST => "may not specify a duration less than 10 minutes",
        SHORTEST..=LONGEST => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let path = Path::new("spec").field("expirationSeconds");
    Err(invalid("", FieldError::invalid(&path, seconds, why)))
}

fn invalid(name: &str, error: FieldError) -> Status {
    Status::invalid(&Gvk::new(GROUP, "v1", KIND), name, &ErrorList(vec![error]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_lifetime_has_bounds() {
        for (seconds, expect) in [
            (599, Some("may not specify a duration less than 10 minutes")),
            (600, None),
            (LONGEST, None),
            (LONGEST + 1, Some("may not specify a duration larger than 2^32 seconds")),
        ] {
            let refused = check_lifetime(&value!({"spec": {"expirationSeconds": seconds}})).err();
            match expect {
                Some(why) => assert!(refused.is_some_and(|status| status.message.ends_with(why)), "{seconds}"),
                None => assert_eq!(refused, None, "{seconds}"),
            }
        }
    }
}
