//! `kubectl create deployment NAME --image=IMAGE`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind};
use crate::session::Session;
use clock::{Clock, SystemClock};
use meta::{Value, value};

const FLAGS: &[Flag] =
    &[flags::list("image"), Flag::of(Kind::Int32, "port", "-1"), Flag::of(Kind::Int32, "replicas", "1").short('r')];

const KNOWN: Known = Known::new("apps", "v1", "deployments", "failed to create deployment:");

pub const COMMAND: Command = Command::new("deployment", "Create a deployment", "NAME --image=IMAGE [-- COMMAND]")
    .aliases(&["deploy"])
    .flags(&with(FLAGS))
    .required(&["image"])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let (images, command) = (session.flags.list("image"), &session.arguments()[1..]);
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::text("cannot specify multiple --image options and command"));
    }
    let mut containers: Vec<Value> = images.iter().map(|image| container(image, command)).collect();
    let port = session.flags.number("port");
    if let Some(first) = containers.first_mut().filter(|_| port >= 0) {
        first.set("ports", value!([{"containerPort": port}]));
    }
    let containers = Value::List(containers);
    let labels = value!({"app": (&name)});
    let object = value!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": (&name), "labels": (labels.clone())},
        "spec": {
            "replicas": (session.flags.number("replicas")),
            "selector": {"matchLabels": (labels.clone())},
            "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        },
        "status": {}
    });
    KNOWN.make(session, object)
}

fn container(image: &str, command: &[String]) -> Value {
    let mut container = value!({"name": (container_name(image)), "image": image, "resources": {}});
    if !command.is_empty() {
        container.set("command", command.to_vec());
    }
    container
}

/// The image's last part without tag and digest; one that is no name is made one and told apart.
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    match name.contains(['_', '.']) {
        true => format!("{}-{}", name.replace(['_', '.'], "-"), SystemClock.name_suffix()),
        false => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_named_after_their_images() {
        for (image, name) in [("nginx", "nginx"), ("registry:5000/a/web:1.2", "web"), ("a/b@sha256:0", "b")] {
            assert_eq!(container_name(image), name);
        }
        assert!(container_name("my_image.x").starts_with("my-image-x-"));
    }
}
