//! What is promised: a share for the kinds whose validation is complete, and one for all kinds.

use crate::levels::{Level, Levels};
use std::fmt::Write;

/// Groups of which every kind is complete, and single kinds.
const COMPLETE: [&str; 19] = [
    "apiextensions/customresourcedefinition",
    "apps/",
    "batch/",
    "coordination/lease",
    "core/configmap",
    "core/endpoints",
    "core/event",
    "core/limitrange",
    "core/namespace",
    "core/node",
    "core/pod",
    "core/replicationcontroller",
    "core/resourcequota",
    "core/secret",
    "core/service",
    "core/serviceaccount",
    "core/podtemplate",
    "discovery/endpointslice",
    "rbac/",
];

/// The level's place, and the shares of complete kinds and of all kinds; of everything, nothing is promised for all.
const TARGETS: [(&str, usize, f64, Option<f64>); 3] =
    [("code", 0, 99.0, Some(95.0)), ("causes", 2, 97.0, Some(90.0)), ("everything", 3, 90.0, None)];

pub fn is_complete(name: &str) -> bool {
    COMPLETE.iter().any(|known| *known == name || (known.ends_with('/') && name.starts_with(known)))
}

pub struct Summary {
    complete: Level,
    all: Level,
}

impl Summary {
    pub fn of(levels: &Levels) -> Summary {
        Summary { complete: levels.total(is_complete), all: levels.total(|name| !name.starts_with("cases/")) }
    }

    /// A line a group of kinds, for the reader.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, level) in [("complete kinds", &self.complete), ("all kinds", &self.all)] {
            _ = write!(text, "{name:15}");
            for (word, at, complete, all) in TARGETS {
                let target = if name == "all kinds" { all } else { Some(complete) };
                let target = target.map_or(String::new(), |target| format!(" of {target:.0} %"));
                _ = write!(text, "  {word} {:.1} %{target}", level.share(at));
            }
            text.push('\n');
        }
        text
    }

    /// The same for programs: `oracle/summary.tsv`.
    pub fn table(&self) -> String {
        let mut text = "level\tcomplete kinds\ttarget\tall kinds\ttarget\n".to_string();
        for (word, at, complete, all) in TARGETS {
            let all = all.map_or("-".into(), |all| format!("{all:.1}"));
            let shares = (self.complete.share(at), self.all.share(at));
            _ = writeln!(text, "{word}\t{:.1}\t{complete:.1}\t{:.1}\t{all}", shares.0, shares.1);
        }
        text
    }
}
