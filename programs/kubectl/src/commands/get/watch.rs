//! `kubectl get --watch`: what is there, then what changes.

use super::look;
use crate::failure::Failure;
use crate::print::table::TablePrinter;
use crate::print::{Format, Printer, tabs};
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::{Next, Request, TABLE};
use meta::{Value, value};

struct Watcher<'s, 'c> {
    session: &'s Session<'c>,
    tables: TablePrinter,
    printer: Printer,
    widths: Vec<usize>,
    with_events: bool,
}

pub fn run(session: &Session<'_>, query: Query, format: Format) -> Result<(), Failure> {
    let query = Query { single_type: true, whole_objects: false, ..query };
    let mut found = query.find(session)?;
    if session.flags.has("ignore-not-found") && found.failures.iter().all(Failure::is_not_found) {
        found.failures.clear();
    }
    Failure::all(found.failures)?;
    let Some(first) = found.targets.first() else { return Ok(()) };
    let mut watcher = Watcher {
        session,
        tables: TablePrinter::new(look(session, &first.resource, false)),
        printer: Printer::new(format, &session.flags),
        widths: Vec::new(),
        with_events: session.flags.has("output-watch-events"),
    };
    if !session.flags.has("watch-only") {
        for target in &found.targets {
            watcher.show(&target.object, "ADDED")?;
        }
    }
    let request = request(session, &query, first, found.targets.len() == 1 && found.single)?;
    let skip_first = !first.name.is_empty();
    watcher.follow(request, skip_first)
}

fn request(session: &Session<'_>, query: &Query, first: &Target, single: bool) -> Result<Request, Failure> {
    let namespace =
        if query.all_namespaces || !first.resource.namespaced { String::new() } else { session.namespace()? };
    let from = if first.name.is_empty() { first.object.str("metadata.resourceVersion") } else { "" };
    let field = if single { format!("metadata.name={}", first.name) } else { query.field_selector.clone() };
    let timeout = match session.flags.text("request-timeout") {
        "0" => String::new(),
        text => (crate::go::parse_duration(text).unwrap_or(0) / 1_000_000_000).max(1).to_string(),
    };
    let request = Request::get(first.resource.collection(&namespace))
        .with("watch", "true")
        .with("labelSelector", query.selector.as_str())
        .with("fieldSelector", field)
        .with("resourceVersion", if from.is_empty() { "0" } else { from })
        .with("timeoutSeconds", timeout);
    Ok(if query.table { request.accept(TABLE) } else { request })
}

impl Watcher<'_, '_> {
    /// A watch of one name begins with the object that was shown already.
    fn follow(&mut self, request: Request, mut skip: bool) -> Result<(), Failure> {
        let door = self.session.door()?;
        let mut lines = door.lines(request)?;
        while let Next::Piece(event) = lines.event(None)? {
            match event.str("type") {
                "BOOKMARK" => continue,
                "ERROR" => return Err(Failure::text(event.str("object.message"))),
                kind if !std::mem::take(&mut skip) => self.show(event.get("object"), kind)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn show(&mut self, object: &Value, kind: &str) -> Result<(), Failure> {
        let text = match (self.printer.format.is_human(), self.with_events) {
            (true, events) => {
                let table = super::as_table(object, self.session);
                let lines = self.tables.lines(&table, events.then_some(kind));
                tabs::align_remembering(&lines, tabs::TABLE, &mut self.widths)
            }
            (false, true) => self.printer.render(&value!({"type": kind, "object": (object.clone())}))?,
            (false, false) => self.printer.render(object)?,
        };
        self.session.console.print(&text);
        self.session.console.flush();
        Ok(())
    }
}
