//! Short hand-made scripts: `oracle/cases/*.txt`, answered in `oracle/answers/*.tsv`.
//!
//! `## title` opens a case; `differs: reason` says that k1s answers otherwise on purpose. A request is a line
//! `METHOD PATH [type=..] [accept=..]` and its body until the next blank line. `${N/pointer}` in a later request stands
//! for what the case's Nth answer has there. A defined kind is served before it is asked for. What a case makes is deleted once it is over.

use crate::answer::Answer;
use crate::case::{Suite, parts};
use crate::compared::{Compared, Pair};
use crate::wire::{Asked, Connection, Door, JSON, NAMESPACE};
use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$\{(\d+)(/[^}]*)\}").expect("the pattern is good"));

pub struct Script {
    cases: Vec<Case>,
}

struct Case {
    title: String,
    why: Option<String>,
    requests: Vec<Asked>,
}

impl Script {
    fn parse(text: &str) -> Script {
        let mut cases: Vec<Case> = Vec::new();
        let mut body_open = false;
        for line in text.lines().filter(|line| !line.starts_with("# ")) {
            if let Some(title) = line.strip_prefix("## ") {
                cases.push(Case { title: title.into(), why: None, requests: Vec::new() });
                body_open = false;
                continue;
            }
            let Some(case) = cases.last_mut() else { continue };
            match line.strip_prefix("differs: ") {
                Some(why) => case.why = Some(why.into()),
                None if line.is_empty() => body_open = false,
                None if body_open => {
                    case.requests.last_mut().into_iter().for_each(|asked| asked.body += &format!("{line}\n"))
                }
                None => {
                    case.requests.push(request(line));
                    body_open = true;
                }
            }
        }
        Script { cases }
    }

    pub async fn record(&self, door: &Door) -> (String, usize) {
        let (mut lines, mut count) = (String::new(), 0);
        let mut connection = Connection::new(door);
        for case in &self.cases {
            for (at, answer) in case.run(&mut connection).await.iter().enumerate() {
                let line = answer.to_line(&BTreeMap::new());
                writeln!(lines, "{}\t{}\t{line}", case.title, at + 1).expect("a String takes all");
                count += 1;
            }
        }
        (lines, count)
    }

    pub async fn compare(&self, name: &str, recorded: &str, door: &Door) -> Compared {
        let answers: HashMap<(&str, &str), &str> =
            recorded.lines().map(parts).map(|[title, at, answer]| ((title, at), answer)).collect();
        let (mut compared, mut connection) = (Compared::default(), Connection::new(door));
        for case in &self.cases {
            for (at, ours) in case.run(&mut connection).await.into_iter().enumerate() {
                let number = (at + 1).to_string();
                let known = answers.get(&(case.title.as_str(), number.as_str()));
                let line = known.unwrap_or_else(|| panic!("{name}: {} {number} was never recorded", case.title));
                let theirs = Answer::from_line(line, &BTreeMap::new());
                let asked = &case.requests[at];
                let what = format!("{} #{number} {} {}", case.title, asked.method, asked.path);
                compared.add(Pair { suite: name.into(), what, ours, theirs, why: case.why.clone() });
            }
        }
        compared
    }
}

impl Case {
    async fn run(&self, connection: &mut Connection) -> Vec<Answer> {
        let (mut bodies, mut answers, mut made) = (Vec::new(), Vec::new(), Vec::new());
        for asked in &self.requests {
            let mut asked = asked.clone();
            asked.path = filled(&asked.path, &bodies);
            asked.body = filled(&asked.body, &bodies);
            let heard = connection.ask(&asked).await;
            let body: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
            let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
            if heard.code == 201 && !query.contains("dryRun") {
                let name = body["metadata"]["name"].as_str().unwrap_or_default();
                made.push(if asked.method == "POST" { format!("{path}/{name}") } else { path.to_string() });
                if body["kind"] == "CustomResourceDefinition" {
                    connection.await_kind(&body["spec"]).await;
                }
            }
            answers.push(Answer::of(&heard));
            bodies.push(body);
        }
        for address in made.iter().rev() {
            let address = address.as_str();
            connection.ask(&Asked::new("DELETE", format!("{address}?gracePeriodSeconds=0"), JSON, "")).await;
            let freed = r#"{"metadata":{"finalizers":null}}"#;
            connection.ask(&Asked::new("PATCH", address, "application/merge-patch+json", freed)).await;
        }
        answers
    }
}

/// `.` at the start of a path is the namespace of the scripts.
fn request(line: &str) -> Asked {
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.strip_prefix("./").map_or(path.to_string(), |rest| format!("{NAMESPACE}/{rest}"));
    let mut asked = Asked::new(method, path, JSON, "");
    for word in words {
        match word.split_once('=') {
            Some(("type", media)) => asked.content_type = short(media),
            Some(("accept", media)) => asked.accept = media.to_string(),
            _ => panic!("{line}: {word} is not an option"),
        }
    }
    asked
}

fn short(media: &str) -> String {
    let full = match media {
        "json" => "application/json-patch+json",
        "merge" => "application/merge-patch+json",
        "strategic" => "application/strategic-merge-patch+json",
        "apply" => "application/apply-patch+yaml",
        other => other,
    };
    full.into()
}

fn filled(text: &str, bodies: &[Value]) -> String {
    let found = |groups: &regex::Captures<'_>| {
        let body = groups[1].parse::<usize>().ok().and_then(|number| bodies.get(number.wrapping_sub(1)));
        let value = body.and_then(|body| body.pointer(&groups[2])).cloned().unwrap_or_default();
        value.as_str().map_or_else(|| value.to_string(), str::to_string)
    };
    PLACE.replace_all(text, found).into_owned()
}

pub fn suites(root: &Path) -> Vec<Suite> {
    let entries = std::fs::read_dir(root.join("oracle/cases")).into_iter().flatten();
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let suite = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let recorded = root.join(format!("oracle/answers/{stem}.tsv"));
        Suite { name: format!("cases/{stem}"), recorded, sample: None, script: Some(Script::parse(&text)), alone: true }
    };
    paths.iter().map(suite).collect()
}
