//! Service account tokens for projected volumes: asked for once, and anew before they end.

use crate::context::Context;
use client::Request;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Pod, ServiceAccount, ServiceAccountTokenProjection, Volume};
use kinds::Verb;
use meta::{Key, Status, Value};
use plan::Resource;
use podplan::spec::{name, namespace, spec, uid};
use std::collections::BTreeMap;

/// However long a token lives, it is not kept longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
const SERVICE_ACCOUNT_NEEDED: &str = "default";

#[derive(Default)]
pub struct Tokens {
    /// By volume, then by path.
    held: BTreeMap<String, BTreeMap<String, String>>,
    due: BTreeMap<(String, String), Timestamp>,
}

static NONE: BTreeMap<String, String> = BTreeMap::new();

impl Tokens {
    pub fn of(&self, volume: &str) -> &BTreeMap<String, String> {
        self.held.get(volume).unwrap_or(&NONE)
    }

    pub fn due(&self) -> Option<Timestamp> {
        self.due.values().min().copied()
    }

    /// Asks for the tokens of a volume that are missing or due.
    pub async fn renew(&mut self, context: &Context, pod: &Pod, volume: &Volume) -> Result<(), Status> {
        let parts = volume.projected.iter().flat_map(|p| p.sources.iter().flatten());
        for wanted in parts.filter_map(|part| part.service_account_token.as_ref()) {
            let at = (volume.name.clone(), wanted.path.clone());
            if self.due.get(&at).is_some_and(|due| context.clock.now() < *due) {
                continue;
            }
            let (token, due) = request(context, pod, wanted).await?;
            self.held.entry(at.0.clone()).or_default().insert(at.1.clone(), token);
            self.due.insert(at, due);
        }
        Ok(())
    }
}

async fn request(
    context: &Context,
    pod: &Pod,
    wanted: &ServiceAccountTokenProjection,
) -> Result<(String, Timestamp), Status> {
    let account = spec(pod).service_account_name.as_deref().unwrap_or(SERVICE_ACCOUNT_NEEDED);
    let mut body = Value::map();
    body.set("apiVersion", "authentication.k8s.io/v1");
    body.set("kind", "TokenRequest");
    body.set("spec.audiences", wanted.audience.iter().filter(|a| !a.is_empty()).cloned().collect::<Vec<_>>());
    body.set("spec.expirationSeconds", wanted.expiration_seconds.unwrap_or(3600));
    body.set("spec.boundObjectRef.apiVersion", "v1");
    body.set("spec.boundObjectRef.kind", "Pod");
    body.set("spec.boundObjectRef.name", name(pod));
    body.set("spec.boundObjectRef.uid", uid(pod));
    let key = Key::new(namespace(pod), account);
    let mut request = Request::new(Verb::Create, ServiceAccount::gvr(), key).subresource("token");
    request.body = client::Body::Object(body);
    let answer = context.client.call(request).await?.object()?;
    let answer = answer.value();
    let ends = answer.str("status.expirationTimestamp").parse::<Timestamp>().map_err(Status::internal)?;
    Ok((answer.str("status.token").to_owned(), renewal(context.clock.now(), ends)))
}

/// When four fifths of its life are over, and no later than a day.
fn renewal(now: Timestamp, ends: Timestamp) -> Timestamp {
    let life = ends.duration_since(now);
    now.saturating_add((life * 4 / 5).min(LONGEST)).unwrap_or(ends)
}
