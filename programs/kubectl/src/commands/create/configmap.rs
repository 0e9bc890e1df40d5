//! `kubectl create configmap`.

use super::sources::{self, already_there, key_problem};
use super::{Known, name, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag};
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::{quote, value};

const FLAGS: &[Flag] = &[flags::list("from-file"), flags::array("from-literal"), flags::list("from-env-file")];

const KNOWN: Known = Known::new("", "v1", "configmaps", "failed to create configmap:");

pub const COMMAND: Command = Command::new(
    "configmap",
    "Create a config map from files or literals",
    "NAME [--from-file=...] [--from-literal=...]",
)
.aliases(&["cm"])
.flags(&with(FLAGS))
.run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let name = name(session)?;
    let mut object = value!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": (&name)}});
    for (key, bytes) in sources::read(&session.flags)? {
        if let Some(why) = key_problem(&key) {
            return Err(Failure::text(format!("{} is not a valid key name for a ConfigMap: {why}", quote(&key))));
        }
        for (field, shown) in [("data", "Data"), ("binaryData", "BinaryData")] {
            if !object.get(field).get(&key).is_null() {
                return Err(already_there(&key, shown, &name));
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => *object.entry("data").entry(&key) = text.into(),
            Err(binary) => *object.entry("binaryData").entry(&key) = STANDARD.encode(binary.as_bytes()).into(),
        }
    }
    KNOWN.make(session, object)
}
