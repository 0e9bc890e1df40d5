//! One etcd under k1s and upstream's kube-apiserver at once: what either writes, of every kind, the other reads equal;
//! etcdctl sees it under upstream's keys.

use super::beside::Beside;
use super::{Succeeds, upstream};
use crate::failure::{self, Failure};
use crate::record::{self, Place};
use crate::tables::kinds::{self, Group};
use crate::upstream::{JSON, Upstream};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

pub fn interchange(both: &Beside) -> Result<(), Failure> {
    let groups = kinds::read(&both.theirs)?;
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sample"}});
    both.theirs.ask("POST", "/api/v1/namespaces/default/serviceaccounts", JSON, Some(&account))?;
    let mut problems = Vec::new();
    let mut samples = record::samples(&record::source_folder(), ".in.json")?;
    samples.retain(|path| !path.ends_with("refused.in.json"));
    // Pods need an account of this name.
    samples.sort_by_key(|path| (path.to_string_lossy().contains("/serviceaccount/"), path.clone()));
    for path in &samples {
        problems.extend(exchanged(&groups, path, &both.ours, &both.theirs)?.map(|what| format!("k1s wrote {what}")));
        problems
            .extend(exchanged(&groups, path, &both.theirs, &both.ours)?.map(|what| format!("upstream wrote {what}")));
    }
    let mut etcdctl = Command::new(upstream("etcdctl")?);
    etcdctl.args(["--endpoints", &both.etcd, "get", "/registry/namespaces/default", "--keys-only"]).succeeds()?;
    problems.iter().for_each(|problem| println!("{problem}"));
    println!("{} passed, {} failed", 2 * samples.len() - problems.len(), problems.len());
    if problems.is_empty() { Ok(()) } else { Err(Failure::Unexpected("one etcd is read in two ways".into())) }
}

/// One state of an object as each shows it: upstream's controllers change some kinds soon after they are made.
fn at_rest(address: &str, writer: &Upstream, reader: &Upstream) -> Result<(Value, Value), Failure> {
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    loop {
        let (written, read) = (writer.get(address)?, reader.get(address)?);
        if version(&written) == version(&read) {
            return Ok((written, read));
        }
    }
}

/// What the reader sees otherwise than the writer, after the writer created the sample.
fn exchanged(groups: &[Group], path: &Path, writer: &Upstream, reader: &Upstream) -> Result<Option<String>, Failure> {
    let what = path.display().to_string();
    let sample: Value = serde_json::from_str(&failure::read(path)?).map_err(Failure::json(&what))?;
    let place = Place::of(groups, &sample).ok_or_else(|| Failure::Unexpected(format!("{what}: no such kind")))?;
    let address = place.address(&sample);
    place.delete(writer, &sample)?;
    let made = writer.ask("POST", &place.collection, JSON, Some(&sample))?;
    if made.code != 201 {
        return Ok(Some(format!("nothing of {what}: {}", made.body)));
    }
    let (written, read) = at_rest(&address, writer, reader)?;
    record::delete(writer, &address)?;
    Ok((written != read).then(|| format!("{what}\n  {written}\n  {read}")))
}
