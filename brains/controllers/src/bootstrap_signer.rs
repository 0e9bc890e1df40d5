//! Signs what machines that want to join read of the cluster, once for each token that may: `kube-public/cluster-info`.

use bootstrap::{End, NAMESPACE, TokenSecret, detached_signature};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use meta::Key;
use plan::{Change, Controller, Grant, Input, Moment, Plan, Resource, View};
use std::collections::BTreeMap;

const PUBLIC: &str = "kube-public";
const NAME: &str = "cluster-info";
/// What is signed.
const CONTENT: &str = "kubeconfig";
const SIGNATURE: &str = "jws-kubeconfig-";

pub struct BootstrapSigner;

impl Controller for BootstrapSigner {
    fn name(&self) -> &'static str {
        "bootstrap-signer-controller"
    }

    fn identity(&self) -> &'static str {
        "bootstrap-signer"
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<ConfigMap>(), Input::of::<Secret>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on::<ConfigMap>(&["update"])]
    }

    fn keys(&self, change: &Change, _seen: &View) -> Vec<Key> {
        let signed = Key::new(PUBLIC, NAME);
        let ours = match change.resource == ConfigMap::gvr() {
            true => change.key == signed,
            false => change.key.namespace == NAMESPACE,
        };
        ours.then_some(signed).into_iter().collect()
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(info) = seen.get::<ConfigMap>(&key.namespace, &key.name) else { return plan };
        let Some(content) = info.data.as_ref().and_then(|data| data.get(CONTENT)) else { return plan };
        let data = signed(&info, content, seen, moment, &mut plan);
        if info.data.as_ref() != Some(&data) {
            plan.update(key.clone(), &ConfigMap { data: Some(data), ..ConfigMap::clone(&info) });
        }
        plan
    }
}

/// With the signatures of all that may sign now, and no others; they are looked at again when the first of them ends.
fn signed(info: &ConfigMap, content: &str, seen: &View, moment: &Moment, plan: &mut Plan) -> BTreeMap<String, String> {
    let mut data = info.data.clone().unwrap_or_default();
    data.retain(|key, _| !key.starts_with(SIGNATURE));
    for token in tokens(seen) {
        let Some((id, secret)) = token.signing(moment.now) else { continue };
        data.insert(format!("{SIGNATURE}{id}"), detached_signature(content, id, secret));
        if let End::At(end) = token.end() {
            plan.again_after(end.duration_since(moment.now));
        }
    }
    data
}

fn tokens(seen: &View) -> impl Iterator<Item = TokenSecret> {
    let secrets = seen.kind(&Secret::gvr()).into_iter().flat_map(|kind| kind.in_namespace(NAMESPACE));
    secrets.filter_map(|secret| TokenSecret::read(&secret.decode_value()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn bootstrap_signer() {
        crate::testing::check(&super::BootstrapSigner, "bootstrap_signer");
    }
}
