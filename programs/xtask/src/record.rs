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
    let mut samples = samples(&source_folder())?;
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

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vocabulary/kinds/src")
}

fn samples(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Failure::io(folder.display()))? {
        let path = entry.map_err(Failure::io(folder.display()))?.path();
        match path.is_dir() {
            true => found.extend(samples(&path)?),
            false if path.to_string_lossy().ends_with(".in.json") => found.push(path),
            false => {}
        }
    }
    Ok(found)
}

/// Creates the sample and writes what was answered; the object's address.
fn record(upstream: &Upstream, groups: &[Group], path: &Path) -> Result<String, Failure> {
    let what = path.display().to_string();
    let sample: Value = serde_json::from_str(&failure::read(path)?).map_err(Failure::json(&what))?;
    let (collection, prefix) =
        place(groups, &sample).ok_or_else(|| Failure::Unexpected(format!("{what}: no such kind")))?;
    let address = format!("{collection}/{}", text(&sample["metadata"]["name"]));
    delete(upstream, &address)?;
    let Answer { code, body } = upstream.ask("POST", &collection, "application/json", Some(&sample))?;
    if code != 201 {
        return Err(Failure::Unexpected(format!("{what}: {code}: {body}")));
    }
    let table = upstream.get_as(&address, TABLE)?;
    let stored = etcd::stored(&prefix, &sample["metadata"])?;
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

/// The collection's address and the prefix in the store.
fn place(groups: &[Group], sample: &Value) -> Option<(String, String)> {
    let api_version = text(&sample["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let group = groups.iter().find(|known| known.name == group)?;
    let (plural, resource) = group.resources().into_iter().find(|(_, resource)| resource["kind"] == sample["kind"])?;
    let namespace = match resource["namespaced"] == true {
        true => format!("namespaces/{}/", text(&sample["metadata"]["namespace"])),
        false => String::new(),
    };
    let prefix = kinds::storage_prefix(&group.name, plural);
    Some((format!("{}/{namespace}{plural}", group.address(version)), prefix))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn delete(upstream: &Upstream, address: &str) -> Result<(), Failure> {
    let Answer { code, body } =
        upstream.ask("DELETE", &format!("{address}?gracePeriodSeconds=0"), "application/json", None)?;
    let held = !body["metadata"]["finalizers"].is_null() || body["kind"] == "Namespace";
    if held {
        return release(upstream, address, body);
    }
    match code {
        200 | 202 | 404 => Ok(()),
        _ => Err(Failure::Unexpected(format!("DELETE {address}: {code}: {body}"))),
    }
}

/// No controller is there to take finalizers away.
fn release(upstream: &Upstream, address: &str, mut object: Value) -> Result<(), Failure> {
    let is_namespace = object["kind"] == "Namespace";
    let field = if is_namespace { "spec" } else { "metadata" };
    object[field].as_object_mut().map(|fields| fields.remove("finalizers"));
    let end = if is_namespace { "/finalize" } else { "" };
    let Answer { code, body } = upstream.ask("PUT", &format!("{address}{end}"), "application/json", Some(&object))?;
    match code {
        200 => Ok(()),
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
