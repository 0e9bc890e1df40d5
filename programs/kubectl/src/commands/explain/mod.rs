//! `kubectl explain`: a kind's fields from the server's own documents.

mod wrap;

use crate::command::Command;
use crate::discovery::Resource;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind};
use crate::session::Session;
use crate::wire::Request;
use meta::{Map, Value, quote};
use std::rc::Rc;
use wrap::{indent, wrap};

const FLAGS: &[Flag] =
    &[flags::switch("recursive"), flags::text("api-version"), Flag::of(Kind::Text, "output", "plaintext").short('o')];
/// More values of an enumeration are not shown beside a field.
const MOST_VALUES: usize = 4;

pub const COMMAND: Command =
    Command::new("explain", "Describe a kind's fields", "TYPE[.FIELD ...]").flags(&[FLAGS]).run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let [word] = session.arguments() else {
        return Err(Failure::text(match session.arguments() {
            [] => {
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported \
                 resources.\n"
            }
            _ => "We accept only this format: explain RESOURCE\n",
        }));
    };
    let (resource, path) = split(session, word)?;
    let format = session.flags.text("output");
    if !matches!(format, "plaintext" | "plaintext-openapiv2") {
        return Err(Failure::text(format!("unrecognized format: {format}")));
    }
    let document = document(session, &resource)?;
    let explained = Explained { schemas: document.at("components.schemas"), recursive: session.flags.has("recursive") };
    let mut text = String::new();
    if !resource.group.is_empty() {
        text.push_str(&format!("GROUP:      {}\n", resource.group));
    }
    text.push_str(&format!("KIND:       {}\nVERSION:    {}\n\n", resource.kind, resource.version));
    // The kind is said even where its field is not found.
    session.console.print(&text);
    session.say(explained.at(&resource, &path)?);
    Ok(())
}

