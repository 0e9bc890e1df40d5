//! The rich valid samples of every kind, and the requests that are made of them.

use crate::case::Suite;
use crate::mutation::Mutation;
use crate::wire::{Asked, Connection, JSON};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub struct Sample {
    pub object: Value,
    collection: String,
    /// What works on all requests once it is there has the server for itself.
    pervasive: bool,
    /// A namespace ends when its own finalizers are gone, too.
    finalized: bool,
}

const PERVASIVE: [&str; 4] =
    ["admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "flowcontrol.apiserver.k8s.io"];

/// From where, and every how many: create has all mutations, the others take turns.
type Step = (usize, usize);

impl Sample {
    fn read(path: &Path) -> Sample {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let object: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (version, kind) = (text_of(&object["apiVersion"]), text_of(&object["kind"]));
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let table = kinds::builtin();
        let def = table.iter().find(|def| def.group == group && def.names.kind == kind).expect("the kind is known");
        let base = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let namespace = if def.namespaced() { "/namespaces/default" } else { "" };
        let pervasive =
            PERVASIVE.contains(&group) || ["ResourceQuota", "LimitRange", "Namespace", "ServiceCIDR"].contains(&kind);
        let collection = format!("{base}{namespace}/{}", def.names.plural);
        Sample { collection, pervasive, finalized: kind == "Namespace", object }
    }

    pub fn verbs(&self) -> Vec<(&'static str, Step)> {
        let turns =
            [("create", (0, 1)), ("update", (0, 4)), ("merge", (1, 4)), ("strategic", (2, 4)), ("apply", (3, 4))];
        turns.to_vec()
    }

    fn address(&self) -> String {
        format!("{}/{}", self.collection, text_of(&self.object["metadata"]["name"]))
    }

    pub fn request(&self, verb: &str, mutation: Option<&Mutation>) -> Asked {
        let mut object = self.object.clone();
        mutation.iter().for_each(|mutation| mutation.apply(&mut object));
        let (method, media) = match verb {
            "create" => ("POST", JSON),
            "update" => ("PUT", JSON),
            "merge" => ("PATCH", "application/merge-patch+json"),
            "strategic" => ("PATCH", "application/strategic-merge-patch+json"),
            _ => ("PATCH", "application/apply-patch+yaml"),
        };
        let place = if method == "POST" { self.collection.clone() } else { self.address() };
        let manager = if verb == "apply" { "&fieldManager=applier&force=true" } else { "" };
        Asked::new(method, format!("{place}?dryRun=All{manager}"), media, object.to_string())
    }

    pub async fn make(&self, connection: &mut Connection) -> bool {
        self.remove(connection).await;
        connection.ask(&Asked::new("POST", self.collection.as_str(), JSON, self.object.to_string())).await.code == 201
    }

    pub async fn remove(&self, connection: &mut Connection) {
        let address = format!("{}?gracePeriodSeconds=0", self.address());
        connection.ask(&Asked::new("DELETE", address, JSON, "")).await;
        let freed = r#"{"metadata":{"finalizers":null}}"#;
        connection.ask(&Asked::new("PATCH", self.address(), "application/merge-patch+json", freed)).await;
        if self.finalized {
            let address = format!("{}/finalize", self.address());
            let name = text_of(&self.object["metadata"]["name"]);
            let freed = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}});
            connection.ask(&Asked::new("PUT", address, JSON, freed.to_string())).await;
        }
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    found
}

pub fn suites(root: &Path) -> Vec<Suite> {
    let mut suites = Vec::new();
    let kinds = folders(&root.join("vocabulary/kinds/src")).into_iter().flat_map(|group| folders(&group));
    for path in kinds.flat_map(|kind| folders(&kind.join("testdata"))) {
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(sample) = file.strip_suffix(".in.json").filter(|name| *name != "refused") else { continue };
        let part =
            |up: usize| path.ancestors().nth(up).and_then(Path::file_name).and_then(|n| n.to_str()).unwrap_or("");
        let name = format!("{}/{}", part(3), part(2));
        let recorded = root.join(format!("oracle/mutations/{}.{}.{sample}.tsv", part(3), part(2)));
        let sample = Sample::read(&path);
        // The pods of other samples run as this account.
        let alone = sample.pervasive || part(2) == "serviceaccount";
        suites.push(Suite { name, recorded, sample: Some(sample), script: None, alone });
    }
    suites
}
