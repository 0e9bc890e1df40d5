//! How answers are shown: `-o` to a printer.

pub mod columns;
pub mod table;
pub mod tabs;
mod template;
pub mod yaml;

use crate::failure::Failure;
use crate::flags::Parsed;
use crate::go;
use crate::jsonpath::Template;
use columns::Columns;
use meta::Value;
use std::cell::Cell;
use template::GoTemplate;

/// What commands that change something can print.
const CHANGE_FORMATS: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
const GET_FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,\
     jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

pub enum Format {
    /// For people: a table, or a line that says what was done.
    Human,
    Wide,
    Json,
    Yaml,
    Name,
    Path {
        template: Template,
        text: String,
        as_json: bool,
    },
    Template {
        template: GoTemplate,
        text: String,
    },
    Columns(Columns),
}

impl Format {
    /// What `-o` of a command that changes something asks for.
    pub fn of_change(flags: &Parsed) -> Result<Format, Failure> {
        Format::parse(flags, CHANGE_FORMATS)
    }

    pub fn of_get(flags: &Parsed) -> Result<Format, Failure> {
        Format::parse(flags, GET_FORMATS)
    }

    fn parse(flags: &Parsed, allowed: &str) -> Result<Format, Failure> {
        let output = flags.text("output");
        let (kind, argument) = output.split_once('=').unwrap_or((output, flags.text("template")));
        let unknown = || {
            let text = "unable to match a printer suitable for the output format";
            Failure::text(format!("{text} {}, allowed formats are: {allowed}", meta::quote(output)))
        };
        if !allowed.split(',').any(|word| word == kind) && !kind.is_empty() {
            return Err(unknown());
        }
        match kind {
            "" => Ok(Format::Human),
            "wide" => Ok(Format::Wide),
            "json" => Ok(Format::Json),
            "yaml" => Ok(Format::Yaml),
            "name" => Ok(Format::Name),
            "jsonpath" | "jsonpath-as-json" | "jsonpath-file" => path(kind, argument, flags),
            "go-template" | "template" | "go-template-file" | "templatefile" => go_template(kind, argument, flags),
            "custom-columns" => Columns::of_spec(argument, flags.has("no-headers")).map(Format::Columns),
            "custom-columns-file" => Columns::of_file(argument, flags.has("no-headers")).map(Format::Columns),
            _ => Err(unknown()),
        }
    }

    pub fn is_human(&self) -> bool {
        matches!(self, Format::Human | Format::Wide)
    }
}

/// A template, or the file that it is in.
fn template_text(kind: &str, argument: &str) -> Result<String, Failure> {
    if argument.is_empty() {
        return Err(Failure::text("template format specified but no template given"));
    }
    match kind.ends_with("file") {
        true => std::fs::read_to_string(argument).map_err(|_| {
            Failure::text(format!("error reading --template {argument}, open {argument}: no such file or directory"))
        }),
        false => Ok(argument.to_string()),
    }
}

fn go_template(kind: &str, argument: &str, flags: &Parsed) -> Result<Format, Failure> {
    let text = template_text(kind, argument)?;
    let mut template =
        GoTemplate::parse(&text).map_err(|why| Failure::text(format!("error parsing template {text}, {why}")))?;
    template.allow_missing = flags.has("allow-missing-template-keys");
    Ok(Format::Template { template, text })
}

fn path(kind: &str, argument: &str, flags: &Parsed) -> Result<Format, Failure> {
    let text = template_text(kind, argument)?;
    let mut template =
        Template::parse(&text).map_err(|why| Failure::text(format!("error parsing jsonpath {text}, {why}")))?;
    template.allow_missing = flags.has("allow-missing-template-keys");
    Ok(Format::Path { template, text, as_json: kind == "jsonpath-as-json" })
}

/// Prints whole objects one after the other.
pub struct Printer {
    pub format: Format,
    keep_managed: bool,
    printed: Cell<usize>,
}

impl Printer {
    pub fn new(format: Format, flags: &Parsed) -> Printer {
        Printer { format, keep_managed: flags.has("show-managed-fields"), printed: Cell::new(0) }
    }

    /// What a format that is no table makes of an object or a list.
    pub fn render(&self, object: &Value) -> Result<String, Failure> {
        let count = self.printed.replace(self.printed.get() + 1);
        match &self.format {
            Format::Yaml => {
                let separator = if count > 0 { "---\n" } else { "" };
                Ok(format!("{separator}{}", yaml::write(&self.shown(object))))
            }
            Format::Json => Ok(format!("{}\n", go::json_indented(&self.shown(object), "    "))),
            Format::Name => Ok(names(object)),
            Format::Path { template, text, as_json } => {
                let rendered = if *as_json { template.render_json(object) } else { template.render(object) };
                rendered.map_err(|why| path_failure(text, &why, object))
            }
            Format::Template { template, text } => template
                .render(object)
                .map_err(|why| Failure::text(format!("error executing template {}: {why}", meta::quote(text)))),
            Format::Columns(columns) => columns.render(object, count == 0),
            Format::Human | Format::Wide => Ok(String::new()),
        }
    }

    fn shown(&self, object: &Value) -> Value {
        let mut shown = object.clone();
        if !self.keep_managed {
            shown.remove("metadata.managedFields");
            for item in shown.get_mut("items").and_then(Value::as_list_mut).into_iter().flatten() {
                item.remove("metadata.managedFields");
            }
        }
        shown
    }
}

fn path_failure(text: &str, why: &str, object: &Value) -> Failure {
    Failure::text(format!(
        "error executing jsonpath {}: Error executing template: {why}. Printing more information for debugging the \
         template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
        meta::quote(text),
        go::sprint(object)
    ))
}

/// `pod/a`, of a list one line an item.
fn names(object: &Value) -> String {
    match object.get("items") {
        Value::List(items) => items.iter().map(names).collect(),
        _ => format!("{}/{}\n", kind_word(object), object.str("metadata.name")),
    }
}

/// `deployment.apps`: what an object is, in lower case and with its group.
pub fn kind_word(object: &Value) -> String {
    let group = object.str("apiVersion").split_once('/').map_or("", |(group, _)| group);
    crate::discovery::with_group(&object.str("kind").to_lowercase(), group)
}
