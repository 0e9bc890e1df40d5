//! `kubectl logs`.

use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind, POD_RUNNING_TIMEOUT, SELECTOR};
use crate::pods;
use crate::session::Session;
use crate::wire::{Next, Request};
use meta::Value;
use std::time::Duration;

const FLAGS: &[Flag] = &[
    flags::switch("follow").short('f'),
    flags::switch("previous").short('p'),
    flags::switch("timestamps"),
    Flag::of(Kind::Int64, "limit-bytes", "0"),
    Flag::of(Kind::Int64, "tail", "-1"),
    flags::text("since-time"),
    flags::duration("since", "0s"),
    flags::text("container").short('c'),
    flags::switch("all-containers"),
    flags::switch("all-pods"),
    flags::switch("prefix"),
    flags::switch("ignore-errors"),
    flags::switch("insecure-skip-tls-verify-backend"),
    flags::number("max-log-requests", "5"),
];
const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";
/// Of pods found by a selector only so many lines are shown.
const SELECTED_TAIL: i64 = 10;
/// How long one of several streams may be silent before the next is looked at.
const TURN: Duration = Duration::from_millis(50);

pub const COMMAND: Command = Command::new("logs", "Show what containers wrote", "(POD | TYPE/NAME) [-c CONTAINER]")
    .flags(&[FLAGS, SELECTOR, POD_RUNNING_TIMEOUT])
    .run(run);

/// One container of one pod.
struct Source {
    namespace: String,
    pod: String,
    container: String,
}

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let pods = pods(session)?;
    check(session)?;
    let mut sources = Vec::new();
    for pod in &pods {
        sources.extend(sources_of(session, pod)?);
    }
    let (follow, most) = (session.flags.has("follow"), session.flags.number("max-log-requests"));
    if follow && sources.len() > 1 {
        let count = sources.len();
        if count as i64 > most {
            return Err(Failure::text(format!(
                "you are attempting to follow {count} log streams, but maximum allowed concurrency is {most}, use \
                 --max-log-requests to increase the limit"
            )));
        }
        return together(session, &sources);
    }
    for source in &sources {
        match copy(session, source) {
            Err(failure) if session.flags.has("ignore-errors") => session.say(format!("error: {failure}")),
            outcome => outcome?,
        }
    }
    Ok(())
}

fn pods(session: &Session<'_>) -> Result<Vec<Value>, Failure> {
    let (arguments, selector) = (session.arguments(), session.flags.text("selector"));
    match (arguments, selector) {
        ([], "") | ([_, _, _, ..], _) => Err(session.usage(USAGE)),
        ([], selector) => {
            let namespace = session.namespace()?;
            let pods = pods::matching(session, &namespace, selector)?;
            if pods.is_empty() {
                session.warn(format!("No resources found in {namespace} namespace."));
            }
            Ok(pods)
        }
        (_, selector) if !selector.is_empty() => Err(session.usage("only a selector (-l) or a POD name is allowed")),
        ([name, ..], _) => {
            let namespace = session.namespace()?;
            let pod = pods::named(session, name).map_err(|failure| match failure.is_not_found() {
                true => Failure::text(format!(
                    "error from server (NotFound): {failure} in namespace {}",
                    meta::quote(&namespace)
                )),
                false => failure,
            })?;
            Ok(vec![pod])
        }
    }
}

fn check(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    let container = container(session);
    let refusals = [
        (
            !flags.text("since-time").is_empty() && flags.duration("since") != 0,
            "at most one of `sinceTime` or `sinceSeconds` may be specified".to_string(),
        ),
        (
            flags.has("all-containers") && !container.is_empty(),
            format!("--all-containers=true should not be specified with container name {container}"),
        ),
        (
            session.arguments().len() == 2 && !flags.text("container").is_empty(),
            "only one of -c or an inline [CONTAINER] arg is allowed".into(),
        ),
        (
            flags.changed("limit-bytes") && flags.number("limit-bytes") < 1,
            "--limit-bytes must be greater than 0".into(),
        ),
        (flags.duration("since") < 0, "--since must be greater than 0".into()),
        (flags.number("tail") < -1, "--tail must be greater than or equal to -1".into()),
    ];
    match refusals.into_iter().find(|(refused, _)| *refused) {
        Some((_, why)) => Err(Failure::text(why)),
        None => Ok(()),
    }
}

