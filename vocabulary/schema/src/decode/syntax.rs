//! Go's complaint about a text that is no JSON. Made only after decoding has failed.

use super::DecodeError;

/// The refusal of a body whose parser said `reason`: in Go's words where Go would refuse it too.
pub(super) fn unreadable(body: &[u8], reason: &str) -> DecodeError {
    let text = complaint(body).unwrap_or_else(|| reason.to_string());
    DecodeError::Unreadable(format!("couldn't get version/kind; json parse error: {text}"))
}

/// None for well-formed JSON.
pub fn complaint(text: &[u8]) -> Option<String> {
    let mut scan = Scan { text, at: 0 };
    scan.document().err().map(|wrong| match wrong {
        Wrong::End => "unexpected end of JSON input".to_string(),
        Wrong::Byte(byte, context) => format!("invalid character {} {context}", quoted(byte)),
        Wrong::Literal { byte, word, expected } => {
            format!("invalid character {} in literal {word} (expecting {})", quoted(byte), quoted(expected))
        }
        Wrong::Deep => "exceeded max depth".to_string(),
    })
}

enum Wrong {
    End,
    Byte(u8, &'static str),
    Literal { byte: u8, word: &'static str, expected: u8 },
    Deep,
}

const VALUE: &str = "looking for beginning of value";
const KEY: &str = "looking for beginning of object key string";
const MOST_OPEN: usize = 10_000;

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Open {
    List,
    Map,
}

#[derive(Clone, Copy, PartialEq)]
enum Want {
    Value,
    ItemOrEnd,
    Key,
    KeyOrEnd,
    After,
}

impl Scan<'_> {
    fn next(&mut self) -> Result<u8, Wrong> {
        let byte = *self.text.get(self.at).ok_or(Wrong::End)?;
        self.at += 1;
        Ok(byte)
    }

    fn visible(&mut self) -> Result<u8, Wrong> {
        while self.text.get(self.at).is_some_and(|byte| b" \t\r\n".contains(byte)) {
            self.at += 1;
        }
        self.next()
    }

    fn document(&mut self) -> Result<(), Wrong> {
        let mut open = Vec::new();
        let mut want = Want::Value;
        while want != Want::After || !open.is_empty() {
            let byte = self.visible()?;
            want = self.step(want, byte, &mut open)?;
        }
        match self.visible() {
            Err(_) => Ok(()),
            Ok(byte) => Err(Wrong::Byte(byte, "after top-level value")),
        }
    }

    fn step(&mut self, want: Want, byte: u8, open: &mut Vec<Open>) -> Result<Want, Wrong> {
        match (want, byte, open.last()) {
            (Want::ItemOrEnd, b']', _)
            | (Want::KeyOrEnd, b'}', _)
            | (Want::After, b']', Some(Open::List))
            | (Want::After, b'}', Some(Open::Map)) => {
                open.pop();
                Ok(Want::After)
            }
            (Want::Value | Want::ItemOrEnd, ..) => self.begin(byte, open),
            (Want::Key | Want::KeyOrEnd, b'"', _) => self.key(),
            (Want::Key | Want::KeyOrEnd, ..) => Err(Wrong::Byte(byte, KEY)),
            (Want::After, b',', Some(Open::List)) => Ok(Want::Value),
            (Want::After, b',', _) => Ok(Want::Key),
            (Want::After, _, Some(Open::Map)) => Err(Wrong::Byte(byte, "after object key:value pair")),
            (Want::After, ..) => Err(Wrong::Byte(byte, "after array element")),
        }
    }

    /// Reads a scalar, or opens a list or a map.
    fn begin(&mut self, byte: u8, open: &mut Vec<Open>) -> Result<Want, Wrong> {
        if open.len() == MOST_OPEN {
            return Err(Wrong::Deep);
        }
        match byte {
            b'{' => {
                open.push(Open::Map);
                return Ok(Want::KeyOrEnd);
            }
            b'[' => {
                open.push(Open::List);
                return Ok(Want::ItemOrEnd);
            }
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number(byte)?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            other => return Err(Wrong::Byte(other, VALUE)),
        }
        Ok(Want::After)
    }

    fn key(&mut self) -> Result<Want, Wrong> {
        self.string()?;
        match self.visible()? {
            b':' => Ok(Want::Value),
            other => Err(Wrong::Byte(other, "after object key")),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Wrong> {
        word.bytes().skip(1).try_for_each(|expected| match self.next()? {
            byte if byte == expected => Ok(()),
            byte => Err(Wrong::Literal { byte, word, expected }),
        })
    }

    fn string(&mut self) -> Result<(), Wrong> {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                byte @ 0..0x20 => return Err(Wrong::Byte(byte, "in string literal")),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), Wrong> {
        match self.next()? {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => (0..4).try_for_each(|_| match self.next()? {
                byte if byte.is_ascii_hexdigit() => Ok(()),
                byte => Err(Wrong::Byte(byte, "in \\u hexadecimal character escape")),
            }),
            byte => Err(Wrong::Byte(byte, "in string escape code")),
        }
    }

    fn number(&mut self, first: u8) -> Result<(), Wrong> {
        let first = match first {
            b'-' => match self.next()? {
                byte @ b'0'..=b'9' => byte,
                byte => return Err(Wrong::Byte(byte, "in numeric literal")),
            },
            byte => byte,
        };
        if first != b'0' {
            self.digits();
        }
        if self.take(b".") {
            self.some_digits("after decimal point in numeric literal")?;
        }
        if self.take(b"eE") {
            self.take(b"+-");
            self.some_digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn take(&mut self, any: &[u8]) -> bool {
        let found = self.text.get(self.at).is_some_and(|byte| any.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) {
        while self.take(b"0123456789") {}
    }

    fn some_digits(&mut self, context: &'static str) -> Result<(), Wrong> {
        match self.next()? {
            b'0'..=b'9' => {
                self.digits();
                Ok(())
            }
            byte => Err(Wrong::Byte(byte, context)),
        }
    }
}

/// A byte in Go's single quotes.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_string(),
        b'"' => "'\"'".to_string(),
        other => {
            let text = meta::quote(char::from(other).encode_utf8(&mut [0; 4]));
            format!("'{}'", text.trim_matches('"'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_complains() {
        for (text, expect) in [
            ("", Some("unexpected end of JSON input")),
            ("{", Some("unexpected end of JSON input")),
            ("hello", Some("invalid character 'h' looking for beginning of value")),
            ("{a:1}", Some("invalid character 'a' looking for beginning of object key string")),
            (r#"{"a" 1}"#, Some("invalid character '1' after object key")),
            (r#"{"a":1 "b"}"#, Some("invalid character '\"' after object key:value pair")),
            ("[1 2]", Some("invalid character '2' after array element")),
            ("{} x", Some("invalid character 'x' after top-level value")),
            ("[01]", Some("invalid character '1' after array element")),
            ("[1.]", Some("invalid character ']' after decimal point in numeric literal")),
            ("[truf]", Some("invalid character 'f' in literal true (expecting 'e')")),
            ("[\"a\nb\"]", Some(r"invalid character '\n' in string literal")),
            ("['a']", Some(r"invalid character '\'' looking for beginning of value")),
            (r#"{"a":[1,{"b":null}],"c":-1.5e+3}"#, None),
        ] {
            assert_eq!(complaint(text.as_bytes()).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn brackets_without_end_are_no_bomb() {
        assert_eq!(complaint("[".repeat(100_000).as_bytes()).as_deref(), Some("exceeded max depth"));
    }
}
