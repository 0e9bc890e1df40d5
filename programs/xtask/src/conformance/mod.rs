//! Upstream's own end-to-end suite against a cluster: how many of the specs with the conformance mark pass.
//!
//! `conformance images DIRECTORY` makes the images that the suite needs, to be imported by the node at its start.
//! Without that word the specs run, each in a process of its own so that one that hangs costs no other.

mod archive;
mod images;
mod options;
mod outcome;
mod results;
mod run;
mod suite;
mod table;

use crate::failure::Failure;
use options::Options;
use results::Results;
use std::path::Path;
use suite::Suite;

const MODULE: &str = "conformance";
const BUILT: &str = "target/conformance";

pub fn run(arguments: &[String]) -> Result<(), Failure> {
    if let [word, directory] = arguments
        && word == "images"
    {
        return images::make(Path::new(directory));
    }
    let options = Options::parse(arguments)?;
    let suite = Suite::build(&options.kubeconfig)?;
    let specs = suite.specs()?;
    let path = Path::new(MODULE).join("results").join(format!("{}.tsv", options.store));
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
