//! Apply by the server, and the move of what client-side apply owned to the new owner.

use super::Apply;
use crate::failure::Failure;
use crate::last_applied;
use crate::targets::Target;
use crate::wire::Request;
use meta::{Value, value};

const APPLY: &str = "application/apply-patch+yaml";
const JSON_PATCH: &str = "application/json-patch+json";
const CLIENT_SIDE: &str = "kubectl-client-side-apply";
const ADVICE: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

impl Apply<'_, '_> {
    pub fn server_side(&self, target: &Target) -> Result<Value, Failure> {
        let mut object = self.send(target, &target.object, &self.manager).map_err(|failure| {
            match failure.has_reason("Conflict") {
                true => Failure::text(format!("{failure}\n{ADVICE}")),
                false => failure,
            }
        })?;
        if let Err(failure) = self.keep_annotation(target, &object) {
            self.session.warn(format!(
                "Warning: failed to migrate {} for Server-Side Apply. This is non-fatal and will be retried next time you apply. \
                 Error: {failure}",
                last_applied::ANNOTATION
            ));
        } else if self.owns_client_side(&object) {
            self.migrate(target)?;
            object = self.send(target, &target.object, &self.manager)?;
        }
        self.tell(&object, "serverside-applied")?;
        Ok(object)
    }

    fn send(&self, target: &Target, object: &Value, manager: &str) -> Result<Value, Failure> {
        let path = match self.session.flags.text("subresource") {
            "" => target.path(),
            sub => format!("{}/{sub}", target.path()),
        };
        let force = if self.session.flags.has("force-conflicts") { "true" } else { "false" };
        let request = Request::patch(path, APPLY, object.to_json())
            .with("fieldManager", manager)
            .with("fieldValidation", self.validation)
            .with("force", force);
        self.session.door()?.call(self.change.dry_run.ask(request))
    }

    fn owns_client_side(&self, object: &Value) -> bool {
        let owners = object.items("metadata.managedFields").iter();
        let mut updates =
            owners.filter(|owner| owner.str("operation") == "Update" && owner.str("subresource").is_empty());
        self.manager == "kubectl" && updates.any(|owner| owner.str("manager") == CLIENT_SIDE)
    }

    /// The annotation moves to an owner of its own, so that it stays when the rest changes hands.
    fn keep_annotation(&self, target: &Target, object: &Value) -> Result<(), Failure> {
        let text = object.at("metadata.annotations").get(last_applied::ANNOTATION);
        let path = format!("f:{}", last_applied::ANNOTATION);
        let mut appliers =
            object.items("metadata.managedFields").iter().filter(|owner| owner.str("operation") == "Apply");
        let kept = appliers.any(|owner| !owner.at("fieldsV1.f:metadata.f:annotations").get(&path).is_null());
        if self.manager != "kubectl" || text.is_null() || kept {
            return Ok(());
        }
        let mut bare = value!({
            "apiVersion": (target.resource.api_version()), "kind": (&target.resource.kind),
            "metadata": {"name": (&target.name)}
        });
        if target.resource.namespaced {
            bare.set("metadata.namespace", &target.namespace);
        }
        bare.entry("metadata").entry("annotations").entry(last_applied::ANNOTATION).clone_from(text);
        self.send(target, &bare, "kubectl-last-applied").map(|_| ())
    }

    /// Client-side apply's share of the fields goes to the owner that applies now.
    fn migrate(&self, target: &Target) -> Result<(), Failure> {
        let current = self.session.door()?.call(Request::get(target.path()))?;
        let mut owners = current.items("metadata.managedFields").to_vec();
        let Some(old) =
            owners.iter().position(|owner| owner.str("manager") == CLIENT_SIDE && owner.str("operation") == "Update")
        else {
            return Ok(());
        };
        let moved = owners.remove(old);
        match owners.iter_mut().find(|owner| owner.str("manager") == self.manager && owner.str("operation") == "Apply")
        {
            Some(owner) => unite(owner.entry("fieldsV1"), moved.get("fieldsV1")),
            None => {
                let mut owner = moved;
                owner.set("manager", &self.manager);
                owner.set("operation", "Apply");
                owners.push(owner);
            }
        }
        let patch = value!([
            {"op": "replace", "path": "/metadata/managedFields", "value": (Value::List(owners))},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": (current.str("metadata.resourceVersion"))}
        ]);
        let request = Request::patch(target.path(), JSON_PATCH, patch.to_json());
        self.session.door()?.call(self.change.dry_run.ask(request)).map(|_| ())
    }
}

/// Two sets of fields in one.
fn unite(into: &mut Value, more: &Value) {
    for (name, value) in more.as_map().into_iter().flat_map(meta::Map::iter) {
        unite(into.entry(name), value);
        if into.get(name).is_null() {
            *into.entry(name) = Value::map();
        }
    }
}
