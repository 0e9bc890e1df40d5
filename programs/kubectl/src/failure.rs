//! Why a command failed, and how upstream words it for the person who typed it.

use meta::Status;
use std::fmt;

#[derive(Debug)]
pub enum Failure {
    /// All was said already.
    Exit(u8),
    /// Said after `error: `.
    Text(String),
    /// Said as it stands.
    Plain(String),
    /// A remote command's own exit code.
    Code(u8, String),
    /// The server's answer, and what stands before its message.
    Status(Box<Status>),
    /// Nobody listens at this host and port.
    Refused(String),
    Unreachable(String),
    Several(Vec<Failure>),
}

impl Failure {
    pub fn text(text: impl Into<String>) -> Failure {
        Failure::Text(text.into())
    }

    pub fn usage(path: &str, text: impl fmt::Display) -> Failure {
        Failure::Text(format!("{text}\nSee '{path} -h' for help and examples"))
    }

    /// One failure of many; none of them is no failure.
    pub fn all(mut failures: Vec<Failure>) -> Result<(), Failure> {
        match failures.len() {
            0 => Ok(()),
            1 => Err(failures.remove(0)),
            _ => Err(Failure::Several(failures)),
        }
    }

    pub fn is_not_found(&self) -> bool {
        self.has_reason("NotFound")
    }

    pub fn has_reason(&self, reason: &str) -> bool {
        matches!(self, Failure::Status(status) if status.reason == reason)
    }

    /// What happened when something from a file was worked on.
    pub fn while_doing(self, verb: &str, source: &str) -> Failure {
        if source.is_empty() {
            return self;
        }
        let text = format!("error when {verb} {}: {self}", meta::quote(source));
        match self {
            Failure::Status(mut status) => {
                status.message = text;
                Failure::Status(status)
            }
            _ => Failure::Text(text),
        }
    }

    /// What to print and the exit code.
    pub fn report(&self) -> (String, u8) {
        match self {
            Failure::Exit(code) => (String::new(), *code),
            Failure::Code(code, text) => (text.clone(), *code),
            Failure::Status(status) if status.reason == "Invalid" => (invalid(status), 1),
            Failure::Text(text) if text.starts_with("error: ") => (text.clone(), 1),
            Failure::Text(text) => (format!("error: {text}"), 1),
            Failure::Several(failures) => {
                let lines = failures.iter().map(|failure| format!("{}\n", failure.standard()));
                (lines.collect(), 1)
            }
            _ => (self.standard(), 1),
        }
    }

    /// As one line among several, without `error: `.
    fn standard(&self) -> String {
        match self {
            Failure::Status(status) => match status.reason.as_str() {
                "Unauthorized" => format!("error: You must be logged in to the server ({})", status.message),
                "" => format!("Error from server: {}", status.message),
                reason => format!("Error from server ({reason}): {}", status.message),
            },
            Failure::Refused(host) => {
                format!("The connection to the server {host} was refused - did you specify the right host or port?")
            }
            Failure::Unreachable(why) => format!("Unable to connect to the server: {why}"),
            _ => self.to_string(),
        }
    }
}

/// The words for an object that the server found invalid: each cause once, on a line of its own.
fn invalid(status: &Status) -> String {
    let Some(details) = &status.details else {
        let more = if status.message.is_empty() { String::new() } else { format!(": {}", status.message) };
        return format!("The request is invalid{more}");
    };
    let mut text = String::from("The request is invalid");
    if !details.kind.is_empty() || !details.name.is_empty() {
        text = format!("The {} {} is invalid", details.kind, meta::quote(&details.name));
    } else if !status.message.is_empty() && details.causes.is_empty() {
        text = format!("{text}: {}", status.message);
    }
    let mut causes: Vec<String> = Vec::new();
    for cause in &details.causes {
        let line = format!("{}: {}", cause.field, cause.message);
        if !causes.contains(&line) {
            causes.push(line);
        }
    }
    match causes.as_slice() {
        [] => text,
        [one] => format!("{text}: {one}\n"),
        many => format!("{text}: \n{}", many.iter().map(|cause| format!("* {cause}\n")).collect::<String>()),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Exit(_) => f.write_str("exit"),
            Failure::Text(text) | Failure::Plain(text) | Failure::Code(_, text) => f.write_str(text),
            Failure::Status(status) => f.write_str(&status.message),
            Failure::Refused(_) | Failure::Unreachable(_) => f.write_str(&self.standard()),
            Failure::Several(failures) => {
                let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", texts.join(", "))
            }
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        Failure::Status(Box::new(status))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Text(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::{Cause, Details};

    fn status(reason: &str, kind: &str, causes: &[(&str, &str)]) -> Failure {
        let causes = causes.iter().map(|(field, message)| Cause {
            field: (*field).into(),
            message: (*message).into(),
            ..Cause::default()
        });
        let details = Details { kind: kind.into(), name: "a".into(), causes: causes.collect(), ..Details::default() };
        Status { reason: reason.into(), message: "why".into(), details: Some(Box::new(details)), ..Status::default() }
            .into()
    }

    #[test]
    fn failures_read_as_upstream_words_them() {
        let several = Failure::Several(vec![Failure::text("one"), status("NotFound", "pods", &[])]);
        let cases = [
            (Failure::text("no"), "error: no"),
            (status("NotFound", "pods", &[]), "Error from server (NotFound): why"),
            (status("", "pods", &[]), "Error from server: why"),
            (several, "one\nError from server (NotFound): why\n"),
            (status("Invalid", "Pod", &[("spec", "no")]), "The Pod \"a\" is invalid: spec: no\n"),
            (
                status("Invalid", "Pod", &[("a", "x"), ("b", "y"), ("a", "x")]),
                "The Pod \"a\" is invalid: \n* a: x\n* b: y\n",
            ),
            (
                status("Conflict", "", &[]).while_doing("applying", "f"),
                "Error from server (Conflict): error when applying \"f\": why",
            ),
        ];
        for (failure, text) in cases {
            assert_eq!(failure.report(), (text.to_string(), 1));
        }
    }
}
