//! `kubectl auth whoami`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::PRINT;
use crate::go;
use crate::print::{Format, Printer, tabs};
use crate::session::Session;
use crate::wire::Request;
use meta::{Map, value};

pub const COMMAND: Command = Command::new("whoami", "Show who the server takes one for", "").flags(&[PRINT]).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let printer = Printer::new(Format::of_change(&session.flags)?, &session.flags);
    let review = value!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = session.door()?.call(Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review))?;
    if !matches!(printer.format, Format::Human) {
        session.console.print(&printer.render(&answer)?);
        return Ok(());
    }
    let user = answer.at("status.userInfo");
    let mut table = String::from("ATTRIBUTE\tVALUE\n");
    for (title, field) in [("Username", "username"), ("UID", "uid"), ("Groups", "groups")] {
        if !user.get(field).is_empty() {
            table.push_str(&format!("{title}\t{}\n", go::sprint(user.get(field))));
        }
    }
    for (name, values) in user.get("extra").as_map().into_iter().flat_map(Map::iter) {
        table.push_str(&format!("Extra: {name}\t{}\n", go::sprint(values)));
    }
    session.console.print(&tabs::align(&table, tabs::TABLE));
    Ok(())
}
