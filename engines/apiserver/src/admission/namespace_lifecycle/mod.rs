//! Nothing is created in a namespace that is absent or ending, and the namespaces of the system stay.

use super::{Admitting, Operation, Plugin};
use futures::future::BoxFuture;
use meta::{Cause, Gvr, Key, Status, Value};

pub(super) struct NamespaceLifecycle;

const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

impl Plugin for NamespaceLifecycle {
    fn name(&self) -> &'static str {
        "NamespaceLifecycle"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        match on.operation {
            Operation::Create => on.def.namespaced(),
            Operation::Delete => on.is("", "namespaces"),
            Operation::Update | Operation::Connect => false,
        }
    }

    fn mutate<'a>(&'a self, on: &'a Admitting<'a>, _object: &'a mut Value) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(self.check(on))
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, _object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move {
            match on.operation {
                Operation::Delete => self.check(on).await,
                _ => Ok(()),
            }
        })
    }
}

impl NamespaceLifecycle {
    async fn check(&self, on: &Admitting<'_>) -> Result<(), Status> {
        let key = &on.call.request.key;
        if on.operation == Operation::Delete {
            return match IMMORTAL.contains(&key.name.as_str()) {
                true => {
                    let why = "this namespace may not be deleted";
                    Err(Status::forbidden(&Gvr::new("", "v1", "namespaces"), &key.name, why))
                }
                false => Ok(()),
            };
        }
        // A review of access asks about a namespace without entering it.
        if on.def.group == "authorization.k8s.io" {
            return Ok(());
        }
        self.check_exists(on, &key.namespace).await
    }

    async fn check_exists(&self, on: &Admitting<'_>, namespace: &str) -> Result<(), Status> {
        let (namespaces, key) = (Gvr::new("", "v1", "namespaces"), Key::cluster(namespace));
        let table = on.api.rows.table();
        let row = table.get("", "namespaces").ok_or_else(|| Status::internal("namespaces are not served"))?;
        let found = match row.hub.get(&key) {
            Some(found) => found,
            None => {
                on.api.fresh().await?;
                row.hub.get(&key).ok_or_else(|| Status::not_found(&namespaces, namespace))?
            }
        };
        if found.header.deletion_timestamp.is_none() {
            return Ok(());
        }
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let resource = on.call.request.resource.clone();
        let mut status = Status::forbidden(&resource, &key_name(on), why);
        if let Some(details) = &mut status.details {
            let message = format!("namespace {namespace} is being terminated");
            details.causes.push(Cause {
                reason: "NamespaceTerminating".into(),
                message,
                field: "metadata.namespace".into(),
            });
        }
        Err(status)
    }
}

fn key_name(on: &Admitting<'_>) -> String {
    on.call.request.key.name.to_string()
}
