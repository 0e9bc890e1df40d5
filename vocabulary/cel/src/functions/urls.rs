//! Addresses of pages, as requests name them: with a scheme, or a path from the root.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use meta::quote;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::rc::Rc;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "getEscapedPath", run: get_escaped_path, overloads: &[".url_get_escaped_path(kubernetes.URL) string"] },
    Row { name: "getHost", run: get_host, overloads: &[".url_get_host(kubernetes.URL) string"] },
    Row { name: "getHostname", run: get_hostname, overloads: &[".url_get_hostname(kubernetes.URL) string"] },
    Row { name: "getPort", run: get_port, overloads: &[".url_get_port(kubernetes.URL) string"] },
    Row { name: "getQuery", run: get_query, overloads: &[".url_get_query(kubernetes.URL) map(string, list(string))"] },
    Row { name: "getScheme", run: get_scheme, overloads: &[".url_get_scheme(kubernetes.URL) string"] },
    Row { name: "isURL", run: is_url, overloads: &["is_url_string(string) bool"] },
    Row { name: "url", run: url, overloads: &["string_to_url(string) kubernetes.URL"] },
];

#[derive(Clone, Debug, PartialEq)]
pub struct Url {
    scheme: String,
    host: String,
    /// As it is written, percent signs and all.
    path: String,
    query: String,
    user: String,
}

/// What stands in a path as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@')
    .remove(b'%')
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'[')
    .remove(b']');

pub(super) fn parse(text: &str) -> Result<Url, String> {
    parts(text).map_err(|why| format!("parse {}: {why}", quote(text)))
}

fn parts(text: &str) -> Result<Url, String> {
    if text.is_empty() {
        return Err("empty url".into());
    }
    if text.chars().any(|c| c.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".into());
    }
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !rest.starts_with('/') {
        return match scheme.is_empty() {
            true => Err("invalid URI for request".into()),
            false => {
                Ok(Url { scheme, host: String::new(), path: String::new(), query: query.into(), user: String::new() })
            }
        };
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(inner) if !scheme.is_empty() || !rest.starts_with("///") => {
            inner.split_at(inner.find('/').unwrap_or(inner.len()))
        }
        _ => ("", rest),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    check_host(host)?;
    check_escapes(path)?;
    Ok(Url { scheme, host: host.into(), path: path.into(), query: query.into(), user: user.into() })
}

fn scheme(text: &str) -> Result<(String, &str), String> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok((String::new(), text)) };
    if scheme.is_empty() {
        return Err("missing protocol scheme".into());
    }
    let first = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    match first && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
        true => Ok((scheme.to_ascii_lowercase(), rest)),
        false if first || scheme.contains('/') => Ok((String::new(), text)),
        false => Err("first path segment in URL cannot contain colon".into()),
    }
}

fn check_host(host: &str) -> Result<(), String> {
    if let Some(inner) = host.strip_prefix('[') {
        let (_, after) = inner.split_once(']').ok_or("missing ']' in host")?;
        return check_port(after);
    }
    if let Some(at) = host.find(':') {
        check_port(&host[at..])?;
    }
    let bad = host.chars().find(|c| c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_.~!$&'()*+,;=:%".contains(*c));
    match bad {
        Some(c) => Err(format!("invalid character {} in host name", quote(&c.to_string()))),
        None => check_escapes(host),
    }
}

fn check_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':').map(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    match port.is_empty() || digits == Some(true) {
        true => Ok(()),
        false => Err(format!("invalid port {} after host", quote(port))),
    }
}

fn check_escapes(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('%') {
        let escape = bytes.get(at..at + 3).filter(|escape| escape[1..].iter().all(u8::is_ascii_hexdigit));
        if escape.is_none() {
            let shown: String = text[at..].chars().take(3).collect();
            return Err(format!("invalid URL escape {}", quote(&shown)));
        }
    }
    Ok(())
}

impl Url {
    fn port(&self) -> &str {
        let after = self.host.rsplit_once(']').map_or(self.host.as_str(), |(_, after)| after);
        after.rsplit_once(':').map_or("", |(_, port)| port)
    }

    fn hostname(&self) -> &str {
        match self.host.strip_prefix('[') {
            Some(inner) => inner.split(']').next().unwrap_or_default(),
            None => self.host.split(':').next().unwrap_or_default(),
        }
    }

    fn query(&self) -> Vec<(String, Vec<String>)> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        let fields = self.query.split('&').filter(|field| !field.is_empty() && !field.contains(';'));
        for field in fields {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            if check_escapes(field).is_err() {
                continue;
            }
            let read = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
            let (name, value) = (read(name), read(value));
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => found.push((name, vec![value])),
            }
        }
        found
    }
}

fn url<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("url", given)) };
    let found = parse(text).map_err(|why| format!("URL parse error during conversion from string: {why}"));
    found.map(|url| Val::Url(Rc::new(url))).map_err(EvalError::new)
}

fn is_url<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("isURL", given)) };
    Ok(Val::Bool(parse(text).is_ok()))
}

fn part<'v>(name: &str, given: &[Val<'v>], of: impl Fn(&Url) -> String) -> Outcome<'v> {
    let [Val::Url(url)] = given else { return Err(EvalError::no_such(name, given)) };
    Ok(Val::text(of(url)))
}

fn get_scheme<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getScheme", given, |url| url.scheme.clone())
}

fn get_host<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getHost", given, |url| url.host.clone())
}

fn get_hostname<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getHostname", given, |url| url.hostname().into())
}

fn get_port<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getPort", given, |url| url.port().into())
}

fn get_escaped_path<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getEscapedPath", given, |url| utf8_percent_encode(&url.path, PATH).to_string())
}

fn get_query<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Url(url)] = given else { return Err(EvalError::no_such("getQuery", given)) };
    let entry = |(name, values): (String, Vec<String>)| {
        (Val::text(name), Val::list(values.into_iter().map(Val::text).collect()))
    };
    Ok(Val::map(url.query().into_iter().map(entry).collect()))
}
