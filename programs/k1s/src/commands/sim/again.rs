//! The command that lives through a run once more.

use super::Asked;
use ::sim::{TROUBLES, Trouble};

impl Asked {
    pub fn again(&self) -> String {
        let Asked { nodes, hours, calm, every, seed, .. } = self;
        let faults = names(&self.faults);
        let files: String = self.files.iter().map(|file| format!(" -f {}", quoted(file))).collect();
        format!(
            "k1s sim --nodes {nodes} --hours {hours} --calm {calm} --faults {faults} --every {every} --seed {seed}{files}"
        )
    }
}

fn names(faults: &[Trouble]) -> String {
    let named = TROUBLES.iter().filter(|(_, trouble, _)| faults.contains(trouble));
    let names: Vec<&str> = named.map(|(name, _, _)| *name).collect();
    match names.len() {
        0 => "none".into(),
        all if all == TROUBLES.len() => "all".into(),
        _ => names.join(","),
    }
}

/// As a shell reads it as one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell() {
        let check = |word: &str, expect: &str| assert_eq!(quoted(word), expect);
        check("a/web-1.yaml", "a/web-1.yaml");
        check("my web.yaml", "'my web.yaml'");
        check("it's", r"'it'\''s'");
        check("", "''");
    }

    #[test]
    fn faults_by_their_names() {
        let check = |list: &str, expect: &str| assert_eq!(names(&::sim::parse_troubles(list).unwrap()), expect);
        check("none", "none");
        check("partitions,crashes", "crashes,partitions");
        check("all", "all");
    }
}
