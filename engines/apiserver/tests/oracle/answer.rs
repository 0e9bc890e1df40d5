//! An answer without what changes each time: uids, moments, versions, the order of several problems.

use crate::wire::Heard;
use regex::Regex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Bodies that are larger are compared by their digest.
const MOST: usize = 24 * 1024;
const LONG: usize = 1200;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub code: u16,
    pub reason: String,
    /// Type, field and message, in order.
    pub causes: Vec<[String; 3]>,
    /// Of a failure; without its causes.
    pub message: String,
    pub warnings: Vec<String>,
    /// Of a success: every leaf by its path.
    pub body: BTreeMap<String, Value>,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is good")
}

static UNSTEADY: LazyLock<[(Regex, &str); 10]> = LazyLock::new(|| {
    [
        (pattern("X509SHA256=[0-9a-f]{64}"), "X509SHA256=HASH"),
        (pattern(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "MOMENT"),
        // Versions where a text names them: an object's in YAML, a store's and an object's in a refusal.
        (pattern(r#"resourceVersion: "\d+""#), "resourceVersion: RESOURCEVERSION"),
        (pattern(r"(current: |ResourceVersion in record \()\d+"), "${1}VERSION"),
        // The base of a name that is made up, in the one case that has it refused.
        (pattern("G_[bcdfghjklmnpqrstvwxz2456789]{5}"), "G_RANDOM"),
        (pattern("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
        (pattern("kube-api-access-[a-z0-9]{5}"), "kube-api-access-RANDOM"),
        (pattern("x{300}"), "X300"),
        (pattern(r"\b10\.(9[6-9]|10[0-9]|11[01])\.\d+\.\d+\b"), "SERVICE-ADDRESS"),
        (pattern(r"\b3[0-2]\d{3}\b"), "NODE-PORT"),
    ]
});
static AGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\d+(s|m|m\d+s)$"));

const MOMENTS: [&str; 7] = [
    "creationTimestamp",
    "time",
    "lastTransitionTime",
    "deletionTimestamp",
    "lastUpdateTime",
    "lastPhaseTransitionTime",
    "expirationTimestamp",
];

impl Answer {
    pub fn of(heard: &Heard) -> Answer {
        let mut answer = Answer { code: heard.code, ..Answer::default() };
        answer.warnings = heard.warnings.iter().map(|text| steady_text(text)).collect();
        let Ok(body) = serde_json::from_slice::<Value>(&heard.body) else {
            answer.message = bounded(&String::from_utf8_lossy(&heard.body));
            return answer;
        };
        match body["kind"] == "Status" && body["status"] == "Failure" {
            true => answer.failed(&body),
            false => answer.succeeded(body),
        }
        answer
    }

    fn failed(&mut self, status: &Value) {
        self.reason = text(&status["reason"]);
        let causes = status["details"]["causes"].as_array().into_iter().flatten();
        self.causes =
            causes.map(|cause| ["reason", "field", "message"].map(|part| steady_text(&text(&cause[part])))).collect();
        self.causes.sort();
        let message = steady_text(&text(&status["message"]));
        let head = message.split(" is invalid: ").next().unwrap_or_default();
        self.message = if self.causes.is_empty() { message } else { head.to_string() };
    }

    fn succeeded(&mut self, mut body: Value) {
        let generated = text(&body["metadata"]["generateName"]);
        if !generated.is_empty() {
            body["metadata"]["name"] = json!(format!("{generated}RANDOM"));
        }
        steady(&mut body);
        if body.to_string().len() > MOST {
            self.message = bounded(&body.to_string());
        } else {
            leaves(&body, String::new(), &mut self.body);
            without_consumer(&mut self.body);
        }
    }

    /// As a line of a file: a success tells only what differs from `base`.
    pub fn to_line(&self, base: &BTreeMap<String, Value>) -> String {
        let mut line = Map::new();
        line.insert("code".into(), json!(self.code));
        let mut put = |name: &str, value: Value, empty: bool| (!empty).then(|| line.insert(name.into(), value));
        put("reason", json!(self.reason), self.reason.is_empty());
        put("causes", json!(self.causes), self.causes.is_empty());
        put("message", json!(self.message), self.message.is_empty());
        put("warnings", json!(self.warnings), self.warnings.is_empty());
        if !self.body.is_empty() {
            let set: Map<String, Value> = self
                .body
                .iter()
                .filter(|(k, v)| base.get(*k) != Some(v))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            let gone: Vec<&String> = base.keys().filter(|key| !self.body.contains_key(*key)).collect();
            put("set", json!(set), false);
            put("gone", json!(gone), gone.is_empty());
        }
        Value::Object(line).to_string()
    }

    pub fn from_line(line: &str, base: &BTreeMap<String, Value>) -> Answer {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
        let steady_texts = |value: &Value| texts(value).iter().map(|text| steady_text(text)).collect::<Vec<_>>();
        let causes = line["causes"].as_array().into_iter().flatten();
        let mut causes: Vec<[String; 3]> =
            causes.map(|cause| [0, 1, 2].map(|part| steady_text(&text(&cause[part])))).collect();
        causes.sort();
        let mut body = BTreeMap::new();
        if let Some(set) = line["set"].as_object() {
            body = base.clone();
            texts(&line["gone"]).iter().for_each(|path| _ = body.remove(path));
            body.extend(set.iter().map(|(path, value)| (path.clone(), steady_leaf(path, value))));
            without_consumer(&mut body);
        }
        Answer {
            code: line["code"].as_u64().unwrap_or_default() as u16,
            reason: text(&line["reason"]),
            causes,
            message: steady_text(&text(&line["message"])),
            warnings: steady_texts(&line["warnings"]),
            body,
        }
    }

    /// The first cause that `other` has fewer of.
    pub fn beside(&self, other: &Answer, most: usize) -> String {
        let count =
            |answer: &Answer, cause: &[String; 3]| answer.causes.iter().filter(|c| c[..2] == cause[..2]).count();
        let mut more = self.causes.iter().filter(|cause| count(self, cause) > count(other, cause));
        let told = |[reason, field, message]: &[String; 3]| format!("{reason} {field}: {message:.most$}");
        more.next().map_or("-".to_string(), told)
    }

    /// Type and field of each cause.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        let mut fields: Vec<_> =
            self.causes.iter().map(|[reason, field, _]| (reason.as_str(), field.as_str())).collect();
        fields.sort_unstable();
        fields
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn bounded(whole: &str) -> String {
    if whole.len() <= MOST { steady_text(whole) } else { format!("sha256 {:x}", Sha256::digest(whole.as_bytes())) }
}

/// Upstream's rendering of a Go value's difference is its own, as is the order of the fields of an object that it
/// repeats; and beyond `LONG` one text is as good as another.
pub fn steady_text(text: &str) -> String {
    const REPEATED: &str = "Invalid value: \"{\\\"";
    let text = text.split("\n@@").next().unwrap_or_default();
    let why = text.strip_prefix(REPEATED).and_then(|rest| rest.rsplit_once("}\": "));
    let text = why.map_or(text.to_string(), |(_, why)| format!("Invalid value: OBJECT: {why}"));
    let text: String = text.chars().take(LONG).collect();
    UNSTEADY.iter().fold(text, |text, (pattern, steady)| pattern.replace_all(&text, *steady).into_owned())
}

/// A part of upstream's server writes one condition of each flow schema whenever it comes to it: before some answers
/// of one recording and after others.
const CONSUMER: &str = "api-priority-and-fairness-config-consumer-v1";
const OWNERS: &str = "/metadata/managedFields/";

fn without_consumer(body: &mut BTreeMap<String, Value>) {
    if body.get("/kind") != Some(&json!("FlowSchema")) {
        return;
    }
    let whose = |body: &BTreeMap<String, Value>| {
        let found = body.iter().find(|(path, value)| path.ends_with("/manager") && **value == CONSUMER);
        found.and_then(|(path, _)| path.strip_prefix(OWNERS)?.split('/').next()?.parse::<usize>().ok())
    };
    if let Some(gone) = whose(body) {
        let kept = std::mem::take(body).into_iter().filter_map(|(path, value)| Some((renumbered(path, gone)?, value)));
        *body = kept.collect();
    }
    body.retain(|path, _| !path.starts_with("/status/conditions"));
    body.entry("/status".into()).or_insert_with(|| json!({}));
}

/// The path of an owner's leaf once one of the owners is gone.
fn renumbered(path: String, gone: usize) -> Option<String> {
    let Some((index, rest)) = path.strip_prefix(OWNERS).and_then(|rest| rest.split_once('/')) else {
        return Some(path);
    };
    match index.parse::<usize>() {
        Ok(index) if index == gone => None,
        Ok(index) if index > gone => Some(format!("{OWNERS}{}/{rest}", index - 1)),
        _ => Some(path),
    }
}

/// A recording may be older than what is known to be unsteady.
fn steady_leaf(path: &str, value: &Value) -> Value {
    let mut value = value.clone();
    steady_field(path.rsplit('/').next().unwrap_or_default(), &mut value);
    value
}

fn steady(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| steady_field(name, value)),
        Value::Array(items) => items.iter_mut().for_each(steady),
        Value::String(text) => *text = if AGE.is_match(text) { "AGE".into() } else { steady_text(text) },
        Value::Number(number) if number.as_u64().is_some_and(|port| (30_000..32_768).contains(&port)) => {
            *value = json!("NODE-PORT");
        }
        _ => {}
    }
}

fn steady_field(name: &str, value: &mut Value) {
    let known = value.as_str().is_some_and(|text| !text.is_empty());
    match name {
        "serverAddress" => *value = json!("ADDRESS"),
        "resourceVersion" | "continue" if known => *value = json!(name.to_uppercase()),
        name if known && MOMENTS.contains(&name) => *value = json!("MOMENT"),
        "managedFields" => {
            steady(value);
            value.as_array_mut().into_iter().for_each(|entries| entries.sort_by_key(Value::to_string));
        }
        _ => steady(value),
    }
}

fn leaves(value: &Value, path: String, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| leaves(value, format!("{path}/{}", escaped(name)), into));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{path}/{at}"), into));
        }
        leaf => _ = into.insert(path, leaf.clone()),
    }
}

pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
