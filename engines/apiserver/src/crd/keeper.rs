//! The keeper of custom kinds: follows the definitions, brings their rows in and out, and tells in their status how far
//! that is. A definition in deletion first loses its objects.

use super::Converter;
use super::definition::{names, row};
use super::names::{Refusal, Taken, accept, to_value};
use crate::engine::{Api, Call, Payload};
use crate::hub::{Interest, Seen};
use crate::identity::Identity;
use crate::rows::Row;
use client::Request;
use jiff::Timestamp;
use kinds::{Verb, conditions};
use meta::selector::LabelSelector;
use meta::{Gvr, Key, Object, Reason, Status, Time, Value, value};
use schema::Schema;
use schema::apply::{OneVersion, Resource, Set};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";
/// Between two tries to make a status true that could not be written.
const RETRY: Duration = Duration::from_secs(1);
/// Between two looks at objects that their own finalizers still hold.
const WAIT: Duration = Duration::from_millis(200);

struct Keeper {
    api: Arc<Api>,
    definitions: Arc<Row>,
    object_meta: Schema,
}

/// Brings in what is defined now, then follows the definitions until the server stops.
pub async fn keep(api: Arc<Api>, mut stopping: watch::Receiver<bool>) -> Result<(), Status> {
    let table = api.rows.table();
    let missing = || Status::internal("custom resource definitions are not served");
    let definitions = table.get("apiextensions.k8s.io", "customresourcedefinitions").ok_or_else(missing)?.clone();
    let object_meta = kinds::schema_of("meta.v1.ObjectMeta").ok_or_else(missing)?;
    let keeper = Keeper { api, definitions, object_meta };
    let revision = keeper.bring_in_all().await;
    tokio::spawn(async move {
        tokio::select! {
            biased;
            _stopped = stopping.wait_for(|stopping| *stopping) => {}
            () = keeper.follow(revision) => {}
        }
    });
    Ok(())
}

impl Keeper {
    async fn bring_in_all(&self) -> u64 {
        let listing = self.definitions.hub.list("", &LabelSelector::everything());
        for definition in &listing.objects {
            self.settle(&definition.key()).await;
        }
        listing.revision
    }

    async fn follow(self, mut revision: u64) {
        loop {
            let Some(mut watcher) = self.definitions.hub.watch(revision, Interest::default()) else {
                revision = self.bring_in_all().await;
                continue;
            };
            loop {
                match watcher.next().await {
                    Seen::Lost => break,
                    Seen::Change(_, change) => {
                        if let Some(object) = change.new.as_ref().or(change.old.as_ref()) {
                            self.settle(&object.key()).await;
                        }
                        if let (Some(old), None) = (&change.old, &change.new) {
                            self.take_out(old);
                        }
                    }
                }
            }
            revision = self.bring_in_all().await;
        }
    }

