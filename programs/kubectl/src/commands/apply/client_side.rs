//! Apply by the client: create with the annotation, or patch by the difference of three states.

use super::Apply;
use crate::change::DryRun;
use crate::failure::Failure;
use crate::last_applied;
use crate::strategic::{self, Three};
use crate::targets::Target;
use crate::wire::Request;
use meta::Value;

const MOST_TRIES: usize = 5;

impl Apply<'_, '_> {
    pub fn client_side(&self, mut target: Target) -> Result<Value, Failure> {
        let mut modified = target.object.clone();
        last_applied::write(&mut modified);
        match self.session.door()?.call(Request::get(target.path())) {
            Ok(current) => target.object = current,
            Err(failure) if failure.is_not_found() => return self.make(&target, modified),
            Err(failure) => {
                let doing = format!("retrieving current configuration of:\n{}\nfrom server for:", described(&target));
                return Err(failure.while_doing(&doing, &target.source));
            }
        }
        if self.change.dry_run == DryRun::Client {
            self.tell(&target.object, "configured")?;
            return Ok(target.object);
        }
        self.warn_without_annotation(&target);
        let (object, changed) = self.patch(&mut target, &modified)?;
        if !object.at("metadata.deletionTimestamp").is_null() {
            self.session.warn(format!(
                "Warning: Detected changes to resource {} which is currently being deleted.",
                object.str("metadata.name")
            ));
        }
        self.tell(&object, if changed { "configured" } else { "unchanged" })?;
        Ok(object)
    }

    fn make(&self, target: &Target, mut object: Value) -> Result<Value, Failure> {
        without_nulls(&mut object);
        if self.change.dry_run != DryRun::Client {
            let request = Request::post(target.resource.collection(&target.namespace), &object)
                .with("fieldManager", self.manager.as_str())
                .with("fieldValidation", self.validation);
            let made = self.session.door()?.call(self.change.dry_run.ask(request));
            object = made.map_err(|failure| failure.while_doing("creating", &target.source))?;
        }
        self.tell(&object, "created")?;
        Ok(object)
    }

    fn warn_without_annotation(&self, target: &Target) {
        if target.object.at("metadata.annotations").get(last_applied::ANNOTATION).is_null() {
            self.session.warn(format!(
                "Warning: resource {}/{} is missing the {} annotation which is required by kubectl apply. kubectl apply should only \
                 be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing \
                 annotation will be patched automatically.",
                target.resource.plural,
                target.name,
                last_applied::ANNOTATION
            ));
        }
    }

    /// The object afterwards, and whether anything was sent. A conflict begins anew from what is there then.
    fn patch(&self, target: &mut Target, modified: &Value) -> Result<(Value, bool), Failure> {
        let mut tries = 0;
        loop {
            let (content_type, patch) = difference(target, modified)?;
            if patch.is_empty() {
                return Ok((target.object.clone(), false));
            }
            let request = Request::patch(target.path(), content_type, patch.to_json())
                .with("fieldManager", self.manager.as_str())
                .with("fieldValidation", self.validation);
            match self.session.door()?.call(self.change.dry_run.ask(request)) {
                Ok(object) => return Ok((object, true)),
                Err(failure) if failure.has_reason("Conflict") && tries < MOST_TRIES => {
                    tries += 1;
                    target.fetch(self.session)?;
                }
                Err(failure) => return Err(refused(failure, target, &patch)),
            }
        }
    }
}

pub fn difference(target: &Target, modified: &Value) -> Result<(&'static str, Value), Failure> {
    let nothing = Value::map();
    let original = last_applied::read(&target.object);
    let three = Three { original: original.as_ref().unwrap_or(&nothing), modified, current: &target.object };
    strategic::difference(&target.resource, three)
}

fn refused(failure: Failure, target: &Target, patch: &Value) -> Failure {
    let failure = failure.while_doing("patching", &target.source);
    let doing = format!("applying patch:\n{}\nto:\n{}\nfor:", crate::go::json(patch), described(target));
    failure.while_doing(&doing, &target.source)
}

/// How upstream writes what it was working on.
fn described(target: &Target) -> String {
    let resource = &target.resource;
    let group_version = match resource.group.as_str() {
        "" => format!("/{}", resource.version),
        group => format!("{group}/{}", resource.version),
    };
    format!(
        "Resource: \"{group_version}, Resource={}\", GroupVersionKind: \"{group_version}, Kind={}\"\nName: {}, Namespace: {}",
        resource.plural,
        resource.kind,
        meta::quote(&target.name),
        meta::quote(&target.namespace)
    )
}

/// A null says that a field shall not be, which a creation says by not naming it.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Map(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.iter_mut().for_each(|(_, value)| without_nulls(value));
        }
        Value::List(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn nulls_are_left_out() {
        let mut object = value!({"a": null, "b": [{"c": null, "d": 1i64}]});
        without_nulls(&mut object);
        assert_eq!(object, value!({"b": [{"d": 1i64}]}));
    }
}
