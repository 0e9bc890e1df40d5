//! `kubectl label` and `kubectl annotate`: pairs in an object's metadata.

use crate::change::{Change, DryRun, field_manager};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, ALL, ALL_NAMESPACES, DRY_RUN, FIELD_SELECTOR, FILES, Flag, LOCAL, PRINT, RECORD, SELECTOR};
use crate::session::Session;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::{Map, Value, quote};

const FLAGS: &[Flag] =
    &[flags::switch("overwrite"), flags::switch("list"), flags::text("resource-version"), flags::text("field-manager")];

const ALL_FLAGS: &[&[Flag]] =
    &[FLAGS, PRINT, FILES, SELECTOR, FIELD_SELECTOR, ALL, ALL_NAMESPACES, DRY_RUN, LOCAL, RECORD];

pub const LABEL: Command =
    Command::new("label", "Change labels", "(-f FILE | TYPE NAME) KEY=VALUE ... KEY- ...").flags(ALL_FLAGS).run(label);

pub const ANNOTATE: Command =
    Command::new("annotate", "Change annotations", "(-f FILE | TYPE NAME) KEY=VALUE ... KEY- ...")
        .flags(ALL_FLAGS)
        .run(annotate);

fn label(session: &Session<'_>) -> Result<(), Failure> {
    Pairs { word: "label", field: "labels", ..Pairs::default() }.run(session)
}

fn annotate(session: &Session<'_>) -> Result<(), Failure> {
    Pairs { word: "annotation", field: "annotations", ..Pairs::default() }.run(session)
}

#[derive(Default)]
struct Pairs {
    word: &'static str,
    field: &'static str,
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

impl Pairs {
    fn is_label(&self) -> bool {
        self.word == "label"
    }

    fn run(mut self, session: &Session<'_>) -> Result<(), Failure> {
        let flags = &session.flags;
        let resources = self.read(session)?;
        if flags.has("list") && !flags.text("output").is_empty() {
            return Err(Failure::text("--list and --output may not be specified together"));
        }
        for selector in ["selector", "field-selector"] {
            if flags.has("all") && !flags.text(selector).is_empty() {
                return Err(Failure::text(format!("cannot set --all and --{selector} at the same time")));
            }
        }
        if resources.is_empty() && flags.list("filename").is_empty() {
            return Err(Failure::text(
                "one or more resources must be specified as <resource> <name> or <resource>/<name>",
            ));
        }
        if self.set.is_empty() && self.remove.is_empty() && !flags.has("list") {
            return Err(Failure::text(format!("at least one {} update is required", self.word)));
        }
        self.check()?;
        let change = Change::of(session)?;
        let query =
            Query { arguments: resources, allow_empty_selector: flags.has("all"), latest: true, ..Query::of(session) };
        let found = query.find(session)?;
        let (mut failures, single) = (found.failures, found.single);
        for target in found.targets {
            failures.extend(self.one(session, &change, &target, single).err());
        }
        Failure::all(failures)
    }

    /// Takes the pairs from the arguments; what stands before them names the objects.
    fn read(&mut self, session: &Session<'_>) -> Result<Vec<String>, Failure> {
        let mut resources = Vec::new();
        let mut pairs = false;
        for word in session.arguments() {
            let is_pair = word.contains('=') && !word.starts_with('=') || word.ends_with('-') && word.len() > 1;
            match is_pair {
                true => {
                    pairs = true;
                    self.pair(word)?;
                }
                false if pairs => return Err(self.misplaced(word)),
                false => resources.push(word.clone()),
            }
        }
        Ok(resources)
    }

    fn misplaced(&self, word: &str) -> Failure {
        Failure::text(format!("all resources must be specified before {} changes: {word}", self.word))
    }