    /// Makes the rows and the status of one definition what they should be.
    async fn settle(&self, key: &Key) {
        while let Some(definition) = self.definitions.hub.get(key) {
            match self.settle_once(&definition).await {
                Ok(()) => return,
                Err(status) if status.is(Reason::NotFound) => return,
                Err(status) => tracing::warn!(name = %key, %status, "a custom resource definition waits"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn settle_once(&self, definition: &Arc<Object>) -> Result<(), Status> {
        let value = definition.decode_value();
        if definition.header.deletion_timestamp.is_some() {
            return self.clean_up(definition, &value).await;
        }
        let (accepted, refusal) =
            accept(&names(value.at("spec.names")), &names(value.at("status.acceptedNames")), &self.taken(definition));
        let now = self.api.clock.now();
        let mut judged = value.clone();
        judged.set("status.acceptedNames", to_value(&accepted));
        let established = refusal.is_none() || is_true(&value, "Established");
        if established {
            let object = Object::from_value(&judged).map_err(Status::internal)?;
            self.bring_in(&object).await?;
        }
        self.write_status(definition, &value, &judged, refusal.as_ref(), established, now).await
    }

    /// The names of the other definitions of the group and of its built-in kinds.
    fn taken(&self, definition: &Object) -> Taken {
        let group = definition.decode_value().str("spec.group").to_string();
        let mut taken = Taken::default();
        for other in self.definitions.hub.list("", &LabelSelector::everything()).objects {
            let value = other.decode_value();
            if other.header.uid != definition.header.uid && value.str("spec.group") == group {
                taken.add(&names(value.at("status.acceptedNames")));
            }
        }
        taken
    }

    async fn bring_in(&self, definition: &Object) -> Result<(), Status> {
        let Some(def) = row(definition, &self.object_meta) else { return Ok(()) };
        let known = self.api.rows.table().get(&def.group, &def.names.plural).cloned();
        if known.as_ref().is_some_and(|row| !row.def.custom) {
            return Err(Status::internal("a built-in kind has this name"));
        }
        let def = Arc::new(def);
        let converter = Converter::of(definition.value().at("spec.conversion")).map(Arc::new);
        let hub = self.api.hub.open(def.clone()).await.map_err(Status::internal)?;
        self.api.rows.put(Row { def, hub, converter });
        Ok(())
    }

    fn take_out(&self, definition: &Object) {
        let value = definition.decode_value();
        let (group, plural) = (value.str("spec.group"), value.str("spec.names.plural"));
        if let Some(row) = self.api.rows.table().get(group, plural).filter(|row| row.def.custom) {
            self.api.hub.close(row.def.clone());
            self.api.rows.remove(group, plural);
        }
    }

    async fn write_status(
        &self,
        definition: &Arc<Object>,
        before: &Value,
        judged: &Value,
        refusal: Option<&Refusal>,
        established: bool,
        now: Timestamp,
    ) -> Result<(), Status> {
        let mut wanted = judged.clone();
        match refusal {
            None => conditions::set(&mut wanted, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now),
            Some(refusal) => {
                conditions::set(&mut wanted, "NamesAccepted", "False", refusal.reason, &refusal.message, now)
            }
        }
        match established {
            true => conditions::set(
                &mut wanted,
                "Established",
                "True",
                "InitialNamesAccepted",
                "the initial names have been accepted",
                now,
            ),
            false => {
                conditions::set(&mut wanted, "Established", "False", "NotAccepted", "not all names are accepted", now)
            }
        }
        let status = wanted.get("status").clone();
        if status == *before.get("status") {
            return Ok(());
        }
        self.overwrite(definition, |value| value.set("status", status.clone())).await
    }

    async fn overwrite(&self, definition: &Object, mut change: impl FnMut(&mut Value)) -> Result<(), Status> {
        let uid = definition.header.uid.clone();
        let call = self.own_call(Request::get(definitions(), definition.key()), Payload::None);
        let changed = self.api.overwrite(&call, |old| {
            if old.str("metadata.uid") != uid {
                return Err(Status::not_found(&definitions(), &definition.header.name));
            }
            let mut new = old.clone();
            change(&mut new);
            self.own_status(&old, &mut new);
            Ok(new)
        });
        changed.await.map(drop)
    }

    /// As upstream, where controllers of the server write it over the API.
    fn own_status(&self, old: &Value, new: &mut Value) {
        let def = &self.definitions.def;
        let version = def.storage_version();
        let (gvk, reset) = (def.gvk(&version.name), Set::of_fields(["metadata", "spec"]));
        let versions = OneVersion { reset: Some(&reset) };
        let resource = Resource { schema: &version.schema, gvk: &gvk, subresource: "status", versions: &versions };
        resource.update(Some(old), new, MANAGER, Time(self.api.clock.now()));
    }

    fn own_call(&self, request: Request, payload: Payload) -> Call {
        Call { identity: Arc::new(Identity::loopback()), request, payload }
    }

    /// Deletes every object of the kind, then lets the definition go.
    async fn clean_up(&self, definition: &Arc<Object>, value: &Value) -> Result<(), Status> {
        if !definition.header.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            return Ok(());
        }
        let (group, plural) = (value.str("spec.group"), value.str("spec.names.plural"));
        if let Some(row) = self.api.rows.table().get(group, plural).cloned() {
            let now = self.api.clock.now();
            let message = "CustomResource deletion is in progress";
            self.overwrite(definition, |value| {
                conditions::set(value, "Terminating", "True", "InstanceDeletionInProgress", message, now)
            })
            .await?;
            self.delete_objects(&row).await?;
            self.overwrite(definition, |value| {
                let message = "removed all instances";
                conditions::set(
                    value,
                    "Terminating",
                    "False",
                    "InstanceDeletionCompleted",
                    message,
                    self.api.clock.now(),
                )
            })
            .await?;
        }
        let key = definition.key();
        let request = Request::new(Verb::Patch, definitions(), key);
        let finalizers: Vec<&str> =
            definition.header.finalizers.iter().map(|f| f.as_str()).filter(|f| *f != FINALIZER).collect();
        let patch = value!({"metadata": {"uid": (&definition.header.uid), "finalizers": finalizers}});
        let call = self.own_call(request, Payload::PatchValue(client::PatchKind::Merge, patch));
        self.api.call(&call).await.map(drop)
    }

    async fn delete_objects(&self, row: &Row) -> Result<(), Status> {
        let version = row.def.storage_version().name.clone();
        let resource = Gvr::new(row.def.group.clone(), version, row.def.names.plural.clone());
        loop {
            self.api.fresh().await?;
            let objects = row.hub.list("", &LabelSelector::everything()).objects;
            if objects.is_empty() {
                return Ok(());
            }
            for object in objects.iter().filter(|object| object.header.deletion_timestamp.is_none()) {
                let call = self.own_call(Request::delete(resource.clone(), object.key()), Payload::None);
                match self.api.call(&call).await {
                    Err(status) if !status.is(Reason::NotFound) => return Err(status),
                    _ => {}
                }
            }
            tokio::time::sleep(WAIT).await;
        }
    }
}

/// Whose writes those of the server are.
const MANAGER: &str = "kube-apiserver";

fn definitions() -> Gvr {
    Gvr::new("apiextensions.k8s.io", "v1", "customresourcedefinitions")
}

fn is_true(definition: &Value, kind: &str) -> bool {
    definition.items("status.conditions").iter().any(|c| c.str("type") == kind && c.str("status") == "True")
}
