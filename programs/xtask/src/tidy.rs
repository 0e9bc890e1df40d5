//! The shape of the house, checked: arrows between crates point down, engines do not know each other, every list is
//! complete, every crate says what it is, links in documents lead somewhere.

use crate::failure::{self, Failure};
use crate::status;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LAYERS: [&str; 5] = ["vocabulary", "ports", "brains", "engines", "programs"];
/// What pure crates may never name.
const IMPURE: [&str; 6] = ["tokio", "hyper", "rustix", "libc", "rustls", "tonic"];
/// Ports may be named by ports, engines by programs; these arrows inside a layer are drawn too.
const DRAWN: [(&str, &str); 4] = [("containers", "linux"), ("dataplane", "linux"), ("k1s", "sim"), ("k1s", "kubectl")];
/// A folder of entries and the file that lists them.
const LISTS: [(&str, &str); 5] = [
    ("programs/k1s/src/commands", "programs/k1s/src/commands/mod.rs"),
    ("programs/kubectl/src/commands", "programs/kubectl/src/commands/mod.rs"),
    ("engines/apiserver/src/admission", "engines/apiserver/src/admission/mod.rs"),
    ("brains/controllers/src", "brains/controllers/src/lib.rs"),
    ("brains/scheduler/src/plugins", "brains/scheduler/src/plugins/mod.rs"),
];
const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/plan.md"];

pub fn run(_arguments: &[String]) -> Result<(), Failure> {
    let metadata = MetadataCommand::new().exec().map_err(|error| Failure::Unexpected(error.to_string()))?;
    let mut problems = Vec::new();
    for package in metadata.workspace_packages() {
        check_arrows(&metadata, package, &mut problems);
        check_doc(package, &mut problems);
    }
    for (folder, list) in LISTS {
        check_list(Path::new(folder), Path::new(list), &mut problems)?;
    }
    for document in DOCUMENTS {
        check_links(Path::new(document), &mut problems)?;
    }
    status::check(&mut problems)?;
    match problems.is_empty() {
        true => {
            println!("tidy: {} crates stand where they are drawn", metadata.workspace_packages().len());
            Ok(())
        }
        false => Err(Failure::Unexpected(problems.join("\n"))),
    }
}

/// Where a crate stands: the number of its layer, or none for what stands beside the house.
fn layer(package: &Package) -> Option<usize> {
    let parent = package.manifest_path.parent()?.parent()?.file_name()?;
    LAYERS.iter().position(|layer| *layer == parent)
}

fn check_arrows(metadata: &Metadata, package: &Package, problems: &mut Vec<String>) {
    let Some(own) = layer(package) else { return };
    let members = metadata.workspace_packages();
    let built =
        package.dependencies.iter().filter(|dependency| dependency.kind == cargo_metadata::DependencyKind::Normal);
    for dependency in built {
        let name = dependency.name.as_str();
        if matches!(LAYERS[own], "vocabulary" | "brains") && IMPURE.contains(&name) {
            problems.push(format!("{} is pure and names {name}", package.name));
        }
        let Some(other) = members.iter().find(|member| member.name.as_str() == name).and_then(|member| layer(member))
        else {
            continue;
        };
        if !allowed(own, other, &package.name, name) {
            problems.push(format!("{} ({}) may not name {name} ({})", package.name, LAYERS[own], LAYERS[other]));
        }
    }
}

fn allowed(own: usize, other: usize, from: &str, to: &str) -> bool {
    match (LAYERS[own], LAYERS[other]) {
        ("vocabulary", "vocabulary") | ("ports", "vocabulary" | "ports") | ("brains", "vocabulary") => true,
        ("engines", "engines") | ("programs", "programs") => DRAWN.contains(&(from, to)),
        ("engines" | "programs", _) => other < own,
        _ => false,
    }
}

fn check_doc(package: &Package, problems: &mut Vec<String>) {
    let roots = package.targets.iter().filter(|target| target.is_lib() || target.is_bin());
    for target in roots {
        let text = fs::read_to_string(&target.src_path).unwrap_or_default();
        if !text.starts_with("//! ") {
            problems.push(format!("{} does not say what it is in its first line", target.src_path));
        }
    }
}

/// Every folder beside a list is named in it.
fn check_list(folder: &Path, list: &Path, problems: &mut Vec<String>) -> Result<(), Failure> {
    if !list.exists() {
        return Ok(());
    }
    let text = failure::read(list)?;
    for entry in fs::read_dir(folder).map_err(Failure::io(folder.display()))? {
        let path = entry.map_err(Failure::io(folder.display()))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let is_entry = path.is_dir() && name != "testing";
        if is_entry && !text.contains(&format!("mod {name};")) {
            problems.push(format!("{} is missing from {}", path.display(), list.display()));
        }
    }
    Ok(())
}

/// Links of a document to files of this repository.
fn check_links(document: &Path, problems: &mut Vec<String>) -> Result<(), Failure> {
    let text = failure::read(document)?;
    let targets: BTreeSet<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    for target in targets.into_iter().filter(|target| !target.contains("://") && !target.starts_with('#')) {
        let file = target.split('#').next().unwrap_or(target);
        let path: PathBuf = document.parent().unwrap_or(Path::new("")).join(file);
        if !path.exists() {
            problems.push(format!("{} links to {file}, which is not there", document.display()));
        }
    }
    Ok(())
}
