//! Regular expressions.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use gotext::pattern;
use regex::Regex;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

pub(crate) static ROWS: &[Row] = &[
    Row { name: "find", run: find, overloads: &[".string_find_string(string, string) string"] },
    Row {
        name: "findAll",
        run: find_all,
        overloads: &[
            ".string_find_all_string(string, string) list(string)",
            ".string_find_all_string_int(string, string, int) list(string)",
        ],
    },
    Row {
        name: "matches",
        run: matches,
        overloads: &["matches(string, string) bool", ".matches_string(string, string) bool"],
    },
];

/// So many expressions are kept as they were compiled; then all are forgotten.
const KEPT: usize = 512;

static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

pub(crate) fn compile(text: &str) -> Result<Regex, EvalError> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(text) {
        return Ok(known.clone());
    }
    let fresh = pattern::compile(text).map_err(EvalError::new)?;
    if compiled.len() >= KEPT {
        compiled.clear();
    }
    compiled.insert(text.into(), fresh.clone());
    Ok(fresh)
}

fn matches<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text), Val::Text(pattern)] = given else { return Err(EvalError::no_overload()) };
    Ok(Val::Bool(compile(pattern)?.is_match(text)))
}

fn find<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text), Val::Text(pattern)] = given else { return Err(EvalError::no_such("find", given)) };
    Ok(Val::text(compile(pattern)?.find(text).map_or(String::new(), |found| found.as_str().into())))
}

fn find_all<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (text, pattern, most) = match given {
        [Val::Text(text), Val::Text(pattern)] => (text, pattern, usize::MAX),
        [Val::Text(text), Val::Text(pattern), Val::Int(most)] => {
            (text, pattern, usize::try_from(*most).unwrap_or(usize::MAX))
        }
        _ => return Err(EvalError::no_such("findAll", given)),
    };
    let found = compile(pattern)?;
    let texts = found.find_iter(text).take(most).map(|found| Val::text(found.as_str().to_string()));
    Ok(Val::list(texts.collect()))
}
