//! `kubectl set image`.

use super::{check, containers, divided, edit_all, find, pod_spec, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::session::Session;
use meta::quote;

pub const COMMAND: Command =
    Command::new("image", "Set the image of containers", "(-f FILE | TYPE NAME) CONTAINER=IMAGE ...")
        .flags(&with(&[]))
        .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let (resources, words) = divided(session, "image")?;
    let images = pairs(&words)?;
    let targets = find(session, resources.clone())?;
    let flags = &session.flags;
    let mut complaints = Vec::new();
    if resources.is_empty() && flags.list("filename").is_empty() {
        complaints.push("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if images.is_empty() {
        complaints.push("at least one image update is required");
    } else if images.len() > 1 && images.iter().any(|(name, _)| *name == "*") {
        complaints.push(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        );
    }
    Failure::all(complaints.into_iter().map(Failure::text).collect())?;
    check(session)?;
    let mut missing = Vec::new();
    let sent = edit_all(session, &targets, "failed to patch image update to pod template: ", &mut |target, object| {
        let spec = pod_spec(target, object)?;
        for (name, image) in &images {
            let found = containers(spec, name);
            if found.is_empty() {
                missing.push(Failure::text(format!("error: unable to find container named {}", quote(name))));
            }
            found.into_iter().for_each(|container| container.set("image", *image));
        }
        Ok(())
    });
    missing.extend(sent.err());
    Failure::all(missing)
}

/// The last image of a container counts.
fn pairs<'w>(words: &[&'w str]) -> Result<Vec<(&'w str, &'w str)>, Failure> {
    let (mut pairs, mut invalid): (Vec<(&str, &str)>, Vec<&str>) = (Vec::new(), Vec::new());
    for word in words {
        match word.split_once('=') {
            Some((name, image)) => {
                pairs.retain(|(known, _)| *known != name);
                pairs.push((name, image));
            }
            None => invalid.push(word),
        }
    }
    match invalid.is_empty() {
        true => Ok(pairs),
        false => Err(Failure::text(format!("invalid image format: {}", invalid.join(", ")))),
    }
}
