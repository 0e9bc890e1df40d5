//! The tables of figures: one for programs, one for people.

use super::BenchError;
use super::figure::{Budget, FIGURES, Figures, Meaning};
use std::fs;
use std::path::Path;

const COMMAND: &str = "bench versus";
const HEAD: &str =
    "figure\tk1s\tupstream\tratio\tbudget\tcommand\tmet\tunit\tk1s min\tk1s max\tupstream min\tupstream max\twhat";

#[derive(Default)]
pub struct Report {
    pub k1s: Vec<Figures>,
    pub upstream: Vec<Figures>,
}

/// One figure over all rounds.
struct Line<'a> {
    meaning: &'a Meaning,
    k1s: Runs,
    upstream: Option<Runs>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Runs {
    least: f64,
    median: f64,
    most: f64,
}

impl Runs {
    fn of(runs: &[Figures], name: &str) -> Option<Runs> {
        let mut values: Vec<f64> = runs.iter().filter_map(|run| run.0.get(name).copied()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        Some(Runs { least, median: values[values.len() / 2], most })
    }
}

impl Line<'_> {
    /// How many times better than upstream; none where either used nothing that could be measured.
    fn ratio(&self) -> Option<f64> {
        let (ours, theirs) = (self.k1s.median, self.upstream?.median);
        let ratio = if self.meaning.more_is_better { ours / theirs } else { theirs / ours };
        ratio.is_finite().then_some(ratio).filter(|ratio| *ratio > 0.0)
    }

    fn budget(&self) -> String {
        match self.meaning.budget {
            Budget::Times(times) => format!("{times}x"),
            Budget::AtLeast(least) => format!(">= {least}"),
            Budget::AtMost(most) => format!("<= {most}"),
            Budget::None => String::new(),
        }
    }

    fn met(&self) -> &'static str {
        let met = match self.meaning.budget {
            Budget::Times(times) => self.ratio().map(|ratio| ratio >= times),
            Budget::AtLeast(least) => Some(self.k1s.median >= least),
            Budget::AtMost(most) => Some(self.k1s.median <= most),
            Budget::None => None,
        };
        met.map_or("", |met| if met { "yes" } else { "no" })
    }

    fn tabbed(&self) -> String {
        let Meaning { name, what, unit, .. } = self.meaning;
        let upstream = |pick: fn(Runs) -> f64| self.upstream.map(pick).map(shown).unwrap_or_default();
        let ratio = self.ratio().map(shown).unwrap_or_default();
        [
            (*name).into(),
            shown(self.k1s.median),
            upstream(|runs| runs.median),
            ratio,
            self.budget(),
            COMMAND.into(),
            self.met().into(),
            (*unit).into(),
            shown(self.k1s.least),
            shown(self.k1s.most),
            upstream(|runs| runs.least),
            upstream(|runs| runs.most),
            (*what).into(),
        ]
        .join("\t")
    }

    fn row(&self) -> String {
        let Meaning { what, unit, .. } = self.meaning;
        let span = |runs: Runs| format!("{} ({} to {})", shown(runs.median), shown(runs.least), shown(runs.most));
        let upstream = self.upstream.map(span).unwrap_or_default();
        let ratio = self.ratio().map(|ratio| format!("{}x", shown(ratio))).unwrap_or_default();
        let (budget, met) = (self.budget(), self.met());
        format!("| {what}, {unit} | {} | {upstream} | {ratio} | {budget} | {met} |", span(self.k1s))
    }
}

impl Report {
    fn lines(&self) -> Vec<Line<'_>> {
        let line = |meaning: &'static Meaning| {
            let k1s = Runs::of(&self.k1s, meaning.name)?;
            Some(Line { meaning, k1s, upstream: Runs::of(&self.upstream, meaning.name) })
        };
        FIGURES.iter().filter_map(line).collect()
    }

    pub fn write(&self, tsv: &Path, markdown: &Path) -> Result<(), BenchError> {
        let lines = self.lines();
        let table = [HEAD.into()].into_iter().chain(lines.iter().map(Line::tabbed)).map(ended).collect();
        let mut page = format!(
            "# Figures of the API server\n\nWritten by `{COMMAND}`: medians of alternated runs, with the least and the most.\n\n"
        );
        page.push_str("| | k1s | upstream | better | budget | met |\n|---|---|---|---|---|---|\n");
        page.extend(lines.iter().map(Line::row).map(ended));
        [(tsv, table), (markdown, page)].into_iter().try_for_each(|(path, text)| save(path, &text))
    }
}

fn ended(line: String) -> String {
    line + "\n"
}

fn save(path: &Path, text: &str) -> Result<(), BenchError> {
    let failed = |error| BenchError(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// Three digits that say something.
fn shown(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(name: &'static str, values: &[f64]) -> Vec<Figures> {
        values.iter().map(|value| Figures([(name, *value)].into())).collect()
    }

    #[test]
    fn ratios_and_budgets_are_judged_by_medians() {
        for (name, ours, theirs, ratio, met) in [
            ("create-cpu", vec![0.05, 0.2, 0.1], vec![1.0, 1.2, 0.9], "10.0", "yes"),
            ("create-cpu", vec![0.2], vec![1.0], "5.00", "no"),
            ("create-rate", vec![12_000.0], vec![1_000.0], "12.0", "yes"),
            ("empty", vec![41.0], vec![300.0], "7.32", "no"),
            ("reopen", vec![1.5], vec![], "", "yes"),
            ("get-rate", vec![10.0], vec![5.0], "2.00", ""),
        ] {
            let report = Report { k1s: runs(name, &ours), upstream: runs(name, &theirs) };
            let lines = report.lines();
            let tabbed = lines[0].tabbed();
            let cells: Vec<&str> = tabbed.split('\t').collect();
            assert_eq!((lines.len(), cells.len()), (1, HEAD.split('\t').count()));
            assert_eq!((cells[0], cells[3], cells[6]), (name, ratio, met));
        }
    }
}
