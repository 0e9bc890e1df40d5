//! Links of a page that comes through the proxy: those to the page's own root lead through the proxy, too. As upstream,
//! only what HTML's own attributes say is changed, while the page passes by.

/// Attributes that hold an address, of each element.
const ADDRESSES: &[(&str, &[&str])] = &[
    ("a", &["href"]),
    ("applet", &["codebase"]),
    ("area", &["href"]),
    ("audio", &["src"]),
    ("base", &["href"]),
    ("blockquote", &["cite"]),
    ("body", &["background"]),
    ("button", &["formaction"]),
    ("command", &["icon"]),
    ("del", &["cite"]),
    ("embed", &["src"]),
    ("form", &["action"]),
    ("frame", &["longdesc", "src"]),
    ("head", &["profile"]),
    ("html", &["manifest"]),
    ("iframe", &["longdesc", "src"]),
    ("img", &["longdesc", "src", "usemap"]),
    ("input", &["formaction", "src", "usemap"]),
    ("ins", &["cite"]),
    ("link", &["href"]),
    ("object", &["classid", "codebase", "data", "usemap"]),
    ("q", &["cite"]),
    ("script", &["src"]),
    ("source", &["src"]),
    ("video", &["poster", "src"]),
];
/// Their text holds no tags.
const RAW: [&str; 2] = ["script", "style"];
const COMMENT: &[u8] = b"<!--";
/// A tag that is longer passes as it is.
const LONGEST: usize = 64 * 1024;

pub(super) struct Links {
    /// What is proxied, as it calls itself.
    host: String,
    prefix: String,
    rest: Vec<u8>,
    /// The element whose text is passing by.
    raw: Option<&'static str>,
}

/// How far the rest can be judged.
enum Next {
    Passes(usize),
    Tag(usize),
    Unknown,
}

impl Links {
    pub fn new(host: &str, prefix: &str) -> Links {
        Links { host: host.into(), prefix: prefix.into(), rest: Vec::new(), raw: None }
    }

    /// The next part of the page, as far as it is known what it is.
    pub fn feed(&mut self, data: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(data);
        let (mut out, mut at) = (Vec::with_capacity(self.rest.len()), 0);
        while at < self.rest.len() {
            let rest = &self.rest[at..];
            let length = match self.next(rest) {
                Next::Passes(length) => {
                    out.extend_from_slice(&rest[..length]);
                    length
                }
                Next::Tag(length) => {
                    out.extend(rewritten(&rest[..length], |link| through(link, &self.host, &self.prefix)));
                    self.raw = RAW.into_iter().find(|raw| name(&rest[1..]).eq_ignore_ascii_case(raw.as_bytes()));
                    length
                }
                Next::Unknown => break,
            };
            at += length;
        }
        self.rest.drain(..at);
        out
    }

    /// What was waiting for more that does not come.
    pub fn end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest)
    }

    fn next(&self, rest: &[u8]) -> Next {
        let known = |found: Option<usize>| match found {
            Some(length) => Next::Passes(length),
            None if rest.len() > LONGEST => Next::Passes(rest.len()),
            None => Next::Unknown,
        };
        let Some(open) = rest.iter().position(|byte| *byte == b'<') else { return Next::Passes(rest.len()) };
        match rest[open..] {
            _ if open > 0 => Next::Passes(open),
            _ if rest.len() < COMMENT.len() && COMMENT.starts_with(rest) => Next::Unknown,
            _ if self.raw.is_none() && rest.starts_with(COMMENT) => known(find(rest, b"-->").map(|at| at + 3)),
            [_, b'/', ref closing @ ..] => match self.raw {
                Some(raw) if closing.len() < raw.len() => Next::Unknown,
                Some(raw) if !closing[..raw.len()].eq_ignore_ascii_case(raw.as_bytes()) => Next::Passes(2),
                _ => match end_of(rest) {
                    Some(length) => Next::Tag(length),
                    None => known(None),
                },
            },
            [_, letter, ..] if letter.is_ascii_alphabetic() && self.raw.is_none() => match end_of(rest) {
                Some(length) => Next::Tag(length),
                None => known(None),
            },
            _ => Next::Passes(1),
        }
    }
}

