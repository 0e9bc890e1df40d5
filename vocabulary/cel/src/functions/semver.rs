//! Versions: `1.2.3-alpha.1+build`.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use meta::quote;
use std::cmp::Ordering;
use std::rc::Rc;

pub(crate) static ROWS: &[Row] = &[
    Row {
        name: "isSemver",
        run: is_semver,
        overloads: &["is_semver_string(string) bool", "is_semver_string_bool(string, bool) bool"],
    },
    Row { name: "major", run: major, overloads: &[".semver_major(kubernetes.Semver) int"] },
    Row { name: "minor", run: minor, overloads: &[".semver_minor(kubernetes.Semver) int"] },
    Row { name: "patch", run: patch, overloads: &[".semver_patch(kubernetes.Semver) int"] },
    Row {
        name: "semver",
        run: semver,
        overloads: &[
            "string_to_semver(string) kubernetes.Semver",
            "string_bool_to_semver(string, bool) kubernetes.Semver",
        ],
    },
];

#[derive(Clone, Debug)]
pub struct Semver {
    numbers: [u64; 3],
    before: Vec<Part>,
}

/// Of what stands behind the dash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

impl Semver {
    /// By the numbers; a version with something behind the dash comes before the one without.
    pub fn order(&self, other: &Semver) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.before.is_empty(), other.before.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.before.cmp(&other.before),
        })
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What people write, made to be a version: no `v`, no leading zeroes, all three numbers.
fn normalized(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(without_zeroes).collect();
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return Err("short version cannot contain PreRelease/Build meta data".into());
    }
    parts.resize(3, "0".into());
    Ok(parts.join("."))
}

fn without_zeroes(part: &str) -> String {
    if part.len() < 2 {
        return part.into();
    }
    let rest = part.trim_start_matches('0');
    if rest.starts_with(|c: char| c.is_ascii_digit()) { rest.into() } else { format!("0{rest}") }
}

fn parse(text: &str) -> Result<Semver, String> {
    if text.is_empty() {
        return Err("Version string empty".into());
    }
    let parts: Vec<&str> = text.splitn(3, '.').collect();
    let [major, minor, rest] = parts[..] else { return Err("No Major.Minor.Patch elements found".into()) };
    let (rest, build) = rest.split_once('+').map_or((rest, None), |(rest, build)| (rest, Some(build)));
    let (patch, before) = rest.split_once('-').map_or((rest, None), |(patch, before)| (patch, Some(before)));
    let numbers =
        [number("major", "Major", major)?, number("minor", "Minor", minor)?, number("patch", "Patch", patch)?];
    let before = before.map_or(Ok(Vec::new()), |before| before.split('.').map(part).collect())?;
    for part in build.into_iter().flat_map(|build| build.split('.')) {
        match part {
            "" => return Err("Build meta data is empty".into()),
            part if !word(part) => {
                return Err(format!("Invalid character(s) found in build meta data {}", quote(part)));
            }
            _ => {}
        }
    }
    Ok(Semver { numbers, before })
}

fn number(name: &str, title: &str, text: &str) -> Result<u64, String> {
    if !digits(text) || text.is_empty() {
        return Err(format!("Invalid character(s) found in {name} number {}", quote(text)));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!("{title} number must not contain leading zeroes {}", quote(text)));
    }
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {}: value out of range", quote(text)))
}

fn part(text: &str) -> Result<Part, String> {
    if text.is_empty() {
        return Err("Prerelease is empty".into());
    }
    if digits(text) {
        if text.len() > 1 && text.starts_with('0') {
            return Err(format!("Numeric PreRelease version must not contain leading zeroes {}", quote(text)));
        }
        return text.parse().map(Part::Number).map_err(|_| "Number overflow in PreRelease version".to_string());
    }
    match word(text) {
        true => Ok(Part::Text(text.into())),
        false => Err(format!("Invalid character(s) found in prerelease {}", quote(text))),
    }
}

fn given_version(name: &str, given: &[Val<'_>]) -> Result<Result<Semver, String>, EvalError> {
    match given {
        [Val::Text(text)] | [Val::Text(text), Val::Bool(false)] => Ok(parse(text)),
        [Val::Text(text), Val::Bool(true)] => Ok(normalized(text).and_then(|text| parse(&text))),
        _ => Err(EvalError::no_such(name, given)),
    }
}

fn semver<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    given_version("semver", given)?.map(|version| Val::Semver(Rc::new(version))).map_err(EvalError::new)
}

fn is_semver<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    Ok(Val::Bool(given_version("isSemver", given)?.is_ok()))
}

fn nth<'v>(name: &str, given: &[Val<'v>], at: usize) -> Outcome<'v> {
    let [Val::Semver(version)] = given else { return Err(EvalError::no_such(name, given)) };
    Ok(Val::Int(version.numbers[at] as i64))
}

fn major<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    nth("major", given, 0)
}

fn minor<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    nth("minor", given, 1)
}

fn patch<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    nth("patch", given, 2)
}
