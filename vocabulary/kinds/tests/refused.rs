//! What upstream refuses is refused for the same causes, in the same words.

mod server;

use kinds::builtin;
use meta::{ErrorList, Value};
use schema::DecodeError;
use server::{Server, files, read, source};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// JSON merge patch.
fn merged(target: &Value, patch: &Value) -> Value {
    let Some(fields) = patch.as_map() else { return patch.clone() };
    let mut out = if target.as_map().is_some() { target.clone() } else { Value::map() };
    for (name, value) in fields.iter() {
        match value {
            Value::Null => _ = out.remove(name),
            value => {
                let new = merged(target.get(name), value);
                *out.entry(name) = new;
            }
        }
    }
    out
}

/// What is still to come, and what it waits for.
const OPEN: &[(&str, &str)] = &[];

type Causes = BTreeSet<(String, String, String)>;

/// A body that is not of the type at all is told of by the decoder, whose words have tests of their own.
const BAD_REQUEST: &str = "BadRequest";

fn ours(errors: &Result<ErrorList, DecodeError>) -> Causes {
    let Ok(errors) = errors else { return Causes::from([(BAD_REQUEST.into(), String::new(), String::new())]) };
    let causes = errors.iter().map(|error| error.cause());
    causes.map(|cause| (cause.reason.to_string(), cause.field.to_string(), steady(&cause.message))).collect()
}

fn theirs(causes: &Value, uid: &str) -> Causes {
    let text = |cause: &Value, field: &str| match (cause.str("reason"), field) {
        (BAD_REQUEST, "message") => String::new(),
        _ => cause.str(field).replace(uid, server::UID),
    };
    let causes = causes.as_list().unwrap_or(&[]).iter();
    causes.map(|cause| (text(cause, "reason"), text(cause, "field"), steady(&text(cause, "message")))).collect()
}

/// Values that are objects are shown in the order of Go's fields there; the diff of a pod is no promise.
fn steady(message: &str) -> String {
    let first_line = message.lines().next().unwrap_or("");
    match (first_line.find(": {").or(first_line.find(": [")), first_line.rfind("}: ").or(first_line.rfind("]: "))) {
        (Some(start), Some(end)) if start < end => format!("{}: ...{}", &first_line[..start], &first_line[end + 1..]),
        (Some(start), None) if first_line.ends_with('}') => format!("{}: ...", &first_line[..start]),
        _ => first_line.to_string(),
    }
}

fn uid_in(causes: &Value) -> String {
    let text = causes.to_string();
    let found = text.find("must be '").map(|at| text[at + 9..].chars().take_while(|c| *c != '\'').collect::<String>());
    found.filter(|found| found.len() == 36).unwrap_or_else(|| "no uid".into())
}

fn compare(what: &str, ours: &Causes, theirs: &Causes, out: &mut Vec<String>) {
    if let Some((_, why)) = OPEN.iter().find(|(open, _)| *open == what) {
        if ours == theirs {
            out.push(format!("{what}\n   is met: no longer open ({why})"));
        }
        return;
    }
    let only = |mark: &str, these: &Causes, those: &Causes| -> Vec<String> {
        these
            .difference(those)
            .map(|(reason, field, message)| format!("   {mark} {reason} {field}: {message}"))
            .collect()
    };
    let lines = [only("ours", ours, theirs), only("upstream", theirs, ours)].concat();
    if !lines.is_empty() {
        out.push(format!("{what}\n{}", lines.join("\n")));
    }
}

#[test]
fn causes_are_upstreams() {
    let rows = builtin();
    let mut differences = Vec::new();
    let mut cases = 0;
    for path in files(&source(), &|path: &Path| path.ends_with("refused.in.json")) {
        let asked = read(&path);
        let sample_path = path.with_file_name(format!("{}.in.json", asked.str("sample")));
        let (sample, answers) = (read(&sample_path), read(&path.with_file_name("refused.out.json")));
        let server = Server::of(&rows, &sample);
        let (stored, _) = server.create(&fs::read(&sample_path).unwrap()).unwrap();
        for (patch, answer) in asked.items("changes").iter().zip(answers.items("changes")) {
            let errors = server.create(&merged(&sample, patch).to_json()).map(|(_, errors)| errors);
            let what = format!("{} create {patch}", server.def.names.kind);
            compare(&what, &ours(&errors), &theirs(answer, &uid_in(answer)), &mut differences);
            cases += 1;
        }
        for (patch, answer) in asked.items("updates").iter().zip(answers.items("updates")) {
            let errors = server.update(&stored, &merged(&stored, patch).to_json());
            let what = format!("{} update {patch}", server.def.names.kind);
            compare(&what, &ours(&errors), &theirs(answer, "no uid"), &mut differences);
            cases += 1;
        }
    }
    assert!(differences.is_empty(), "{} of {cases} differ:\n{}", differences.len(), differences.join("\n"));
}
