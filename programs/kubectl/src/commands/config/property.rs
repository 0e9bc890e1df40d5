//! `kubectl config set|unset`: one field by its path.

use super::file::{self, entry, remove_entry};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, switch};
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::{Value, quote};

const FLAGS: &[Flag] = &[switch("set-raw-bytes")];
const LISTS: [(&str, &str); 3] = [("clusters", "cluster"), ("contexts", "context"), ("users", "user")];

pub const SET: Command = Command::new("set", "Set one field", "PATH VALUE").flags(&[FLAGS]).run(set);
pub const UNSET: Command = Command::new("unset", "Take one field away", "PATH").run(unset);

/// Where a path leads.
enum Place<'p> {
    Current,
    Entry { list: &'static str, holds: &'static str, name: &'p str, field: &'p str },
}

/// `users.NAME.token`: the name between may have dots itself.
fn place<'p>(session: &Session<'_>, path: &'p str) -> Result<Place<'p>, Failure> {
    if path == "current-context" {
        return Ok(Place::Current);
    }
    let unknown = || Failure::text(format!("unable to locate path {path}"));
    let (first, rest) = path.split_once('.').ok_or_else(unknown)?;
    let (list, holds) = *LISTS.iter().find(|(list, _)| *list == first).ok_or_else(unknown)?;
    if session.config()?.entry(list, rest).is_some() {
        return Ok(Place::Entry { list, holds, name: rest, field: "" });
    }
    let (name, field) = rest.rsplit_once('.').unwrap_or((rest, ""));
    Ok(Place::Entry { list, holds, name, field })
}

fn unexpected(session: &Session<'_>) -> Failure {
    Failure::text(format!("Unexpected args: [{}]", session.arguments().join(" ")))
}

fn set(session: &Session<'_>) -> Result<(), Failure> {
    let [path, text] = session.arguments() else { return Err(unexpected(session)) };
    if text.is_empty() {
        return Err(Failure::text("you cannot use set to unset a property"));
    }
    let config = session.config()?;
    match place(session, path)? {
        Place::Current => file::change_current(&config, text)?,
        Place::Entry { field: "", .. } => {
            return Err(Failure::text(format!("can't set a map to a value: {path}")));
        }
        Place::Entry { list, holds, name, field } => {
            let value = typed(session, field, text)?;
            file::change(&config, list, name, |config| {
                *entry(config, list, holds, name).entry(field) = value;
                Ok(())
            })?;
        }
    }
    session.say(format!("Property {} set.", quote(path)));
    Ok(())
}

fn typed(session: &Session<'_>, field: &str, text: &str) -> Result<Value, Failure> {
    match field {
        "insecure-skip-tls-verify" | "disable-compression" => {
            let parsed = text.parse::<bool>().map(Value::from);
            parsed.map_err(|_| Failure::text(format!("strconv.ParseBool: parsing {}: invalid syntax", quote(text))))
        }
        field if field.ends_with("-data") => match session.flags.has("set-raw-bytes") {
            true => Ok(STANDARD.encode(text).into()),
            false => {
                let checked = STANDARD.decode(text);
                checked.map_err(|why| Failure::text(format!("error decoding input value: {why}")))?;
                Ok(text.into())
            }
        },
        _ => Ok(text.into()),
    }
}

fn unset(session: &Session<'_>) -> Result<(), Failure> {
    let [path] = session.arguments() else { return Err(unexpected(session)) };
    let config = session.config()?;
    match place(session, path)? {
        Place::Current => file::change_current(&config, "")?,
        Place::Entry { list, name, .. } if config.entry(list, name).is_none() => {
            return Err(Failure::text(format!("current map key `{name}` is invalid")));
        }
        Place::Entry { list, holds, name, field } => file::change(&config, list, name, |config| {
            match field {
                "" => remove_entry(config, list, name),
                field => drop(entry(config, list, holds, name).remove(field)),
            }
            Ok(())
        })?,
    }
    session.say(format!("Property {} unset.", quote(path)));
    Ok(())
}
