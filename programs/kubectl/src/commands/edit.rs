//! `kubectl edit`: objects in an editor; what was changed there is sent.

use crate::change::{field_manager, field_validation};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, FILES, Flag, Kind, PRINT, SAVE_CONFIG, SUBRESOURCE, VALIDATE};
use crate::go;
use crate::last_applied;
use crate::print::{Format, Printer, kind_word, yaml};
use crate::session::Session;
use crate::strategic;
use crate::targets::{Query, Target};
use crate::wire::Request;
use meta::{Value, quote, value};
use std::path::PathBuf;

const FLAGS: &[Flag] = &[
    Flag::of(Kind::Text, "field-manager", "kubectl-edit"),
    flags::switch("output-patch"),
    flags::switch("windows-line-endings"),
];
const HEADER: &str = "# Change the object below and leave the editor. Lines that begin with '#' do not count, and an
# empty file ends the edit. What the server refuses is opened again.
#
";
const UNCHANGEABLE: [&str; 3] = ["apiVersion", "kind", "metadata.name"];

pub const COMMAND: Command = Command::new("edit", "Change objects in an editor", "(-f FILE | TYPE NAME)")
    .flags(&[FLAGS, FILES, PRINT, VALIDATE, SAVE_CONFIG, SUBRESOURCE])
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let as_json = match flags.text("output") {
        "" | "yaml" => false,
        "json" => true,
        other => {
            let allowed = "json,kyaml,yaml";
            let text = "unable to match a printer suitable for the output format";
            return Err(Failure::text(format!("{text} {}, allowed formats are: {allowed}", quote(other))));
        }
    };
    if flags.has("output-patch") && !flags.text("output").is_empty() {
        return Err(Failure::text("output format must be empty when --output-patch is used"));
    }
    let targets = Query { latest: true, allow_empty_selector: true, ..Query::of(session) }.all(session)?;
    if targets.is_empty() {
        return Err(Failure::text("edit cancelled, no objects found"));
    }
    Edit { session, targets, as_json }.until_done()
}

struct Edit<'s, 'c> {
    session: &'s Session<'c>,
    targets: Vec<Target>,
    as_json: bool,
}

/// What became of the edited objects.
#[derive(Default)]
struct Outcome {
    /// Why the editor opens again.
    reasons: Vec<String>,
    lost: bool,
    again_later: bool,
}

impl Edit<'_, '_> {
    fn until_done(&self) -> Result<(), Failure> {
        let original = self.written();
        let (mut shown, mut reasons) = (original.clone(), Vec::new());
        loop {
            let file = TempFile::write(&format!("{}{shown}", header(&reasons)), self.as_json)?;
            launch(&file)?;
            let edited = std::fs::read_to_string(&file.path)?;
            let content = without_comments(&edited);
            if !reasons.is_empty() && content == without_comments(&shown) {
                return Err(file.kept(self.session, "Edit cancelled, no valid changes were saved."));
            }
            if content == without_comments(&original) {
                self.session.warn("Edit cancelled, no changes made.");
                return Ok(());
            }
            if content.trim().is_empty() {
                self.session.warn("Edit cancelled, saved file was empty.");
                return Ok(());
            }
            let outcome = match parsed(&content) {
                Err(why) => Outcome {
                    reasons: vec![format!("The edited file had a syntax error: {why}")],
                    ..Outcome::default()
                },
                Ok(objects) => self.send(&objects).map_err(|failure| file.kept(self.session, &failure.to_string()))?,
            };
            if outcome.again_later || outcome.lost {
                let path = file.keep();
                self.session.warn(match outcome.again_later {
                    true => format!("You can run `kubectl replace -f {path}` to try this update again."),
                    false => format!("The edits you made on deleted resources have been saved to {}", quote(&path)),
                });
                return Err(Failure::Exit(1));
            }
            if outcome.reasons.is_empty() {
                return Ok(());
            }
            (shown, reasons) = (content, outcome.reasons);
        }
    }

