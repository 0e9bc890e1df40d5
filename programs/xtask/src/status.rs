//! The README's tables of where the project stands, written from what the judges and the benches left; never by hand.

use crate::conformance;
use crate::failure::{self, Failure};
use std::fmt::Write;
use std::path::Path;

const README: &str = "README.md";
const BEGIN: &str = "<!-- made by cargo xtask status -->\n";
const END: &str = "<!-- end -->\n";
/// What a table tells, and the file of tab-separated values, with a heading, that it shows.
const TABLES: [(&str, &str); 4] = [
    ("Answers equal to upstream's recorded ones", "oracle/summary.tsv"),
    ("The API's figures", "bench/results/api.tsv"),
    ("The node's figures", "bench/results/node.tsv"),
    ("Simulation", "programs/sim/results.tsv"),
];

pub fn run(_arguments: &[String]) -> Result<(), Failure> {
    let readme = failure::read(Path::new(README))?;
    failure::write(Path::new(README), &renewed(&readme)?)
}

/// Says so when the README tells something else than the files.
pub fn check(problems: &mut Vec<String>) -> Result<(), Failure> {
    let readme = failure::read(Path::new(README))?;
    if renewed(&readme)? != readme {
        problems.push(format!("{README} is older than the figures: cargo xtask status"));
    }
    Ok(())
}

fn renewed(readme: &str) -> Result<String, Failure> {
    between(readme, &tables()?).ok_or_else(|| Failure::Unexpected(format!("{README} has no place for the status")))
}

fn between(text: &str, new: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{new}{END}{after}"))
}

fn tables() -> Result<String, Failure> {
    let mut text = format!("\nUpstream's conformance suite\n\n{}\n", markdown(&conformance::figures()?));
    for (title, path) in TABLES.iter().map(|(title, path)| (title, Path::new(path))).filter(|(_, path)| path.exists()) {
        write!(text, "{title}\n\n{}\n", markdown(&failure::read(path)?)).expect("a string takes all");
    }
    Ok(text)
}

/// A table of tab-separated values, the first line its heading.
fn markdown(values: &str) -> String {
    let mut text = String::new();
    for (number, line) in values.lines().enumerate() {
        let cells: Vec<&str> = line.split('\t').collect();
        writeln!(text, "| {} |", cells.join(" | ")).expect("a string takes all");
        if number == 0 {
            writeln!(text, "|{}", " --- |".repeat(cells.len())).expect("a string takes all");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_a_table() {
        assert_eq!(markdown("what\tfigure\na\t1\nb\t2\n"), "| what | figure |\n| --- | --- |\n| a | 1 |\n| b | 2 |\n");
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let text = format!("head\n{BEGIN}old\n{END}tail\n");
        assert_eq!(between(&text, "new\n"), Some(format!("head\n{BEGIN}new\n{END}tail\n")));
        assert_eq!(between("no marks", "new\n"), None);
    }
}
