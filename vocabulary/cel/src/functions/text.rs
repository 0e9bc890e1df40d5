//! Texts. Places in them count characters.

use super::lists;
use super::text_format;
use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use meta::quote;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "charAt", run: char_at, overloads: &[".string_char_at_int(string, int) string"] },
    Row { name: "contains", run: contains, overloads: &[".contains_string(string, string) bool"] },
    Row { name: "endsWith", run: ends_with, overloads: &[".ends_with_string(string, string) bool"] },
    Row { name: "format", run: format, overloads: &[".string_format(string, list(dyn)) string"] },
    Row {
        name: "indexOf",
        run: index_of,
        overloads: &[
            ".list_a_index_of_int(list(A), A) int",
            ".string_index_of_string(string, string) int",
            ".string_index_of_string_int(string, string, int) int",
        ],
    },
    Row {
        name: "join",
        run: join,
        overloads: &[".list_join(list(string)) string", ".list_join_string(list(string), string) string"],
    },
    Row {
        name: "lastIndexOf",
        run: last_index_of,
        overloads: &[
            ".list_a_last_index_of_int(list(A), A) int",
            ".string_last_index_of_string(string, string) int",
            ".string_last_index_of_string_int(string, string, int) int",
        ],
    },
    Row { name: "lowerAscii", run: lower, overloads: &[".string_lower_ascii(string) string"] },
    Row {
        name: "replace",
        run: replace,
        overloads: &[
            ".string_replace_string_string(string, string, string) string",
            ".string_replace_string_string_int(string, string, string, int) string",
        ],
    },
    Row {
        name: "split",
        run: split,
        overloads: &[
            ".string_split_string(string, string) list(string)",
            ".string_split_string_int(string, string, int) list(string)",
        ],
    },
    Row { name: "startsWith", run: starts_with, overloads: &[".starts_with_string(string, string) bool"] },
    Row { name: "strings.quote", run: quoted, overloads: &["strings_quote(string) string"] },
    Row {
        name: "substring",
        run: substring,
        overloads: &[".string_substring_int(string, int) string", ".string_substring_int_int(string, int, int) string"],
    },
    Row { name: "trim", run: trim, overloads: &[".string_trim(string) string"] },
    Row { name: "upperAscii", run: upper, overloads: &[".string_upper_ascii(string) string"] },
];

fn out_of_range(at: i64) -> EvalError {
    EvalError::new(format!("index out of range: {at}"))
}

/// The place of a character, the end included.
fn place(at: i64, length: usize) -> Result<usize, EvalError> {
    usize::try_from(at).ok().filter(|at| *at <= length).ok_or_else(|| out_of_range(at))
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn char_at<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text), Val::Int(at)] = given else { return Err(EvalError::no_such("charAt", given)) };
    let chars = chars(text);
    let at = place(*at, chars.len())?;
    Ok(Val::text(chars.get(at).map_or(String::new(), char::to_string)))
}

fn contains<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text), Val::Text(part)] = given else { return Err(EvalError::no_overload()) };
    Ok(Val::Bool(text.contains(&**part)))
}

fn ends_with<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text), Val::Text(part)] = given else { return Err(EvalError::no_overload()) };
    Ok(Val::Bool(text.ends_with(&**part)))
}

fn starts_with<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text), Val::Text(part)] = given else { return Err(EvalError::no_overload()) };
    Ok(Val::Bool(text.starts_with(&**part)))
}

fn index_of<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::List(list), item] => Ok(lists::first_place(list, item)),
        [Val::Text(text), Val::Text(part)] => Ok(found(text, part, 0)),
        [Val::Text(text), Val::Text(part), Val::Int(from)] if *from >= 0 => Ok(found(text, part, *from as usize)),
        [Val::Text(_), Val::Text(_), Val::Int(from)] => Err(out_of_range(*from)),
        _ => Err(EvalError::no_such("indexOf", given)),
    }
}

fn found<'v>(text: &str, part: &str, from: usize) -> Val<'v> {
    let (text, part) = (chars(text), chars(part));
    let mut places = from..=text.len().saturating_sub(part.len());
    let at = places.find(|at| text.get(*at..at + part.len()) == Some(&part[..]));
    Val::Int(at.map_or(-1, |at| at as i64))
}

