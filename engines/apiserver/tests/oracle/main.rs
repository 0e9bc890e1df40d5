//! The same requests to k1s and to upstream: `oracle/` holds what upstream answered, and how often k1s says the same may
//! not fall below `oracle/levels.txt`.
//!
//! `cargo xtask oracle record` asks a real kube-apiserver anew; `cargo xtask oracle compare --update` raises the levels.

mod answer;
mod case;
mod compared;
mod levels;
mod mutation;
mod sample;
mod script;
mod targets;
mod wire;

use case::Suite;
use compared::Compared;
use levels::Levels;
use std::path::{Path, PathBuf};
use targets::Summary;
use wire::Door;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn suites() -> Vec<Suite> {
    let mut suites = sample::suites(&root());
    suites.extend(script::suites(&root()));
    suites
}

/// Every suite with its own connection, a few at a time.
async fn compare(door: &Door) -> Compared {
    let mut compared = Compared::default();
    let mut running = tokio::task::JoinSet::new();
    let (apart, together): (Vec<Suite>, Vec<Suite>) = suites().into_iter().partition(|suite| suite.alone);
    for suite in together {
        let door = door.clone();
        running.spawn(async move { suite.compare(&door).await });
    }
    while let Some(one) = running.join_next().await {
        compared.merge(one.expect("a suite ends without a panic"));
    }
    for suite in apart {
        compared.merge(suite.compare(door).await);
    }
    compared
}

#[tokio::test(flavor = "multi_thread")]
async fn k1s_answers_as_upstream() {
    let compared = compare(&wire::ours().await).await;
    if let Ok(wanted) = std::env::var("ORACLE_SHOW") {
        compared.show(&wanted);
    }
    if let Some(file) = std::env::var_os("ORACLE_LIST") {
        std::fs::write(file, compared.list()).expect("the differences can be written");
    }
    let file = root().join("oracle/levels.txt");
    let reached = compared.levels();
    println!("{}", reached.table());
    println!("{}", compared.summary());
    let summary = Summary::of(&reached);
    println!("{}", summary.text());
    if std::env::var_os("ORACLE_UPDATE").is_some() {
        std::fs::write(&file, reached.table()).expect("the levels can be written");
        let summarized = root().join("oracle/summary.tsv");
        std::fs::write(summarized, summary.table()).expect("the summary can be written");
    }
    let scandals = compared.scandals();
    assert!(
        scandals.is_empty(),
        "closed connections or answers of 500 that upstream does not give:\n{}",
        scandals.join("\n")
    );
    let committed = Levels::parse(&std::fs::read_to_string(&file).expect("the levels are there"));
    let fallen = reached.below(&committed);
    assert!(fallen.is_empty(), "levels fell:\n{}", fallen.join("\n"));
}

/// Needs a real kube-apiserver behind `$ORACLE_UPSTREAM`, the address of a `kubectl proxy`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "asks a real kube-apiserver"]
async fn record() {
    let address = std::env::var("ORACLE_UPSTREAM").expect("ORACLE_UPSTREAM names a kubectl proxy");
    let door = Door::Upstream(address);
    let only = std::env::var("ORACLE_ONLY").unwrap_or_default();
    wire::prepare(&door).await;
    for suite in suites().iter().filter(|suite| suite.name.contains(&only)) {
        let made = if suite.script.is_some() { suite.record_script(&door).await } else { suite.record(&door).await };
        println!("{:40} {made}", suite.name);
    }
}
