//! `kubectl get`: the server's Tables, or the objects themselves.

mod sort;
mod watch;

use crate::command::Command;
use crate::discovery::Resource;
use crate::failure::Failure;
use crate::flags::{self, ALL_NAMESPACES, CHUNKS, FIELD_SELECTOR, FILES, Flag, Kind, PRINT, SELECTOR, SUBRESOURCE};
use crate::print::table::{Look, TablePrinter, plain};
use crate::print::{Format, Printer, tabs};
use crate::session::Session;
use crate::targets::{Found, Query, Target};
use crate::wire::Request;
use meta::{Value, value};

const FLAGS: &[Flag] = &[
    flags::text("raw"),
    flags::switch("watch").short('w'),
    flags::switch("watch-only"),
    flags::switch("output-watch-events"),
    flags::switch("ignore-not-found"),
    Flag::of(Kind::Bool, "server-print", "true"),
    flags::switch("no-headers"),
    flags::switch("show-labels"),
    flags::switch("show-kind"),
    flags::text("sort-by"),
    flags::list("label-columns").short('L'),
];

pub const COMMAND: Command = Command::new("get", "Show objects", "(TYPE [NAME | -l SELECTOR] | TYPE/NAME ...)")
    .flags(&[FLAGS, PRINT, FILES, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES, CHUNKS, SUBRESOURCE])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    if !flags.text("raw").is_empty() {
        return raw(session);
    }
    check(session)?;
    let watching = flags.has("watch") || flags.has("watch-only");
    if !watching && session.arguments().is_empty() && flags.list("filename").is_empty() {
        session.warn(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported \
             resources.\n",
        );
        return Err(session.usage(
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource \
             (e.g. kubectl explain pods).",
        ));
    }
    let format = Format::of_get(flags);
    let human = flags.text("output").is_empty() || flags.text("output") == "wide";
    let query = Query {
        allow_empty_selector: true,
        latest: true,
        table: human && flags.has("server-print"),
        whole_objects: !flags.text("sort-by").is_empty(),
        subresource: flags.text("subresource").to_string(),
        ..Query::of(session)
    };
    if watching {
        return watch::run(session, query, format?);
    }
    let mut found = query.find(session)?;
    if flags.has("ignore-not-found") {
        found.failures.retain(|failure| !failure.is_not_found());
    }
    match human {
        true => people(session, found),
        false => whole(session, found, || format),
    }
}

fn check(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let output = flags.text("output");
    if flags.has("show-labels") && !matches!(output, "" | "wide") {
        return Err(Failure::text(format!("--show-labels option cannot be used with {output} printer")));
    }
    if flags.has("output-watch-events") && !flags.has("watch") && !flags.has("watch-only") {
        return Err(Failure::text("--output-watch-events option can only be used with --watch or --watch-only"));
    }
    Ok(())
}

fn raw(session: &Session<'_>) -> Result<(), Failure> {
    if !session.arguments().is_empty() {
        return Err(Failure::text("arguments may not be passed when --raw is specified"));
    }
    let flags = &session.flags;
    if flags.has("watch") || flags.has("watch-only") || !flags.text("selector").is_empty() {
        return Err(Failure::text(
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ));
    }
    if !flags.text("output").is_empty() {
        return Err(Failure::text("--raw and --output are mutually exclusive"));
    }
    let bytes = session.door()?.bytes(Request::get(session.flags.text("raw")))?;
    session.console.write(&bytes);
    Ok(())
}

/// Tables, kinds apart, and a word when there is nothing.
fn people(session: &Session<'_>, found: Found) -> Result<(), Failure> {
    let Found { mut targets, failures, .. } = found;
    if !session.flags.text("sort-by").is_empty() {
        sort::sort(&mut targets, session.flags.text("sort-by"));
    }
    let several = targets.iter().any(|target| target.resource != targets[0].resource);
    let mut pages: Vec<String> = Vec::new();
    let mut last: Option<(&Resource, TablePrinter)> = None;
    for target in &targets {
        let same = last.as_ref().is_some_and(|(resource, _)| **resource == *target.resource);
        if !same {
            last = Some((&*target.resource, TablePrinter::new(look(session, &target.resource, several))));
            pages.push(String::new());
        }
        if let (Some((_, printer)), Some(page)) = (&mut last, pages.last_mut()) {
            page.push_str(&printer.lines(&as_table(&target.object, session), None));
        }
    }
    let separator = if session.flags.has("no-headers") { "" } else { "\n" };
    let pages: Vec<String> =
        pages.iter().filter(|page| !page.is_empty()).map(|page| tabs::align(page, tabs::TABLE)).collect();
    session.console.print(&pages.join(separator));
    if pages.is_empty() && failures.is_empty() && !session.flags.has("ignore-not-found") {
        nothing(session, &targets)?;
    }
    Failure::all(failures)
}

fn look(session: &Session<'_>, resource: &Resource, with_kind: bool) -> Look {
    let kind = (with_kind || session.flags.has("show-kind")).then(|| resource.word());
    Look { with_namespace: session.all_namespaces() && resource.namespaced, kind, ..Look::of(&session.flags) }
}

/// A server may answer with the object itself instead of a Table.
fn as_table(object: &Value, session: &Session<'_>) -> Value {
    match object.get("items") {
        _ if object.str("kind") == "Table" => object.clone(),
        Value::List(items) => plain(items, session.now()),
        _ => plain(std::slice::from_ref(object), session.now()),
    }
}

fn nothing(session: &Session<'_>, targets: &[Target]) -> Result<(), Failure> {
    let namespaced = !session.all_namespaces() && targets.iter().all(|target| target.resource.namespaced);
    match namespaced {
        true => session.warn(format!("No resources found in {} namespace.", session.namespace()?)),
        false => session.warn("No resources found"),
    }
    Ok(())
}

/// One object, or a list of all.
fn whole(session: &Session<'_>, found: Found, format: impl FnOnce() -> Result<Format, Failure>) -> Result<(), Failure> {
    let Found { mut targets, mut failures, single } = found;
    if single && !failures.is_empty() {
        return Failure::all(failures);
    }
    if targets.is_empty() && session.flags.has("ignore-not-found") {
        return Failure::all(failures);
    }
    if !session.flags.text("sort-by").is_empty() {
        sort::sort_objects(&mut targets, session.flags.text("sort-by"))?;
    }
    let printer = Printer::new(format()?, &session.flags);
    let object = match (single, targets.len()) {
        (true, 1) => targets.remove(0).object,
        _ => {
            let items = Value::List(targets.into_iter().map(|target| target.object).collect());
            value!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
        }
    };
    match printer.render(&object) {
        Ok(text) => session.console.print(&text),
        Err(failure) => failures.push(failure),
    }
    Failure::all(failures)
}
