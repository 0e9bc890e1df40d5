//! `kubectl create priorityclass`.

use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind};
use crate::session::Session;
use meta::value;

const FLAGS: &[Flag] = &[
    Flag::of(Kind::Int32, "value", "0"),
    flags::switch("global-default"),
    flags::text("description"),
    Flag::of(Kind::Text, "preemption-policy", "PreemptLowerPriority"),
];

const KNOWN: Known =
    Known::new("scheduling.k8s.io", "v1", "priorityclasses", "failed to create priorityclass:").of_cluster();

pub const COMMAND: Command = Command::new("priorityclass", "Create a priority class", "NAME --value=VALUE")
    .aliases(&["pc"])
    .flags(&with(FLAGS))
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let mut object = value!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": (flags.number("value")),
        "preemptionPolicy": (flags.text("preemption-policy"))
    });
    if flags.has("global-default") {
        object.set("globalDefault", true);
    }
    if !flags.text("description").is_empty() {
        object.set("description", flags.text("description"));
    }
    KNOWN.make(session, object)
}