    fn written(&self) -> String {
        let bare = |target: &Target| {
            let mut object = target.object.clone();
            object.remove("metadata.managedFields");
            object
        };
        let object = match self.targets.as_slice() {
            [one] => bare(one),
            many => {
                let items = Value::List(many.iter().map(bare).collect());
                value!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items})
            }
        };
        if self.as_json { format!("{}\n", go::json_indented(&object, "    ")) } else { yaml::write(&object) }
    }

    fn send(&self, objects: &[Value]) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        for object in objects {
            let uid = object.str("metadata.uid");
            let target = self.targets.iter().find(|target| target.object.str("metadata.uid") == uid);
            let target =
                target.ok_or_else(|| Failure::text(format!("no original object found for {}", go::sprint(object))))?;
            self.send_one(target, object.clone(), &mut outcome)?;
        }
        Ok(outcome)
    }

    fn send_one(&self, target: &Target, mut edited: Value, outcome: &mut Outcome) -> Result<(), Failure> {
        let mut before = target.object.clone();
        before.remove("metadata.managedFields");
        edited.remove("metadata.managedFields");
        if self.session.flags.has("save-config") {
            last_applied::write(&mut edited);
        }
        if edited == before {
            return self.tell(&edited, "skipped");
        }
        if UNCHANGEABLE.iter().any(|field| edited.at(field) != before.at(field)) {
            return Err(Failure::text("At least one of apiVersion, kind and name was changed"));
        }
        let (content_type, patch) = strategic::between(&target.resource, &before, &edited)?;
        if self.session.flags.has("output-patch") {
            self.session.say(format!("Patch: {}", go::json(&patch)));
        }
        let path = match self.session.flags.text("subresource") {
            "" => target.path(),
            sub => format!("{}/{sub}", target.path()),
        };
        let request = Request::patch(path, content_type, patch.to_json())
            .with("fieldManager", field_manager(self.session, "kubectl-edit"))
            .with("fieldValidation", field_validation(self.session)?);
        match self.session.door()?.call(request) {
            Ok(object) => self.tell(&object, "edited"),
            Err(failure) => {
                self.refused(target, &failure, outcome);
                Ok(())
            }
        }
    }

    fn refused(&self, target: &Target, failure: &Failure, outcome: &mut Outcome) {
        let what = format!("{} {}", target.resource.qualified(), quote(&target.name));
        if failure.has_reason("Invalid") {
            outcome.reasons.push(format!("{what} was not valid: {}", failure.report().0));
            self.session.warn(format!("error: {what} is invalid"));
        } else if failure.is_not_found() {
            outcome.lost = true;
            self.session.warn(format!("error: {what} could not be found on the server"));
        } else {
            outcome.again_later = true;
            self.session.warn(format!("error: {what} could not be patched: {failure}"));
        }
    }

    fn tell(&self, object: &Value, operation: &str) -> Result<(), Failure> {
        match self.session.flags.text("output") {
            "" => self.session.say(format!("{}/{} {operation}", kind_word(object), object.str("metadata.name"))),
            _ => {
                let printer = Printer::new(Format::of_change(&self.session.flags)?, &self.session.flags);
                self.session.console.print(&printer.render(object)?);
            }
        }
        Ok(())
    }
}

fn header(reasons: &[String]) -> String {
    let lines = reasons.iter().flat_map(|reason| reason.trim_end().lines());
    HEADER.to_string() + &lines.map(|line| format!("# {line}\n")).collect::<String>()
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// One object, or the items of a list.
fn parsed(text: &str) -> Result<Vec<Value>, String> {
    let object = schema::yaml::parse(text.as_bytes()).map_err(|why| why.to_string())?.value;
    match object.get("items") {
        Value::List(items) if object.str("kind") == "List" => Ok(items.clone()),
        _ if object.str("kind").is_empty() => Err("Object 'Kind' is missing".into()),
        _ => Ok(vec![object]),
    }
}

/// The person's editor; one with quotes is a command line for a shell.
fn launch(file: &TempFile) -> Result<(), Failure> {
    let given = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let editor = given("KUBE_EDITOR").or_else(|| given("EDITOR")).unwrap_or_else(|| "vi".into());
    let mut words = editor.split(' ');
    let mut command = match editor.contains(['"', '\'', '\\']) {
        true => {
            let mut shell = std::process::Command::new(given("SHELL").unwrap_or_else(|| "/bin/bash".into()));
            shell.arg("-c").arg(format!("{editor} \"$0\""));
            shell
        }
        false => {
            let mut command = std::process::Command::new(words.next().unwrap_or_default());
            command.args(words);
            command
        }
    };
    match command.arg(&file.path).status()?.success() {
        true => Ok(()),
        false => Err(Failure::text(format!("there was a problem with the editor {}", quote(&editor)))),
    }
}

/// A file for as long as the editor needs it, unless it is kept.
struct TempFile {
    path: PathBuf,
    dropped: std::cell::Cell<bool>,
}

impl TempFile {
    fn write(text: &str, as_json: bool) -> Result<TempFile, Failure> {
        let extension = if as_json { "json" } else { "yaml" };
        let mut number = std::process::id();
        loop {
            let path = std::env::temp_dir().join(format!("kubectl-edit-{number}.{extension}"));
            match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    std::io::Write::write_all(&mut file, text.as_bytes())?;
                    return Ok(TempFile { path, dropped: true.into() });
                }
                Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => number = number.wrapping_add(100_000),
                Err(why) => return Err(why.into()),
            }
        }
    }

    fn keep(&self) -> String {
        self.dropped.set(false);
        self.path.display().to_string()
    }

    fn kept(&self, session: &Session<'_>, why: &str) -> Failure {
        session.warn(format!("A copy of your changes has been stored to {}", quote(&self.keep())));
        Failure::text(why)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.dropped.get() {
            return;
        }
        if let Err(why) = std::fs::remove_file(&self.path) {
            eprintln!("{} is left behind: {why}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_not_count() {
        assert_eq!(without_comments("# x\na: 1\n  # y\nb: \"#\"\n"), "a: 1\nb: \"#\"\n");
        assert_eq!(header(&["one\ntwo\n".to_string()]), format!("{HEADER}# one\n# two\n"));
    }

    #[test]
    fn files_hold_objects_or_lists() {
        assert_eq!(parsed("kind: A\n").map(|objects| objects.len()), Ok(1));
        assert_eq!(parsed("kind: List\nitems: [{kind: A}, {kind: B}]\n").map(|objects| objects.len()), Ok(2));
        assert!(parsed("a: 1\n").is_err());
        assert!(parsed("a: [").is_err());
    }
}
