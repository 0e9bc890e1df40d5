//! What Go calls the fields of its internal types, in the order in which it declares them.

use super::FORMS;
use std::collections::HashMap;
use std::sync::OnceLock;

pub struct Form {
    pub package: &'static str,
    pub parts: Vec<Part>,
}

pub enum Part {
    /// A name in lower case is JSON's own; such a field is not written when it is empty.
    Field { name: &'static str, may_be_nil: bool },
    /// The fields of another type stand among its own.
    Embedded(&'static str),
}

/// The form of a type by its full name: `io.k8s.api.core.v1.PodSpec`.
pub fn of(full: &str) -> Option<&'static Form> {
    let dot = full.rmatch_indices('.').nth(2);
    forms().get(dot.map_or(full, |(at, _)| &full[at + 1..]))
}

impl Form {
    pub fn embedded(&self, name: &str) -> Option<&'static Form> {
        forms().get(format!("{}.{name}", self.package).as_str())
    }
}

fn forms() -> &'static HashMap<&'static str, Form> {
    static ALL: OnceLock<HashMap<&'static str, Form>> = OnceLock::new();
    ALL.get_or_init(|| FORMS.lines().filter_map(parse).collect())
}

/// `core.v1.Volume Name +VolumeSource`
fn parse(line: &'static str) -> Option<(&'static str, Form)> {
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let name = words.next()?;
    let package = name.rsplit_once('.')?.0;
    let part = |word: &'static str| match (word.strip_prefix('+'), word.strip_suffix('?')) {
        (Some(embedded), _) => Part::Embedded(embedded),
        (None, Some(name)) => Part::Field { name, may_be_nil: true },
        (None, None) => Part::Field { name: word, may_be_nil: false },
    };
    Some((name, Form { package, parts: words.map(part).collect() }))
}
