//! `kubectl create job` and `kubectl create cronjob`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind};
use crate::session::Session;
use crate::targets::Query;
use meta::{Value, value};

const FLAGS: &[Flag] = &[flags::text("image"), flags::text("from")];
const CRON_FLAGS: &[Flag] =
    &[flags::text("image"), flags::text("schedule"), Flag::of(Kind::Text, "restart", "OnFailure")];

const KNOWN: Known = Known::new("batch", "v1", "jobs", "failed to create job:");
const CRON: Known = Known::new("batch", "v1", "cronjobs", "failed to create cronjob:");

pub const COMMAND: Command =
    Command::new("job", "Create a job", "NAME --image=IMAGE [-- COMMAND]").flags(&with(FLAGS)).run(job);

pub const CRON_COMMAND: Command =
    Command::new("cronjob", "Create a cron job", "NAME --image=IMAGE --schedule='0/5 * * * ?' [-- COMMAND]")
        .aliases(&["cj"])
        .flags(&with(CRON_FLAGS))
        .required(&["image", "schedule"])
        .run(cronjob);

fn job(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let (image, from) = (session.flags.text("image"), session.flags.text("from"));
    if image.is_empty() == from.is_empty() {
        return Err(Failure::text("either --image or --from must be specified"));
    }
    if !from.is_empty() && session.arguments().len() > 1 {
        return Err(Failure::text("cannot specify --from and command"));
    }
    let (mut metadata, spec) = match from {
        "" => (Value::map(), value!({"template": (template(session, &name, image, "Never"))})),
        from => from_cron_job(session, from)?,
    };
    metadata.set("name", name);
    let object = value!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec, "status": {}});
    KNOWN.make(session, object)
}

fn cronjob(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let template = template(session, &name, flags.text("image"), flags.text("restart"));
    let object = value!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": (&name)},
        "spec": {
            "schedule": (flags.text("schedule")),
            "jobTemplate": {"metadata": {"name": (&name)}, "spec": {"template": template}}
        },
        "status": {}
    });
    CRON.make(session, object)
}

fn template(session: &Session<'_>, name: &str, image: &str, restart: &str) -> Value {
    let mut container = value!({"name": name, "image": image, "resources": {}});
    let command = &session.arguments()[1..];
    if !command.is_empty() {
        container.set("command", command.to_vec());
    }
    value!({"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}})
}

/// A cron job's template, run now: its metadata and its specification.
fn from_cron_job(session: &Session<'_>, from: &str) -> Result<(Value, Value), Failure> {
    let query = Query { arguments: vec![from.to_string()], ..Query::default() };
    let found = query.all(session)?;
    let Some(target) = found.first() else { return Err(Failure::text("from must be an existing cronjob")) };
    if !target.resource.is("batch", "CronJob") {
        return Err(Failure::text(format!("unknown object type *v1.{}", target.resource.kind)));
    }
    let template = target.object.at("spec.jobTemplate");
    let mut metadata = value!({
        "ownerReferences": [{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": (&target.name),
            "uid": (target.object.str("metadata.uid")), "controller": true
        }],
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"}
    });
    for (name, text) in template.fields("metadata.annotations") {
        metadata.entry("annotations").entry(name).clone_from(text);
    }
    if !template.at("metadata.labels").is_empty() {
        metadata.set("labels", template.at("metadata.labels").clone());
    }
    Ok((metadata, template.get("spec").clone()))
}
