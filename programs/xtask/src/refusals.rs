//! Records what upstream says of changes that it refuses: `refused.in.json` names a sample beside it, merge patches of
//! it that are created, and merge patches that the sample is updated with. All as dry run.

use crate::record::{Place, samples, source_folder, text};
use crate::tables::kinds;
use crate::upstream::{Answer, Upstream};
use crate::{Failure, failure};
use serde_json::{Value, json};
use std::path::Path;

pub fn run(_arguments: &[String]) -> Result<(), Failure> {
    let upstream = Upstream::connect()?;
    let groups = kinds::read(&upstream)?;
    for path in samples(&source_folder(), "refused.in.json")? {
        let what = path.display().to_string();
        let asked = read(&path)?;
        let sample = read(&path.with_file_name(format!("{}.in.json", text(&asked["sample"]))))?;
        let place = Place::of(&groups, &sample).ok_or_else(|| Failure::Unexpected(format!("{what}: no such kind")))?;
        let out = json!({
            "changes": changes(&upstream, &place, &sample, &asked)?,
            "updates": updates(&upstream, &place, &sample, &asked)?,
        });
        let pretty = serde_json::to_string_pretty(&out).map_err(Failure::json(&what))?;
        failure::write(&path.with_file_name("refused.out.json"), &format!("{pretty}\n"))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&failure::read(path)?).map_err(Failure::json(path.display()))
}

fn patches<'a>(asked: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    asked[list].as_array().into_iter().flatten()
}

fn changes(upstream: &Upstream, place: &Place, sample: &Value, asked: &Value) -> Result<Vec<Value>, Failure> {
    let address = format!("{}?dryRun=All", place.collection);
    let create = |patch: &Value| {
        let changed = merged(sample.clone(), patch);
        upstream.ask("POST", &address, "application/json", Some(&changed)).map(|answer| causes(&answer))
    };
    patches(asked, "changes").map(create).collect()
}

fn updates(upstream: &Upstream, place: &Place, sample: &Value, asked: &Value) -> Result<Vec<Value>, Failure> {
    if patches(asked, "updates").next().is_none() {
        return Ok(Vec::new());
    }
    let address = place.address(sample);
    place.delete(upstream, sample)?;
    let Answer { code, body, .. } = upstream.ask("POST", &place.collection, "application/json", Some(sample))?;
    if code != 201 {
        return Err(Failure::Unexpected(format!("POST {}: {code}: {body}", place.collection)));
    }
    let update = |patch: &Value| {
        let changed = merged(body.clone(), patch);
        upstream
            .ask("PUT", &format!("{address}?dryRun=All"), "application/json", Some(&changed))
            .map(|answer| causes(&answer))
    };
    let answers = patches(asked, "updates").map(update).collect();
    place.delete(upstream, sample)?;
    answers
}

/// The causes in order; none for what was accepted.
fn causes(answer: &Answer) -> Value {
    let mut causes = answer.body["details"]["causes"].as_array().cloned().unwrap_or_default();
    if answer.code >= 400 && causes.is_empty() {
        causes.push(json!({"reason": answer.body["reason"], "message": answer.body["message"]}));
    }
    causes.sort_by_key(Value::to_string);
    causes.dedup();
    Value::Array(causes)
}

/// JSON merge patch.
fn merged(mut target: Value, patch: &Value) -> Value {
    let Some(fields) = patch.as_object() else { return patch.clone() };
    if !target.is_object() {
        target = json!({});
    }
    for (name, value) in fields {
        if value.is_null() {
            target.as_object_mut().map(|object| object.remove(name));
        } else {
            let before = target[name].take();
            target[name] = merged(before, value);
        }
    }
    target
}
