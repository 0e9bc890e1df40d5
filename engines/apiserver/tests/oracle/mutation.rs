//! Every way to spoil one field of a valid object.

use crate::answer::escaped;
use serde_json::{Value, json};

/// One change, as it is written in the recordings: `- /path`, `= /path JSON` or `+ /path JSON` (one more item).
#[derive(Clone, Debug, PartialEq)]
pub enum Mutation {
    Delete(String),
    Set(String, Value),
    Append(String, Value),
}

impl Mutation {
    pub fn parse(text: &str) -> Option<Mutation> {
        let text = text.replace("X300", &"x".repeat(300));
        let (sign, rest) = text.split_once(' ')?;
        if sign == "-" {
            return Some(Mutation::Delete(rest.to_string()));
        }
        // A path may hold spaces: it ends where JSON begins.
        let ends = rest.match_indices(' ').map(|(at, _)| rest.split_at(at));
        let mut read = ends.filter_map(|(path, json)| Some((path.to_string(), serde_json::from_str(json).ok()?)));
        let (path, value) = read.next()?;
        match sign {
            "=" => Some(Mutation::Set(path, value)),
            "+" => Some(Mutation::Append(path, value)),
            _ => None,
        }
    }

    pub fn text(&self) -> String {
        self.long_text().replace(&"x".repeat(300), "X300")
    }

    fn long_text(&self) -> String {
        match self {
            Mutation::Delete(path) => format!("- {path}"),
            Mutation::Set(path, value) => format!("= {path} {value}"),
            Mutation::Append(path, value) => format!("+ {path} {value}"),
        }
    }

    pub fn apply(&self, object: &mut Value) {
        match self {
            Mutation::Append(path, item) => {
                if let Some(items) = object.pointer_mut(path).and_then(Value::as_array_mut) {
                    items.push(item.clone());
                }
            }
            Mutation::Delete(path) => change(object, path, None),
            Mutation::Set(path, value) => change(object, path, Some(value.clone())),
        }
    }
}

fn change(object: &mut Value, path: &str, new: Option<Value>) {
    let Some((parent, last)) = path.rsplit_once('/') else { return };
    let last = last.replace("~1", "/").replace("~0", "~");
    match (object.pointer_mut(parent), new) {
        (Some(Value::Object(fields)), Some(new)) => _ = fields.insert(last, new),
        (Some(Value::Object(fields)), None) => _ = fields.remove(&last),
        (Some(Value::Array(items)), new) => {
            let Ok(at) = last.parse::<usize>() else { return };
            match new {
                Some(new) if at < items.len() => items[at] = new,
                None if at < items.len() => _ = items.remove(at),
                _ => {}
            }
        }
        _ => {}
    }
}

/// All of an object, in the order of its fields.
pub fn all(object: &Value) -> Vec<Mutation> {
    let mut made = Vec::new();
    below(object, "", &mut made);
    made
}

fn below(value: &Value, path: &str, made: &mut Vec<Mutation>) {
    if !path.is_empty() {
        spoil(value, path, made);
    }
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| below(value, &format!("{path}/{}", escaped(name)), made));
            made.push(Mutation::Set(format!("{path}/unknownField"), json!(1)));
            if !fields.is_empty() && fields.values().all(Value::is_string) {
                made.push(Mutation::Set(format!("{path}/not valid!"), json!("x")));
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| below(value, &format!("{path}/{at}"), made));
            made.extend(items.last().map(|last| Mutation::Append(path.to_string(), last.clone())));
        }
        _ => {}
    }
}

fn spoil(value: &Value, path: &str, made: &mut Vec<Mutation>) {
    made.push(Mutation::Delete(path.to_string()));
    let others = match value {
        Value::String(_) => vec![json!(""), json!(7), json!("Not Valid!/"), json!("x".repeat(300))],
        Value::Number(_) => vec![json!(0), json!("text"), json!(-1), json!(2_147_483_648_u32)],
        Value::Bool(set) => vec![json!(!set), json!("yes")],
        Value::Object(_) => vec![json!({}), json!("text"), json!([])],
        Value::Array(_) => vec![json!([]), json!({}), json!("text")],
        Value::Null => vec![],
    };
    made.push(Mutation::Set(path.to_string(), Value::Null));
    made.extend(others.into_iter().filter(|other| other != value).map(|other| Mutation::Set(path.to_string(), other)));
}