fn container<'s>(session: &'s Session<'_>) -> &'s str {
    match session.flags.text("container") {
        "" => session.arguments().get(1).map_or("", String::as_str),
        given => given,
    }
}

fn sources_of(session: &Session<'_>, pod: &Value) -> Result<Vec<Source>, Failure> {
    let (namespace, name) = (pod.str("metadata.namespace"), pod.str("metadata.name"));
    let source =
        |container: &str| Source { namespace: namespace.into(), pod: name.into(), container: container.into() };
    if session.flags.has("all-containers") {
        return Ok(pods::container_names(pod).into_iter().map(source).collect());
    }
    let container = match container(session) {
        "" => pods::default_container(session, pod, false)?,
        given => given.to_string(),
    };
    if !pods::container_names(pod).contains(&container.as_str()) {
        return Err(Failure::text(format!("container {container} is not valid for pod {name}")));
    }
    Ok(vec![source(&container)])
}

fn request(session: &Session<'_>, source: &Source) -> Request {
    let flags = &session.flags;
    let switch = |name: &str| if flags.has(name) { "true" } else { "" };
    let selected = !flags.text("selector").is_empty() && !flags.changed("tail") && !flags.has("follow");
    let tail = if selected { SELECTED_TAIL } else { flags.number("tail") };
    let since = flags.duration("since");
    let seconds = (since + 999_999_999) / 1_000_000_000;
    Request::get(format!("/api/v1/namespaces/{}/pods/{}/log", source.namespace, source.pod))
        .with("container", source.container.as_str())
        .with("follow", switch("follow"))
        .with("previous", switch("previous"))
        .with("timestamps", switch("timestamps"))
        .with("insecureSkipTLSVerifyBackend", switch("insecure-skip-tls-verify-backend"))
        .with("tailLines", if tail >= 0 { tail.to_string() } else { String::new() })
        .with("limitBytes", if flags.number("limit-bytes") > 0 { flags.text("limit-bytes") } else { "" })
        .with("sinceSeconds", if since > 0 { seconds.to_string() } else { String::new() })
        .with("sinceTime", flags.text("since-time"))
}

fn prefix(session: &Session<'_>, source: &Source) -> String {
    match session.flags.has("prefix") {
        true => format!("[pod/{}/{}] ", source.pod, source.container),
        false => String::new(),
    }
}

fn copy(session: &Session<'_>, source: &Source) -> Result<(), Failure> {
    let door = session.door()?;
    let prefix = prefix(session, source);
    let mut lines = door.lines(request(session, source))?;
    while let Some(line) = lines.next()? {
        session.console.print(&prefix);
        session.console.write(&line);
        if session.flags.has("follow") {
            session.console.flush();
        }
    }
    Ok(())
}

/// Several streams at once, a line at a time in turn.
fn together(session: &Session<'_>, sources: &[Source]) -> Result<(), Failure> {
    let door = session.door()?;
    let mut streams = Vec::new();
    for source in sources {
        streams.push((prefix(session, source), door.lines(request(session, source))?));
    }
    while !streams.is_empty() {
        let mut ended = Vec::new();
        for (number, (prefix, lines)) in streams.iter_mut().enumerate() {
            loop {
                match lines.next_within(Some(TURN))? {
                    Next::Piece(line) => {
                        session.console.print(prefix);
                        session.console.write(&line);
                    }
                    Next::Late => break,
                    Next::End => {
                        ended.push(number);
                        break;
                    }
                }
            }
            session.console.flush();
        }
        for number in ended.into_iter().rev() {
            streams.remove(number);
        }
    }
    Ok(())
}
