//! Takes the descriptions of types and fields from the source of `k8s-openapi`, which the workspace depends on anyway:
//! prose stays out of this repository, and `explain` has it nevertheless.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The folder of the release inside the crate.
const RELEASE: &str = "src/v1_35";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let mut text = String::new();
    let mut files = Vec::new();
    collect(&crate_folder().join(RELEASE), &mut files);
    files.sort();
    for file in files {
        let source = fs::read_to_string(&file).expect("a source file that was just listed");
        describe(&source, &mut text);
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("descriptions.z");
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).expect("writing to memory");
    fs::write(out, encoder.finish().expect("writing to memory")).expect("cargo's own folder can be written");
}

/// Where cargo unpacked the crate. It answers offline if it has every package of the workspace already; on a new machine
/// it has only those that this build needs, and fetches the rest to answer.
fn crate_folder() -> PathBuf {
    let platform = env::var("TARGET").expect("cargo sets it");
    let ask = |extra: &[&str]| {
        let cargo = env::var("CARGO").expect("cargo sets it");
        let mut command = Command::new(cargo);
        command.args(["metadata", "--format-version=1", "--filter-platform", &platform]).args(extra);
        command.output().expect("cargo runs, for it runs this")
    };
    let offline = ask(&["--offline"]);
    let answer = if offline.status.success() { offline } else { ask(&["--locked"]) };
    let text = String::from_utf8_lossy(&answer.stdout);
    let manifest = text
        .split("\"manifest_path\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .find(|path| path.contains("/k8s-openapi-"))
        .unwrap_or_else(|| panic!("cargo metadata names no k8s-openapi: {}", String::from_utf8_lossy(&answer.stderr)));
    Path::new(manifest).parent().expect("a manifest lies in a folder").to_path_buf()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

/// `T type<TAB>description`, then `F field<TAB>description` for each of its fields; line breaks are written as `\n`.
fn describe(source: &str, text: &mut String) {
    let Some(name) = source.lines().find_map(|line| line.strip_prefix("// Generated from definition ")) else { return };
    let names = json_names(source);
    let mut comment: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in source.lines() {
        let line = line.trim();
        if let Some(words) = line.strip_prefix("///") {
            comment.push(words.strip_prefix(' ').unwrap_or(words));
        } else if line.starts_with("pub struct ") || line.starts_with("pub enum ") {
            text.push_str(&entry('T', name, &comment));
            comment.clear();
            inside = line.ends_with('{');
        } else if let (true, Some(field)) = (inside, line.strip_prefix("pub ").and_then(|rest| rest.split(':').next()))
        {
            let field = names.get(field.trim_start_matches("r#")).copied().unwrap_or(field);
            text.push_str(&entry('F', field, &comment));
            comment.clear();
        } else if line == "}" && inside {
            return;
        } else if !line.starts_with("#[") {
            comment.clear();
        }
    }
}

fn entry(mark: char, name: &str, comment: &[&str]) -> String {
    format!("{mark} {name}\t{}\n", unescape(&comment.join("\n")).replace('\n', "\\n"))
}

/// The crate escapes what its documentation would take for markup.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('<' | '>' | '[' | ']' | '*' | '_' | '`')) => {}
            _ => out.push(c),
        }
    }
    out
}

/// `"containerPort" => Field::Key_container_port,`
fn json_names(source: &str) -> BTreeMap<&str, &str> {
    let arms = source.lines().filter_map(|line| line.trim().split_once("\" => Field::Key_"));
    arms.map(|(json, field)| (field.trim_end_matches(','), json.trim_start_matches('"'))).collect()
}
