//! What differs from run to run, under one name.

use regex::Regex;
use std::sync::LazyLock;

const RULES: &[(&str, &str)] = &[
    ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    ("X509SHA256=[0-9a-f]{64}", "X509SHA256=HASH"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "DATE"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( \w+)?", "DATE"),
    // The folders that `diff` compares.
    (r"/\S*?/(LIVE|MERGED)-\d+", "${1}"),
    (r"/\S+/admin\.kubeconfig", "KUBECONFIG"),
    (r#"(resourceVersion"?: )"\d+""#, r#"${1}"RV""#),
    (r"(Resource Version:\s+)\d+", "${1}RV"),
    (r"127\.0\.0\.1:\d+", "SERVER"),
    // Ages in tables: a cell of its own, as wide with two digits as with one.
    (r"(?m)(^| )\d\ds ", "${1}Ns  "),
    (r"(?m)(^| )\d{1,2}s( |$)", "${1}Ns${2}"),
    (r"\b\d+y\d+d\b", "OLD"),
    (r"\b\d{4}d\b", "OLD"),
    // A column of ages is as wide as they are.
    (r"(OLD\)?|LAST SEEN) +", "${1} "),
    // Upstream's log lines.
    (r"(?m)^[EWI]\d{4} .*\n", ""),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| RULES.iter().map(|(rule, name)| (Regex::new(rule).expect("a rule"), *name)).collect());

pub fn normal(text: &str) -> String {
    COMPILED.iter().fold(text.to_string(), |text, (rule, name)| rule.replace_all(&text, *name).into_owned())
}

#[test]
fn ages_and_times_are_no_difference() {
    for (text, expect) in [
        ("a   5s", "a   Ns"),
        ("timeout=1s x", "timeout=1s x"),
        ("at 2026-01-02T03:04:05Z", "at TIME"),
        ("resourceVersion: \"12\"", "resourceVersion: \"RV\""),
        ("E1121 10:00:00.0 x\nb", "b"),
    ] {
        assert_eq!(normal(text), expect);
    }
}