/// `deployments.spec.replicas`, where the type may carry its group.
fn split(session: &Session<'_>, word: &str) -> Result<(Rc<Resource>, Vec<String>), Failure> {
    let discovery = session.discovery()?;
    let first = word.split('.').next().unwrap_or(word);
    let named = discovery.resources.iter().filter(|one| !one.group.is_empty()).find(|one| {
        let rest = word.strip_prefix(&one.qualified());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    let (resource, rest) = match named {
        Some(resource) => (resource.clone(), &word[resource.qualified().len()..]),
        None => {
            let unknown = |_| Failure::Plain(format!("the server doesn't have a resource type {}", quote(first)));
            (discovery.find(first).map_err(unknown)?, &word[first.len()..])
        }
    };
    let wanted = session.flags.text("api-version");
    let versioned = discovery.resources.iter().find(|one| one.plural == resource.plural && one.api_version() == wanted);
    if !wanted.is_empty() && versioned.is_none() {
        let (group, version) = wanted.split_once('/').unwrap_or(("", wanted));
        return Err(Failure::text(format!(
            "couldn't find resource for \"{group}/{version}, Resource={}\"",
            resource.plural
        )));
    }
    let path = rest.split('.').filter(|part| !part.is_empty()).map(str::to_string).collect();
    Ok((versioned.cloned().unwrap_or(resource), path))
}

fn document(session: &Session<'_>, resource: &Resource) -> Result<Value, Failure> {
    let path = match resource.group.as_str() {
        "" => format!("/openapi/v3/api/{}", resource.version),
        group => format!("/openapi/v3/apis/{group}/{}", resource.version),
    };
    session.door()?.call(Request::get(path))
}

struct Explained<'d> {
    schemas: &'d Value,
    recursive: bool,
}

impl<'d> Explained<'d> {
    fn at(&self, resource: &Resource, path: &[String]) -> Result<String, Failure> {
        let ours = |schema: &Value| {
            schema.items("x-kubernetes-group-version-kind").iter().any(|gvk| {
                gvk.str("group") == resource.group
                    && gvk.str("version") == resource.version
                    && gvk.str("kind") == resource.kind
            })
        };
        let mut schemas = self.schemas.as_map().into_iter().flat_map(Map::iter);
        let missing = || Failure::text(format!("GVR ({}) not found in OpenAPI schema", resource.plural));
        let (_, root) = schemas.find(|(_, schema)| ours(schema)).ok_or_else(missing)?;
        let absent = || {
            let last = path.last().map_or("", String::as_str);
            Failure::text(format!("field {} does not exist", quote(last)))
        };
        self.output(root, path, 0).ok_or_else(absent)
    }

    fn resolved(&self, schema: &'d Value) -> &'d Value {
        match schema.get("$ref").as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => self.schemas.get(name),
            None => schema,
        }
    }

    fn output(&self, schema: &'d Value, path: &[String], depth: usize) -> Option<String> {
        let resolved = self.resolved(schema);
        let Some((name, deeper)) = path.split_first() else { return Some(self.page(resolved)) };
        let field = resolved.get("properties").get(name);
        if !field.is_null() {
            let head = match deeper.is_empty() {
                true => format!("FIELD: {name} <{}>\n{}\n\n", self.type_of(field), long_enum(field)),
                false => String::new(),
            };
            return Some(head + &self.output(field, deeper, 0)?);
        }
        if depth > 8 {
            return None; // a cycle of references
        }
        let below = [resolved.get("items"), resolved.get("additionalProperties")];
        let inside = below.into_iter().find(|schema| matches!(schema, Value::Map(_)));
        match inside {
            Some(inside) => self.output(inside, path, depth + 1),
            None => resolved.items("allOf").iter().find_map(|schema| self.output(schema, path, depth + 1)),
        }
    }

    fn page(&self, schema: &'d Value) -> String {
        let description = self.description(schema);
        let description = if description.is_empty() { "<empty>" } else { &description };
        let mut text = format!("DESCRIPTION:\n{}\n", indent(&wrap(description, 76), 4));
        let fields = self.fields(schema, 1, &mut Vec::new());
        if !fields.is_empty() {
            text.push_str(&format!("FIELDS:\n{fields}"));
        }
        text
    }

    fn description(&self, schema: &'d Value) -> String {
        let resolved = self.resolved(schema);
        let mut text = match resolved.str("description") {
            "" => String::new(),
            description => format!("{description}\n"),
        };
        let inside = [resolved.get("items"), resolved.get("additionalProperties")];
        for part in resolved.items("allOf").iter().chain(inside.into_iter().filter(|part| part.as_map().is_some())) {
            text.push_str(&self.description(part));
        }
        text
    }

    /// The fields below; those of a type that was met on the way are left out.
    fn fields(&self, schema: &'d Value, level: usize, met: &mut Vec<&'d str>) -> String {
        let name = schema.str("$ref");
        if !name.is_empty() && met.contains(&name) {
            return String::new();
        }
        met.push(name);
        let resolved = self.resolved(schema);
        let mut text = String::new();
        for (name, field) in resolved.fields("properties") {
            text.push_str(&self.field(resolved, name, field, level));
            if self.recursive {
                text.push_str(&self.fields(field, level + 1, met));
            }
        }
        let inside = [resolved.get("items"), resolved.get("additionalProperties")];
        for part in resolved.items("allOf").iter().chain(inside.into_iter().filter(|part| part.as_map().is_some())) {
            text.push_str(&self.fields(part, level, met));
        }
        met.pop();
        text
    }

    fn field(&self, owner: &Value, name: &str, field: &'d Value, level: usize) -> String {
        let required = owner.items("required").iter().any(|one| one.as_str() == Some(name));
        let required = if required { " -required-" } else { "" };
        let width = level * 2;
        let head =
            format!("{}{name}\t<{}>{required}{}\n", " ".repeat(width), self.type_of(field), short_enum(field, width));
        if self.recursive {
            return head;
        }
        let description = match field.str("description") {
            "" => "<no description>",
            description => description,
        };
        format!("{head}{}\n\n", indent(&wrap(description, 78 - width), width + 2))
    }

    fn type_of(&self, schema: &'d Value) -> String {
        let (items, values, all) = (schema.get("items"), schema.get("additionalProperties"), schema.items("allOf"));
        if !items.is_null() {
            format!("[]{}", self.type_of(items))
        } else if values.as_map().is_some() {
            format!("map[string]{}", self.type_of(values))
        } else if let ([one], true) = (all, schema.get("properties").is_null()) {
            self.type_of(one)
        } else if !schema.str("$ref").is_empty() {
            let resolved = self.resolved(schema);
            match resolved.str("type") {
                "" | "object" => schema.str("$ref").rsplit(['/', '.']).next().unwrap_or("Object").to_string(),
                kind => kind.to_string(),
            }
        } else {
            match schema.str("type") {
                "" | "object" => "Object".into(),
                kind => kind.to_string(),
            }
        }
    }
}

fn values(schema: &Value) -> Vec<String> {
    let shown = |value: &Value| if value.as_str() == Some("") { "\"\"".to_string() } else { crate::go::sprint(value) };
    schema.items("enum").iter().map(shown).collect()
}

fn short_enum(schema: &Value, width: usize) -> String {
    let values = values(schema);
    if values.is_empty() {
        return String::new();
    }
    let more = if values.len() > MOST_VALUES { ", ...." } else { "" };
    let few: Vec<&str> = values.iter().take(MOST_VALUES).map(String::as_str).collect();
    format!("\n{}enum: {}{more}", " ".repeat(width), few.join(", "))
}

fn long_enum(schema: &Value) -> String {
    let values = values(schema);
    if values.is_empty() { String::new() } else { format!("ENUM:\n    {}", values.join("\n    ")) }
}