fn last_index_of<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::List(list), item] => Ok(lists::last_place(list, item)),
        [Val::Text(text), Val::Text(part)] => Ok(found_last(text, part, usize::MAX)),
        [Val::Text(text), Val::Text(part), Val::Int(to)] => {
            Ok(found_last(text, part, place(*to, text.chars().count())?))
        }
        _ => Err(EvalError::no_such("lastIndexOf", given)),
    }
}

fn found_last<'v>(text: &str, part: &str, to: usize) -> Val<'v> {
    let (text, part) = (chars(text), chars(part));
    let Some(most) = text.len().checked_sub(part.len()) else { return Val::Int(-1) };
    let at = (0..=most.min(to)).rev().find(|at| text[*at..at + part.len()] == part[..]);
    Val::Int(at.map_or(-1, |at| at as i64))
}

fn join<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (list, between) = match given {
        [Val::List(list)] => (list, ""),
        [Val::List(list), Val::Text(between)] => (list, &**between),
        _ => return Err(EvalError::no_such("join", given)),
    };
    let texts: Vec<Val<'v>> = list.iter().collect();
    let texts: Option<Vec<&str>> = texts.iter().map(Val::as_text).collect();
    texts.map(|texts| Val::text(texts.join(between))).ok_or_else(|| EvalError::no_such("join", given))
}

fn lower<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("lowerAscii", given)) };
    Ok(Val::text(text.to_ascii_lowercase()))
}

fn upper<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("upperAscii", given)) };
    Ok(Val::text(text.to_ascii_uppercase()))
}

fn trim<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("trim", given)) };
    Ok(Val::text(text.trim().to_string()))
}

fn replace<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Text(text), Val::Text(old), Val::Text(new)] => Ok(Val::text(text.replace(&**old, new))),
        [Val::Text(text), Val::Text(old), Val::Text(new), Val::Int(times)] => Ok(Val::text(match times {
            ..0 => text.replace(&**old, new),
            times => text.replacen(&**old, new, *times as usize),
        })),
        _ => Err(EvalError::no_such("replace", given)),
    }
}

fn split<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (text, by, most) = match given {
        [Val::Text(text), Val::Text(by)] => (text, by, -1),
        [Val::Text(text), Val::Text(by), Val::Int(most)] => (text, by, *most),
        _ => return Err(EvalError::no_such("split", given)),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let parts: Vec<String> = match &**by {
        "" => characters(text, most),
        by => text.splitn(most, by).map(String::from).collect(),
    };
    Ok(Val::list(parts.into_iter().map(Val::text).collect()))
}

/// A text in its characters; the last part is all that is left.
fn characters(text: &str, most: usize) -> Vec<String> {
    let chars = chars(text);
    let cut = chars.len().min(most.saturating_sub(1));
    let mut parts: Vec<String> = chars[..cut].iter().map(char::to_string).collect();
    if most > 0 && cut < chars.len() {
        parts.push(chars[cut..].iter().collect());
    }
    parts
}

fn substring<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (text, from, to) = match given {
        [Val::Text(text), Val::Int(from)] => (text, *from, None),
        [Val::Text(text), Val::Int(from), Val::Int(to)] => (text, *from, Some(*to)),
        _ => return Err(EvalError::no_such("substring", given)),
    };
    let chars = chars(text);
    if let Some(to) = to
        && from > to
    {
        return Err(EvalError::new(format!("invalid substring range. start: {from}, end: {to}")));
    }
    let (from, to) = (place(from, chars.len())?, to.map_or(Ok(chars.len()), |to| place(to, chars.len()))?);
    Ok(Val::text(chars[from..to].iter().collect::<String>()))
}

fn quoted<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("strings.quote", given)) };
    Ok(Val::text(quote(text)))
}

fn format<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text), Val::List(list)] = given else { return Err(EvalError::no_such("format", given)) };
    let items: Vec<Val<'v>> = list.iter().collect();
    text_format::format(text, &items).map(Val::text).map_err(EvalError::new)
}
