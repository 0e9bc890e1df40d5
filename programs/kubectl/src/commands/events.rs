//! `kubectl events`: what happened, the latest last.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL_NAMESPACES, CHUNKS, Flag, PRINT};
use crate::print::{Format, Printer, tabs};
use crate::session::Session;
use crate::targets::{Query, list};
use crate::wire::{Next, Request};
use meta::{Value, value};

const FLAGS: &[Flag] =
    &[flags::switch("watch").short('w'), flags::text("for"), flags::list("types"), flags::switch("no-headers")];
const HEADERS: &str = "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n";

pub const COMMAND: Command = Command::new("events", "Show what happened", "[--for TYPE/NAME]")
    .flags(&[FLAGS, PRINT, ALL_NAMESPACES, CHUNKS])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let types = session.flags.list("types");
    let known = |kind: &String| ["Normal", "Warning"].iter().any(|known| kind.eq_ignore_ascii_case(known));
    if !types.iter().all(known) {
        return Err(Failure::text("valid --types are Normal or Warning"));
    }
    let printer = Printer::new(Format::of_change(&session.flags)?, &session.flags);
    let query =
        Query { field_selector: about(session)?, chunk: session.flags.number("chunk-size"), ..Query::default() };
    let resource = session.discovery()?.find("events")?;
    let namespace = if session.all_namespaces() { String::new() } else { session.namespace()? };
    let mut found = list(&query, session, &resource, &namespace)?;
    let version = found.str("metadata.resourceVersion").to_string();
    let mut events: Vec<Value> = found.items("items").iter().filter(|event| wanted(types, event)).map(typed).collect();
    events.sort_by_key(seen);
    if session.flags.has("watch") {
        let path = resource.collection(&namespace);
        return watch(session, &printer, &query, path, &version, &events);
    }
    if events.is_empty() {
        session.warn(match session.all_namespaces() {
            true => "No events found.".to_string(),
            false => format!("No events found in {namespace} namespace."),
        });
        return Ok(());
    }
    if matches!(printer.format, Format::Human) {
        session.console.print(&tabs::align(&table(session, &events, true), tabs::TABLE));
        return Ok(());
    }
    found.set("kind", "EventList");
    let whole = value!({"apiVersion": "v1", "kind": "EventList", "metadata": (found.get("metadata").clone()), "items": (Value::List(events))});
    session.console.print(&printer.render(&whole)?);
    Ok(())
}

/// The selector of events about one object.
fn about(session: &Session<'_>) -> Result<String, Failure> {
    let word = session.flags.text("for");
    if word.is_empty() {
        return Ok(String::new());
    }
    let (kind, name) = word
        .split_once('/')
        .filter(|(kind, name)| !kind.is_empty() && !name.is_empty())
        .ok_or_else(|| Failure::text("--for must be in resource/name form"))?;
    let unknown = |failure: Failure| Failure::Plain(failure.to_string());
    let resource = session.discovery()?.find(kind).map_err(unknown)?;
    Ok(format!(
        "involvedObject.apiVersion={},involvedObject.kind={},involvedObject.name={name}",
        resource.api_version(),
        resource.kind
    ))
}

fn wanted(types: &[String], event: &Value) -> bool {
    types.is_empty() || types.iter().any(|kind| kind.eq_ignore_ascii_case(event.str("type")))
}

fn typed(event: &Value) -> Value {
    let mut event = event.clone();
    event.set_if_absent("apiVersion", "v1");
    event.set_if_absent("kind", "Event");
    event
}

/// When an event was seen last.
fn seen(event: &Value) -> String {
    let times = [event.str("series.lastObservedTime"), event.str("lastTimestamp"), event.str("eventTime")];
    times.into_iter().find(|time| !time.is_empty()).unwrap_or_default().to_string()
}

fn table(session: &Session<'_>, events: &[Value], first: bool) -> String {
    let with_namespace = session.all_namespaces();
    let mut text = String::new();
    if first && !session.flags.has("no-headers") {
        text.push_str(if with_namespace { "NAMESPACE\t" } else { "" });
        text.push_str(HEADERS);
    }
    for event in events {
        if with_namespace {
            text.push_str(&format!("{}\t", event.str("metadata.namespace")));
        }
        let object = event.get("involvedObject");
        text.push_str(&format!(
            "{}\t{}\t{}\t{}/{}\t{}\n",
            interval(session, event),
            event.str("type"),
            event.str("reason"),
            object.str("kind"),
            object.str("name"),
            event.str("message").trim()
        ));
    }
    text
}

fn interval(session: &Session<'_>, event: &Value) -> String {
    let age = |moment: &Value| kinds::age(moment, session.now());
    let first = if event.get("firstTimestamp").is_null() { "eventTime" } else { "firstTimestamp" };
    let first = age(event.get(first));
    if !event.get("series").is_null() {
        let last = age(event.at("series.lastObservedTime"));
        return format!("{last} (x{} over {first})", event.int("series.count"));
    }
    match event.int("count") {
        count @ 2.. => format!("{} (x{count} over {first})", age(event.get("lastTimestamp"))),
        _ => first,
    }
}

fn watch(
    session: &Session<'_>,
    printer: &Printer,
    query: &Query,
    path: String,
    version: &str,
    events: &[Value],
) -> Result<(), Failure> {
    let mut widths = Vec::new();
    let mut show = |events: &[Value], first: bool| -> Result<(), Failure> {
        match printer.format {
            Format::Human => {
                let text = table(session, events, first);
                session.console.print(&tabs::align_remembering(&text, tabs::TABLE, &mut widths));
            }
            _ => {
                for event in events {
                    session.console.print(&printer.render(event)?);
                }
            }
        }
        session.console.flush();
        Ok(())
    };
    for (number, event) in events.iter().enumerate() {
        show(std::slice::from_ref(event), number == 0)?;
    }
    let timeout = match session.flags.text("request-timeout") {
        "0" => String::new(),
        text => (crate::go::parse_duration(text).unwrap_or(0) / 1_000_000_000).max(1).to_string(),
    };
    let request = Request::get(path)
        .with("watch", "true")
        .with("fieldSelector", query.field_selector.as_str())
        .with("resourceVersion", version)
        .with("timeoutSeconds", timeout);
    let door = session.door()?;
    let mut lines = door.lines(request)?;
    while let Next::Piece(event) = lines.event(None)? {
        let object = event.get("object");
        if event.str("type") != "DELETED"
            && event.str("type") != "BOOKMARK"
            && wanted(session.flags.list("types"), object)
        {
            show(&[typed(object)], false)?;
        }
    }
    Ok(())
}
