//! An account may be told that its pods use only the secrets that it lists.

use meta::Value;
use std::collections::BTreeSet;

const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";
/// What Go's `strconv.ParseBool` takes for true.
const TRUE: [&str; 6] = ["1", "t", "T", "true", "TRUE", "True"];

/// `created`: the whole pod is judged, else only its ephemeral containers.
pub(super) fn check(pod: &Value, account: &Value, created: bool) -> Result<(), String> {
    let enforced = account.at("metadata.annotations").get(ENFORCE).as_str().is_some_and(|value| TRUE.contains(&value));
    if !enforced {
        return Ok(());
    }
    let limits = Limits { account: account.str("metadata.name"), secrets: names(account.items("secrets")) };
    if !created {
        return limits.check_containers(pod.items("spec.ephemeralContainers"), "ephemeral container");
    }
    limits.check_volumes(pod)?;
    limits.check_containers(pod.items("spec.initContainers"), "init container")?;
    limits.check_containers(pod.items("spec.containers"), "container")?;
    limits.check_pull_secrets(pod, &names(account.items("imagePullSecrets")))
}

fn names(references: &[Value]) -> BTreeSet<&str> {
    references.iter().map(|reference| reference.str("name")).collect()
}

struct Limits<'a> {
    account: &'a str,
    secrets: BTreeSet<&'a str>,
}

impl Limits<'_> {
    fn check_volumes(&self, pod: &Value) -> Result<(), String> {
        let volumes =
            pod.items("spec.volumes").iter().map(|volume| volume.get("secret")).filter(|secret| !secret.is_null());
        for secret in volumes {
            self.allow(secret.str("secretName"), |secret| format!("volume with secret.secretName=\"{secret}\" is"))?;
        }
        Ok(())
    }

    fn check_containers(&self, containers: &[Value], word: &str) -> Result<(), String> {
        for container in containers {
            let name = container.str("name");
            for env in container.items("env").iter().filter(|env| !env.at("valueFrom.secretKeyRef").is_null()) {
                let variable = env.str("name");
                self.allow(env.str("valueFrom.secretKeyRef.name"), |secret| {
                    format!("{word} {name} with envVar {variable} referencing secret.secretName=\"{secret}\" is")
                })?;
            }
            for from in container.items("envFrom").iter().filter(|from| !from.get("secretRef").is_null()) {
                self.allow(from.str("secretRef.name"), |secret| {
                    format!("{word} {name} with envFrom referencing secret.secretName=\"{secret}\" is")
                })?;
            }
        }
        Ok(())
    }

    fn allow(&self, secret: &str, what: impl FnOnce(&str) -> String) -> Result<(), String> {
        if self.secrets.contains(secret) {
            return Ok(());
        }
        let (what, account) = (what(secret), self.account);
        Err(format!("{what} not allowed because service account {account} does not reference that secret"))
    }

    fn check_pull_secrets(&self, pod: &Value, allowed: &BTreeSet<&str>) -> Result<(), String> {
        for (i, secret) in pod.items("spec.imagePullSecrets").iter().enumerate() {
            let (name, account) = (secret.str("name"), self.account);
            if !allowed.contains(name) {
                return Err(format!(
                    "imagePullSecrets[{i}].name=\"{name}\" is not allowed because service account {account} does not reference that imagePullSecret"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn account(enforce: &str) -> Value {
        let mut account = value!({"metadata": {"name": "sa", "annotations": {}}, "secrets": [{"name": "mine"}]});
        *account.entry("metadata").entry("annotations").entry(ENFORCE) = Value::from(enforce);
        account
    }

    #[test]
    fn secrets_are_limited_where_the_account_says_so() {
        let volume = |name: &str| value!({"spec": {"volumes": [{"secret": {"secretName": name}}]}});
        let env = value!({"spec": {"containers": [
            {"name": "c", "env": [{"name": "V", "valueFrom": {"secretKeyRef": {"name": "other"}}}]},
        ]}});
        let of = "not allowed because service account sa does not reference that";
        for (pod, enforce, expect) in [
            (volume("mine"), "true", None),
            (volume("other"), "false", None),
            (volume("other"), "true", Some(format!("volume with secret.secretName=\"other\" is {of} secret"))),
            (
                env,
                "1",
                Some(format!("container c with envVar V referencing secret.secretName=\"other\" is {of} secret")),
            ),
            (
                value!({"spec": {"imagePullSecrets": [{"name": "p"}]}}),
                "true",
                Some(format!("imagePullSecrets[0].name=\"p\" is {of} imagePullSecret")),
            ),
        ] {
            assert_eq!(check(&pod, &account(enforce), true).err(), expect, "{pod:?}");
        }
    }
}
