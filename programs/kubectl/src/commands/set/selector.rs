//! `kubectl set selector`.

use super::{edit_all, find, with};
use crate::command::Command;
use crate::failure::Failure;
use crate::flags::{Flag, text};
use crate::session::Session;
use meta::{Map, Value};

const FLAGS: &[Flag] = &[text("resource-version")];

pub const COMMAND: Command = Command::new("selector", "Set what a service selects", "(-f FILE | TYPE NAME) SELECTOR")
    .flags(&with(FLAGS))
    .run(run);

fn run(session: &Session<'_>) -> Result<(), Failure> {
    let Some((words, resources)) = session.arguments().split_last() else {
        return Err(Failure::text("one selector is required"));
    };
    let selector = selector(words)?;
    let version = session.flags.text("resource-version");
    let targets = find(session, resources.to_vec())?;
    edit_all(session, &targets, "", &mut |target, object| {
        if !target.resource.is("", "Service") {
            return Err(Failure::text("setting a selector is only supported for Services"));
        }
        object.set("spec.selector", Value::Map(selector.clone()));
        if !version.is_empty() {
            object.set("metadata.resourceVersion", version);
        }
        Ok(())
    })
}

/// `a=b,c=d`: a service knows nothing else.
fn selector(text: &str) -> Result<Map, Failure> {
    let mut labels = Map::default();
    for word in text.split(',') {
        let (key, value) = word
            .split_once("==")
            .or_else(|| word.split_once('='))
            .filter(|(key, _)| !key.ends_with('!'))
            .ok_or_else(|| Failure::text(format!("match expression {word} not supported on this object")))?;
        labels.insert(key.trim(), value.trim());
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_pairs() {
        let read = selector("a=b, c==d").expect("pairs");
        assert_eq!(Value::Map(read), meta::value!({"a": "b", "c": "d"}));
        for broken in ["a", "a!=b", "!a"] {
            assert!(selector(broken).is_err(), "{broken}");
        }
    }
}