/// Up to the bracket that closes a tag and stands in no attribute's value.
fn end_of(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn name(tag: &[u8]) -> &[u8] {
    let length = tag.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    &tag[..length]
}

/// A tag with other values of those of its attributes that hold addresses.
fn rewritten(tag: &[u8], change: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(tag) else { return tag.to_vec() };
    let own = name(&tag[1..]);
    let Some((_, addresses)) = ADDRESSES.iter().find(|(name, _)| own.eq_ignore_ascii_case(name.as_bytes())) else {
        return tag.to_vec();
    };
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((attribute, value, after)) = next_value(rest) {
        out.push_str(&rest[..rest.len() - value.len() - after.len()]);
        let holds = addresses.iter().any(|address| attribute.eq_ignore_ascii_case(address));
        let changed = if holds { change(value) } else { None };
        out.push_str(changed.as_deref().unwrap_or(value));
        rest = after;
    }
    out.push_str(rest);
    out.into_bytes()
}

/// The next attribute that has a value, that value without its quotes, and what follows it.
fn next_value(text: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = text.split_once('=')?;
    let attribute = before.trim_end().rsplit(|c: char| c.is_whitespace() || c == '"' || c == '\'').next()?;
    let after = after.trim_start();
    let (value, rest) = match after.chars().next()? {
        quote @ ('"' | '\'') => {
            let inner = &after[1..];
            inner.split_at(inner.find(quote)?)
        }
        _ => after.split_at(after.find(|c: char| c.is_whitespace() || c == '>')?),
    };
    Some((attribute, value, rest))
}

/// A link within what is proxied, as it leads through the proxy; none for one that may stay as it is.
pub(super) fn through(link: &str, host: &str, prefix: &str) -> Option<String> {
    let path = match link.split_once("://") {
        Some((_, rest)) => rest.strip_prefix(host).filter(|path| path.is_empty() || path.starts_with('/'))?,
        None if link.starts_with('/') && !link.starts_with("//") => link,
        None => return None,
    };
    (!path.starts_with(prefix)).then(|| format!("{prefix}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "10.0.0.1:80";

    #[test]
    fn links_stay_within_the_proxy() {
        for (link, expect) in [
            ("/x", Some("/p/proxy/x")),
            ("/p/proxy/x", None),
            ("http://10.0.0.1:80/x", Some("/p/proxy/x")),
            ("http://10.0.0.1:8080/x", None),
            ("https://example.com/", None),
            ("//example.com/x", None),
            ("x", None),
        ] {
            assert_eq!(through(link, HOST, "/p/proxy").as_deref(), expect, "{link}");
        }
    }

    #[test]
    fn pages_are_changed_where_they_have_addresses() {
        for (page, expect) in [
            ("plain /x", "plain /x"),
            (r#"<a href="/x">/x</a>"#, r#"<a href="/P/x">/x</a>"#),
            ("<A class=b HREF='/x' >", "<A class=b HREF='/P/x' >"),
            ("<a href=/x>", "<a href=/P/x>"),
            (r#"<a title="href=/x > " href="/x">"#, r#"<a title="href=/x > " href="/P/x">"#),
            (r#"<a href="x"><img src="//h/x">"#, r#"<a href="x"><img src="//h/x">"#),
            (r#"<p href="/x">"#, r#"<p href="/x">"#),
            (r#"<!-- <a href="/x"> it's --><a href="/x">"#, r#"<!-- <a href="/x"> it's --><a href="/P/x">"#),
            (
                r#"<script src="/x">if (a<b) it's('<a href="/x">')</script><link href="/y"/>"#,
                r#"<script src="/P/x">if (a<b) it's('<a href="/x">')</script><link href="/P/y"/>"#,
            ),
            ("a < b <", "a < b <"),
            (r#"<a href="/x"#, r#"<a href="/x"#),
        ] {
            for step in [1, 3, page.len()] {
                let mut links = Links::new(HOST, "/P");
                let mut out: Vec<u8> = page.as_bytes().chunks(step).flat_map(|data| links.feed(data)).collect();
                out.extend(links.end());
                assert_eq!(String::from_utf8(out).unwrap(), expect, "by {step}");
            }
        }
    }
}
