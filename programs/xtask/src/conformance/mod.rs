//! Upstream's own end-to-end suite against a cluster: how many of the specs with the conformance mark pass.
//!
//! `conformance images DIRECTORY` makes the images that the suite needs, to be imported by the node at its start.
//! `conformance fast` runs a subset on a node of its own, all of which has to pass.
//! Without those words the specs run, each in a process of its own so that one that hangs costs no other.

pub mod archive;
mod fast;
mod images;
mod options;
mod outcome;
mod results;
mod run;
mod suite;
mod table;
mod trial;

use crate::failure::Failure;
use options::Options;
use results::Results;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use suite::Suite;

const MODULE: &str = "conformance";
const BUILT: &str = "target/conformance";

pub fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["images", directory] => images::make(Path::new(directory)),
        ["fast"] => fast::run(),
        _ => some(arguments),
    }
}

/// How many specs pass on each store, as tab-separated values with a heading.
pub fn figures() -> Result<String, Failure> {
    let mut text = String::from("store\tpassed\tfailed\tnot run\n");
    for store in options::STORES {
        let results = Results::read(&results_of(store))?;
        let [passed, failed, not_run] = results.counts();
        writeln!(text, "{store}\t{passed}\t{failed}\t{not_run}").expect("a string takes all");
    }
    Ok(text)
}

fn results_of(store: &str) -> PathBuf {
    Path::new(MODULE).join("results").join(format!("{store}.tsv"))
}

fn some(arguments: &[String]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    let suite = Suite::build(&options.kubeconfig)?;
    let specs = suite.specs()?;
    let path = results_of(&options.store);
    let before = Results::read(&path)?;
    let mut now = before.clone();
    now.keep_only(&specs);
    let wanted = |spec: &suite::Spec| options.wants(spec, before.get(&spec.name));
    let chosen = specs.into_iter().filter(wanted).collect();
    run::all(&suite, chosen, &options, |spec, outcome| {
        now.set(spec.name.clone(), outcome);
        now.write(&path)
    })?;
    print!("{}", table::per_sig(&now));
    print!("{}", table::changes(&before, &now));
    Ok(())
}
