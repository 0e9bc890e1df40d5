//! Records upstream's answers to every kind's testdata: `NAME.in.json` is created on a real server, what it answers
//! becomes `NAME.out.json`. `$ETCD` (http address) additionally proves where and how upstream stores each object.

use crate::tables::kinds::{self, Group};
use crate::upstream::{Answer, TABLE, Upstream};
use crate::{Failure, etcd, failure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What differs from one recording to the next stands in for itself.
const UID: &str = "00000000-0000-0000-0000-000000000000";
const NOW: &str = "2026-01-01T00:00:00Z";

pub fn run(_arguments: &[String]) -> Result<(), Failure> {
    let upstream = Upstream::connect()?;
    let groups = kinds::read(&upstream)?;
    let mut samples = samples(&source_folder(), ".in.json")?;
    samples.retain(|path| !path.ends_with("refused.in.json"));
    // Pods need their account; everything else stands alone.
    samples.sort_by_key(|path| (!path.to_string_lossy().contains("/serviceaccount/"), path.clone()));
    let mut accounts = Vec::new();
    for path in &samples {
        let address = record(&upstream, &groups, path)?;
        match address.contains("/serviceaccounts/") {
            true => accounts.push(address),
            false => delete(&upstream, &address)?,
        }
    }
    accounts.iter().try_for_each(|address| delete(&upstream, address))
}

pub fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vocabulary/kinds/src")
}

pub fn samples(folder: &Path, end: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Failure::io(folder.display()))? {
        let path = entry.map_err(Failure::io(folder.display()))?.path();
        match path.is_dir() {
            true => found.extend(samples(&path, end)?),
            false if path.to_string_lossy().ends_with(end) => found.push(path),
            false => {}
        }
    }
    Ok(found)
}

/// Creates the sample and writes what was answered; the object's address.
fn record(upstream: &Upstream, groups: &[Group], path: &Path) -> Result<String, Failure> {
    let what = path.display().to_string();
    let sample: Value = serde_json::from_str(&failure::read(path)?).map_err(Failure::json(&what))?;
    let place = Place::of(groups, &sample).ok_or_else(|| Failure::Unexpected(format!("{what}: no such kind")))?;
    let address = place.address(&sample);
    place.delete(upstream, &sample)?;
    let Answer { code, body, .. } = upstream.ask("POST", &place.collection, "application/json", Some(&sample))?;
    if code != 201 {
        return Err(Failure::Unexpected(format!("{what}: {code}: {body}")));
    }
    let table = upstream.get_as(&address, TABLE)?;
    let stored = etcd::stored(&place.prefix, &sample["metadata"])?;
    let mut out = json!({"object": body, "cells": table["rows"][0]["cells"]});
    if let Some(stored) = stored {
        out["stored"] = stored.into();
    }
    let out = steady(out)?;
    let file = what.replace(".in.json", ".out.json");
    let text = serde_json::to_string_pretty(&out).map_err(Failure::json(&file))?;
    failure::write(Path::new(&file), &format!("{text}\n"))?;
    Ok(address)
}

/// Where objects of a sample's kind are.
pub struct Place {
    pub collection: String,
    /// In the store.
    pub prefix: String,
}

impl Place {
    pub fn of(groups: &[Group], sample: &Value) -> Option<Place> {
        let api_version = text(&sample["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let group = groups.iter().find(|known| known.name == group)?;
        let mut resources = group.resources().into_iter();
        let (plural, resource) = resources.find(|(_, resource)| resource["kind"] == sample["kind"])?;
        let namespace = match resource["namespaced"] == true {
            true => format!("namespaces/{}/", text(&sample["metadata"]["namespace"])),
            false => String::new(),
        };
        let collection = format!("{}/{namespace}{plural}", group.address(version));
        Some(Place { collection, prefix: kinds::storage_prefix(&group.name, plural) })
    }

    pub fn address(&self, sample: &Value) -> String {
        format!("{}/{}", self.collection, text(&sample["metadata"]["name"]))
    }

    pub fn delete(&self, upstream: &Upstream, sample: &Value) -> Result<(), Failure> {
        delete(upstream, &self.address(sample))
    }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Deletes until it is gone: a controller may be at work on the object at the same time.
pub fn delete(upstream: &Upstream, address: &str) -> Result<(), Failure> {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let answer = upstream.ask("DELETE", &format!("{address}?gracePeriodSeconds=0"), "application/json", None)?;
        match answer.code {
            404 => return Ok(()),
            200 | 202 | 409 => release(upstream, address, answer.body)?,
            code => return Err(Failure::Unexpected(format!("DELETE {address}: {code}: {}", answer.body))),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    Err(Failure::Unexpected(format!("{address} does not go away")))
}

/// No controller is there to take finalizers away.
fn release(upstream: &Upstream, address: &str, mut object: Value) -> Result<(), Failure> {
    let is_namespace = object["kind"] == "Namespace";
    if object["metadata"]["finalizers"].is_null() && !is_namespace {
        return Ok(());
    }
    let field = if is_namespace { "spec" } else { "metadata" };
    object[field].as_object_mut().map(|fields| fields.remove("finalizers"));
    let end = if is_namespace { "/finalize" } else { "" };
    let Answer { code, body, .. } =
        upstream.ask("PUT", &format!("{address}{end}"), "application/json", Some(&object))?;
    match code {
        200 | 404 | 409 => Ok(()),
        _ => Err(Failure::Unexpected(format!("PUT {address}{end}: {code}: {body}"))),
    }
}

/// The answer without what changes each time.
fn steady(mut out: Value) -> Result<Value, Failure> {
    let uid = text(&out["object"]["metadata"]["uid"]).to_string();
    let moment = text(&out["object"]["metadata"]["creationTimestamp"]).to_string();
    if let Some(metadata) = out["object"]["metadata"].as_object_mut() {
        ["managedFields", "resourceVersion"].iter().for_each(|field| _ = metadata.remove(*field));
    }
    let steady = out.to_string().replace(&uid, UID).replace(&moment, NOW);
    serde_json::from_str(&steady).map_err(Failure::json("the recorded answer"))
}
