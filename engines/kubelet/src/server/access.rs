//! The guard at the door. Health is for everyone who is known at all; nothing is for those who are not.

use super::answer::{Refusal, refuse};
use super::authn::{self, Identity};
use super::authz::{self, attributes};
use super::remembered::Remembered;
use client::ApiClient;
use clock::Clock;
use http::{HeaderMap, Method, StatusCode, header};
use jiff::SignedDuration;
use std::sync::Arc;

const TOKENS_LAST: SignedDuration = SignedDuration::from_mins(2);
const GRANTS_LAST: SignedDuration = SignedDuration::from_mins(5);
const REFUSALS_LAST: SignedDuration = SignedDuration::from_secs(30);

type Question = (Identity, &'static str, &'static str);

pub struct Guard {
    client: Arc<dyn ApiClient>,
    clock: Arc<dyn Clock>,
    node: String,
    tokens: Remembered<String, Option<Identity>>,
    grants: Remembered<Question, bool>,
}

impl Guard {
    pub fn new(client: Arc<dyn ApiClient>, clock: Arc<dyn Clock>, node: &str) -> Guard {
        Guard { client, clock, node: node.into(), tokens: Remembered::new(), grants: Remembered::new() }
    }

    /// `shown` is who the client's certificate names.
    pub async fn admit(
        &self,
        shown: Option<Identity>,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Identity, Refusal> {
        let identity = match shown {
            Some(identity) => Some(identity),
            None => self.by_token(headers).await?,
        };
        let identity = identity.ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "Unauthorized"))?;
        let wanted = attributes(method, path);
        for part in &wanted.parts {
            if self.is_allowed(&identity, wanted.verb, part).await? {
                return Ok(identity);
            }
        }
        let parts = wanted.parts.join(",");
        let message = format!(
            "Forbidden (user={}, verb={}, resource=nodes, subresource(s)=[{parts}])",
            identity.name, wanted.verb
        );
        Err(refuse(StatusCode::FORBIDDEN, message))
    }

    async fn by_token(&self, headers: &HeaderMap) -> Result<Option<Identity>, Refusal> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|h| h.strip_prefix("Bearer ")).map(str::trim).filter(|t| !t.is_empty())
        else {
            return Ok(None);
        };
        let now = self.clock.now();
        if let Some(known) = self.tokens.get(&token.to_owned(), now) {
            return Ok(known);
        }
        let identity = authn::review(&self.client, token).await.map_err(|status| {
            tracing::warn!(%status, "a token could not be reviewed");
            refuse(StatusCode::UNAUTHORIZED, "Unauthorized")
        })?;
        self.tokens.put(token.to_owned(), identity.clone(), now, TOKENS_LAST);
        Ok(identity)
    }

    async fn is_allowed(&self, identity: &Identity, verb: &'static str, part: &'static str) -> Result<bool, Refusal> {
        let question = (identity.clone(), verb, part);
        let now = self.clock.now();
        if let Some(known) = self.grants.get(&question, now) {
            return Ok(known);
        }
        let allowed = authz::review(&self.client, identity, &self.node, verb, part).await.map_err(|status| {
            let message =
                format!("Authorization error (user={}, verb={verb}, resource=nodes): {status}", identity.name);
            refuse(StatusCode::INTERNAL_SERVER_ERROR, message)
        })?;
        self.grants.put(question, allowed, now, if allowed { GRANTS_LAST } else { REFUSALS_LAST });
        Ok(allowed)
    }
}
