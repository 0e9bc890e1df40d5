//! Every pod runs as a service account: the default one where it names none, with its token mounted and its pull secrets.

mod limits;
mod mirror;
mod token_volume;

use super::{Admitting, Operation, Plugin, lookup};
use futures::future::BoxFuture;
use meta::{Gvr, Key, Object, Status, Value};
use std::sync::Arc;
use std::time::Duration;

const DEFAULT: &str = "default";
/// The default account is made by a controller soon after its namespace: upstream waits this often for it, and this long.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(150);

pub(super) struct ServiceAccount;

impl Plugin for ServiceAccount {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        match on.operation {
            Operation::Create => on.is("", "pods"),
            Operation::Update => on.is_any_part("", "pods") && on.call.request.subresource == "ephemeralcontainers",
            Operation::Delete | Operation::Connect => false,
        }
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, pod: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            if on.operation == Operation::Create && !mirror::is_mirror(pod) {
                if pod.str("spec.serviceAccountName").is_empty() {
                    pod.set("spec.serviceAccountName", DEFAULT);
                }
                let account = account_of(on, pod).await?;
                complete(pod, account.value(), || on.api.clock.name_suffix());
            }
            Ok(())
        })
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, pod: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            let Some(pod) = pod else { return Ok(()) };
            if on.operation == Operation::Create && mirror::is_mirror(pod) {
                return mirror::check(pod).map_err(|why| on.forbidden(Some(pod), why));
            }
            if pod.str("spec.serviceAccountName").is_empty() {
                let (namespace, name) = (&on.call.request.key.namespace, on.object_name(Some(pod)));
                return Err(on.forbidden(Some(pod), format!("no service account specified for pod {namespace}/{name}")));
            }
            let account = account_of(on, pod).await?;
            let created = on.operation == Operation::Create;
            limits::check(pod, account.value(), created).map_err(|why| on.forbidden(Some(pod), why))
        })
    }
}

async fn account_of(on: &Admitting<'_>, pod: &Value) -> Result<Arc<Object>, Status> {
    let (namespace, name) = (&on.call.request.key.namespace, pod.str("spec.serviceAccountName"));
    let (resource, key) = (Gvr::new("", "v1", "serviceaccounts"), Key::new(namespace.clone(), name));
    let tries = if name == DEFAULT { TRIES } else { 1 };
    for attempt in 0..tries {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        if let Some(found) = lookup::find(on.api, &resource, &key).await? {
            return Ok(found);
        }
    }
    let why = format!("error looking up service account {namespace}/{name}: serviceaccount {name:?} not found");
    Err(on.forbidden(Some(pod), why))
}

/// `suffix` ends the name of the token's volume.
fn complete(pod: &mut Value, account: &Value, suffix: impl FnOnce() -> String) {
    // The older name of the field is kept in step, as upstream's conversion does.
    pod.set("spec.serviceAccount", pod.str("spec.serviceAccountName").to_string());
    if automounts(pod, account) {
        token_volume::mount(pod, suffix);
    }
    let secrets = account.items("imagePullSecrets");
    if pod.items("spec.imagePullSecrets").is_empty() && !secrets.is_empty() {
        pod.set("spec.imagePullSecrets", secrets.to_vec());
    }
}

/// The pod's word counts before the account's; silence is yes.
fn automounts(pod: &Value, account: &Value) -> bool {
    let asked = pod.at("spec.automountServiceAccountToken").as_bool();
    asked.or_else(|| account.get("automountServiceAccountToken").as_bool()).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn a_pod_gets_what_its_account_has() {
        let silent = value!({"metadata": {"name": "default"}, "imagePullSecrets": [{"name": "pull"}]});
        let refusing = value!({"automountServiceAccountToken": false});
        let plain = value!({"spec": {"serviceAccountName": "default", "containers": [{"name": "a"}]}});
        let mut insisting = plain.clone();
        insisting.set("spec.automountServiceAccountToken", true);
        for (pod, account, volumes, secrets) in
            [(&plain, &silent, 1, 1), (&plain, &refusing, 0, 0), (&insisting, &refusing, 1, 0)]
        {
            let mut pod = pod.clone();
            complete(&mut pod, account, || "abcde".into());
            assert_eq!(pod.items("spec.volumes").len(), volumes, "{account:?}");
            assert_eq!(pod.items("spec.imagePullSecrets").len(), secrets, "{account:?}");
            assert_eq!(pod.str("spec.serviceAccount"), "default");
        }
    }
}