    fn pair(&mut self, word: &str) -> Result<(), Failure> {
        match word.split_once('=') {
            Some((key, text)) if self.is_label() => {
                if text.contains('=') {
                    return Err(Failure::text(format!("invalid label spec: {word}")));
                }
                let complaints = meta::names::label_value(text);
                if !complaints.is_empty() {
                    return Err(Failure::text(format!(
                        "invalid label value: {}: {}",
                        quote(word),
                        complaints.join(";")
                    )));
                }
                self.set.push((key.to_string(), text.to_string()));
            }
            Some((key, text)) => self.set.push((key.to_string(), text.to_string())),
            None => self.remove.push(word[..word.len() - 1].to_string()),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        let both: Vec<&str> =
            self.remove.iter().filter(|key| self.set.iter().any(|(set, _)| set == *key)).map(String::as_str).collect();
        match both.is_empty() {
            true => Ok(()),
            false if self.is_label() => {
                Err(Failure::text("can not both modify and remove a label in the same command"))
            }
            false => Err(Failure::text(format!(
                "can not both modify and remove the following annotation(s) in the same command: {}",
                both.join(", ")
            ))),
        }
    }

    fn one(&self, session: &Session<'_>, change: &Change, target: &Target, single: bool) -> Result<(), Failure> {
        let before = target.object.at("metadata").get(self.field).clone();
        if session.flags.has("list") {
            return self.list(session, target, &self.changed(&before), single);
        }
        if self.is_label() && change.dry_run != DryRun::Client {
            for key in self.remove.iter().filter(|key| before.get(key).is_null()) {
                session.say(format!("label {} not found.", quote(key)));
            }
        }
        if !session.flags.has("overwrite") {
            self.refuse_overwrites(&before)?;
        }
        let after = self.changed(&before);
        let operation = self.operation(&before, &after, session.flags.has("overwrite"));
        let mut object = target.object.clone();
        if change.dry_run == DryRun::Client || session.flags.has("local") {
            object.entry("metadata").entry(self.field).clone_from(&after);
        } else {
            object = self.send(session, change, target, &before, &after)?;
        }
        change.tell(session, &object, operation)
    }

    fn send(
        &self,
        session: &Session<'_>,
        change: &Change,
        target: &Target,
        before: &Value,
        after: &Value,
    ) -> Result<Value, Failure> {
        let mut patch = Value::map();
        for (key, text) in after.as_map().into_iter().flat_map(Map::iter) {
            if before.get(key) != text {
                patch.entry("metadata").entry(self.field).entry(key).clone_from(text);
            }
        }
        for (key, _) in before.as_map().into_iter().flat_map(Map::iter).filter(|(key, _)| after.get(key).is_null()) {
            *patch.entry("metadata").entry(self.field).entry(key) = Value::Null;
        }
        let version = session.flags.text("resource-version");
        if !version.is_empty() {
            patch.set("metadata.resourceVersion", version);
        }
        let own = if self.is_label() { "kubectl-label" } else { "kubectl-annotate" };
        let request = Request::patch(target.path(), "application/merge-patch+json", patch.to_json())
            .with("fieldManager", field_manager(session, own));
        session.door()?.call(change.dry_run.ask(request))
    }

    fn refuse_overwrites(&self, before: &Value) -> Result<(), Failure> {
        let taken = |(key, text): &&(String, String)| before.get(key).as_str().is_some_and(|now| now != text);
        let taken: Vec<&(String, String)> = self.set.iter().filter(taken).collect();
        if taken.is_empty() {
            return Ok(());
        }
        if self.is_label() {
            let each = taken.iter().map(|(key, _)| {
                let now = before.get(key).as_str().unwrap_or("");
                Failure::text(format!("'{key}' already has a value ({now}), and --overwrite is false"))
            });
            return Failure::all(each.collect());
        }
        let found: Vec<String> = taken
            .iter()
            .map(|(key, _)| format!("'{key}' already has a value ({})", before.get(key).as_str().unwrap_or("")))
            .collect();
        let text = "--overwrite is false but found the following declared annotation(s)";
        Err(Failure::text(format!("{text}: {}", found.join("; "))))
    }

    fn changed(&self, before: &Value) -> Value {
        let mut after = before.as_map().cloned().unwrap_or_default();
        for (key, text) in &self.set {
            after.insert(key.as_str(), text.as_str());
        }
        for key in &self.remove {
            after.remove(key);
        }
        Value::Map(after)
    }

    fn operation(&self, before: &Value, after: &Value, overwrite: bool) -> &'static str {
        let size = |value: &Value| if value.is_empty() { 0 } else { value.to_json().len() };
        match self.is_label() {
            false => "annotated",
            true if before == after || size(before) == 0 && size(after) == 0 => "not labeled",
            true if !overwrite && size(after) < size(before) => "unlabeled",
            true => "labeled",
        }
    }

    fn list(&self, session: &Session<'_>, target: &Target, pairs: &Value, single: bool) -> Result<(), Failure> {
        let indent = if single { "" } else { " " };
        if !single {
            let resource = &target.resource;
            session.say(format!("Listing {} for {}.{}/{}:", self.field, resource.kind, resource.group, target.name));
        }
        for (key, text) in pairs.as_map().into_iter().flat_map(Map::iter) {
            session.say(format!("{indent}{key}={}", text.as_str().unwrap_or("")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn what_was_done_is_named() {
        let pairs = |word, field, set: &[(&str, &str)], remove: &[&str]| Pairs {
            word,
            field,
            set: set.iter().map(|(key, text)| (key.to_string(), text.to_string())).collect(),
            remove: remove.iter().map(ToString::to_string).collect(),
        };
        let before = value!({"a": "1"});
        for (set, remove, expect) in [
            (vec![("b", "2")], vec![], "labeled"),
            (vec![], vec!["a"], "unlabeled"),
            (vec![("a", "1")], vec![], "not labeled"),
        ] {
            let pairs = pairs("label", "labels", &set, &remove);
            assert_eq!(pairs.operation(&before, &pairs.changed(&before), false), expect);
        }
        assert!(pairs("label", "labels", &[("a", "2")], &[]).refuse_overwrites(&before).is_err());
    }
}
