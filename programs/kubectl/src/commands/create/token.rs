//! `kubectl create token`: a token for a service account.

use super::name;
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, PRINT};
use crate::print::{Format, Printer};
use crate::session::Session;
use crate::wire::Request;
use meta::{Value, value};
use std::io::IsTerminal;

const FLAGS: &[Flag] = &[
    flags::array("audience"),
    flags::duration("duration", "0s"),
    flags::text("bound-object-kind"),
    flags::text("bound-object-name"),
    flags::text("bound-object-uid"),
];
const BOUND: [(&str, &str); 3] = [("Node", "v1"), ("Pod", "v1"), ("Secret", "v1")];

pub const COMMAND: Command =
    Command::new("token", "Ask for a service account's token", "SERVICEACCOUNT").flags(&[FLAGS, PRINT]).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let (name, flags) = (name(session)?, &session.flags);
    let printer = Printer::new(Format::of_change(flags)?, flags);
    let request = value!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": (spec(session)?)});
    let path = format!("/api/v1/namespaces/{}/serviceaccounts/{name}/token", session.namespace()?);
    let answer = session.door()?.call(Request::post(path, &request)).map_err(|failure| match failure {
        Failure::Status(status) => Failure::text(format!("failed to create token: {status}")),
        other => other,
    })?;
    let token = answer.str("status.token");
    if token.is_empty() {
        return Err(Failure::text("failed to create token: no token in server response"));
    }
    match printer.format {
        Format::Human => session.console.print(token),
        _ => session.console.print(&printer.render(&answer)?),
    }
    if matches!(printer.format, Format::Human) && std::io::stdout().is_terminal() {
        session.say("");
    }
    Ok(())
}

fn spec(session: &Session<'_>) -> Result<Value, Failure> {
    let flags = &session.flags;
    let mut spec = Value::map();
    if !flags.list("audience").is_empty() {
        spec.set("audiences", flags.list("audience").to_vec());
    }
    match flags.duration("duration") {
        ..0 => return Err(Failure::text("--duration must be greater than or equal to 0")),
        0 => {}
        length if length % 1_000_000_000 != 0 => {
            return Err(Failure::text("--duration cannot be expressed in units less than seconds"));
        }
        length => spec.set("expirationSeconds", length / 1_000_000_000),
    }
    let (kind, name, uid) =
        (flags.text("bound-object-kind"), flags.text("bound-object-name"), flags.text("bound-object-uid"));
    if kind.is_empty() {
        for (flag, given) in [("bound-object-name", name), ("bound-object-uid", uid)] {
            if !given.is_empty() {
                let text = format!("--{flag} can only be set if --bound-object-kind is provided");
                return Err(Failure::text(text));
            }
        }
        return Ok(spec);
    }
    let Some((_, version)) = BOUND.iter().find(|(known, _)| *known == kind) else {
        return Err(Failure::text("supported --bound-object-kind values are Node, Pod, Secret"));
    };
    if name.is_empty() {
        return Err(Failure::text("--bound-object-name is required if --bound-object-kind is provided"));
    }
    spec.set("boundObjectRef", value!({"kind": kind, "apiVersion": (*version), "name": name}));
    if !uid.is_empty() {
        spec.set("boundObjectRef.uid", uid);
    }
    Ok(spec)
}
