//! One line of a CRI log: `TIME STREAM TAG TEXT`; a `P` tag says that the line goes on in the next.

use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub time: &'a str,
    pub stderr: bool,
    pub partial: bool,
    pub text: &'a [u8],
}

impl<'a> Line<'a> {
    /// `raw` without its newline. None when it is no line of a CRI log.
    pub fn parse(raw: &'a [u8]) -> Option<Line<'a>> {
        let mut parts = raw.splitn(4, |byte| *byte == b' ');
        let time = std::str::from_utf8(parts.next()?).ok()?;
        let stream = parts.next()?;
        let tags = parts.next()?;
        let text = parts.next().unwrap_or_default();
        let stderr = match stream {
            b"stdout" => false,
            b"stderr" => true,
            _ => return None,
        };
        let partial = tags.split(|byte| *byte == b':').next() == Some(b"P");
        Some(Line { time, stderr, partial, text })
    }

    pub fn moment(&self) -> Option<Timestamp> {
        self.time.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expect: Option<(bool, bool, &str)>) {
        let line = Line::parse(raw.as_bytes());
        let found = line.map(|l| (l.stderr, l.partial, std::str::from_utf8(l.text).unwrap()));
        assert_eq!(found, expect, "{raw}");
    }

    #[test]
    fn lines() {
        check("2026-01-01T00:00:00.1Z stdout F hello world", Some((false, false, "hello world")));
        check("2026-01-01T00:00:00.1Z stderr P part", Some((true, true, "part")));
        check("2026-01-01T00:00:00.1Z stdout F:x ", Some((false, false, "")));
        check("2026-01-01T00:00:00.1Z stdout F", Some((false, false, "")));
        check("no log", None);
        check("", None);
    }
}
