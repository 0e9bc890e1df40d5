//! The figures that documents quote: one row each in a table that a measurement replaces.

use crate::api::BenchError;
use std::fs;
use std::path::Path;

const TABLE: &str = "bench/results/node.tsv";
const HEAD: &str = "figure\tk1s\tupstream\tbudget\tcommand";

/// What a figure is, what upstream was measured at, and what is asked of k1s.
pub struct Figure {
    pub name: &'static str,
    pub upstream: &'static str,
    pub budget: &'static str,
}

impl Figure {
    /// Prints the figure, and writes it where documents find it if this is run from the repository.
    pub fn record(&self, measured: &str) -> Result<(), BenchError> {
        println!("{}: {measured} (upstream {}, budget {})", self.name, self.upstream, self.budget);
        let path = Path::new(TABLE);
        let Some(folder) = path.parent().filter(|_| Path::new("bench/Cargo.toml").exists()) else { return Ok(()) };
        fs::create_dir_all(folder).map_err(BenchError::new)?;
        let before = if path.exists() { fs::read_to_string(path).map_err(BenchError::new)? } else { String::new() };
        let row = [self.name, measured, self.upstream, self.budget, &command(std::env::args())].join("\t");
        fs::write(path, with_row(&before, self.name, &row)).map_err(BenchError::new)
    }
}

fn with_row(table: &str, name: &str, row: &str) -> String {
    let others = table.lines().skip(1).filter(|line| line.split('\t').next() != Some(name));
    let mut rows: Vec<&str> = others.chain([row]).collect();
    rows.sort_unstable();
    format!("{HEAD}\n{}\n", rows.join("\n"))
}

/// The command without what belongs to one machine: directories and process ids.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let mut words = vec!["bench".to_owned()];
    let mut skip = false;
    for word in arguments.skip(1) {
        if std::mem::take(&mut skip) {
            continue;
        }
        skip = ["--kubeconfig", "--pids", "--k1s"].contains(&word.as_str());
        words.extend((!skip).then_some(word));
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_the_place_of_its_predecessor() {
        let first = with_row("", "T2", "T2\t5");
        assert_eq!(first, format!("{HEAD}\nT2\t5\n"));
        let second = with_row(&first, "T1", "T1\t7");
        assert_eq!(with_row(&second, "T2", "T2\t6"), format!("{HEAD}\nT1\t7\nT2\t6\n"));
    }

    #[test]
    fn commands_are_told_without_places() {
        let words = ["/x/bench", "node", "idle", "--kubeconfig", "/y/z", "--pids", "7", "--seconds", "5"];
        assert_eq!(command(words.map(String::from).into_iter()), "bench node idle --seconds 5");
    }
}
