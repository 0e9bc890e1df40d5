//! `k1s kubectl` answers as upstream's kubectl does: the same command lines, against the same server, give the same output,
//! complaints and exit codes.
//!
//! A case file is a script with its recorded answers; each begins with a fresh `k1s server`. The recordings are upstream's:
//! `K1S_RECORD=1 cargo test -p k1s --test kubectl upstream` makes them anew where its kubectl is at hand.

mod case;
mod normal;
mod server;

use case::{Answer, Script};
use server::Server;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubectl")
}

fn scripts() -> Vec<Script> {
    let entries = std::fs::read_dir(folder().join("cases")).expect("the folder of cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| Script::read(path)).collect()
}

/// Every answer of a client to a script, on a server of its own.
fn answers(script: &Script, client: &dyn Fn() -> Command) -> Vec<Answer> {
    let server = Server::start();
    script.steps.iter().map(|step| step.run(client(), &server, &folder().join("manifests"))).collect()
}

/// What was expected and what came, for each command where they differ.
fn differences(script: &Script, answers: &[Answer]) -> String {
    let mut text = String::new();
    for (step, answer) in script.steps.iter().zip(answers).filter(|(step, answer)| step.expected != **answer) {
        writeln!(text, "{}: $ {}\nexpected:\n{}came:\n{answer}", script.name(), step.line, step.expected)
            .expect("memory");
    }
    text
}

fn check(client: &(dyn Fn() -> Command + Sync)) {
    let found: Vec<(usize, String)> = std::thread::scope(|scope| {
        let run = |script: Script| (script.steps.len(), differences(&script, &answers(&script, client)));
        let threads: Vec<_> = scripts().into_iter().map(|script| scope.spawn(move || run(script))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a script runs to its end")).collect()
    });
    let text: String = found.iter().map(|(_, text)| text.as_str()).collect();
    assert!(text.is_empty(), "{text}");
    println!("{} command lines", found.iter().map(|(count, _)| count).sum::<usize>());
}

#[test]
fn own_answers_are_the_recorded_ones() {
    check(&|| {
        let mut own = Command::new(env!("CARGO_BIN_EXE_k1s"));
        own.arg("kubectl");
        own
    });
}

#[test]
fn upstream_answers_are_the_recorded_ones() {
    let Some(program) = upstream() else {
        println!("skipped: upstream's kubectl is not here (K1S_UPSTREAM_KUBECTL names it)");
        return;
    };
    if std::env::var_os("K1S_RECORD").is_some() {
        for script in scripts() {
            let answers = answers(&script, &|| Command::new(&program));
            script.write(&answers);
        }
    }
    check(&|| Command::new(&program));
}

fn upstream() -> Option<PathBuf> {
    let named = std::env::var_os("K1S_UPSTREAM_KUBECTL").map(PathBuf::from);
    let usual = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/k1s-upstream/bin/kubectl"));
    named.or_else(usual).filter(|path| path.is_file())
}
