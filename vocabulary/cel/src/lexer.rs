//! Text to tokens. What is no token is told and passed over, as upstream's generated lexer does it.

use crate::problem::Problem;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Int(String),
    Uint(String),
    Double(String),
    Text {
        raw: bool,
        body: String,
    },
    Bytes {
        raw: bool,
        body: String,
    },
    Ident(String),
    /// In backticks.
    Quoted,
    Mark(&'static str),
    End,
}

#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub at: usize,
    pub token: Token,
    /// As it is written.
    pub text: String,
}

/// Longer marks stand before those they begin with.
const MARKS: [&str; 24] = [
    "||", "&&", "==", "!=", "<=", ">=", "?", ":", "<", ">", "+", "-", "*", "/", "%", "!", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

const WORDS: [&str; 4] = ["true", "false", "null", "in"];

pub(crate) fn tokens(text: &str) -> (Vec<Placed>, Vec<Problem>) {
    let chars: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { chars: &chars, at: 0 };
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    loop {
        lexer.skip_space();
        let at = lexer.at;
        match lexer.token() {
            Some(token) => {
                let ended = token == Token::End;
                let text = if ended { "<EOF>".to_string() } else { chars[at..lexer.at].iter().collect() };
                found.push(Placed { at, token, text });
                if ended {
                    return (found, problems);
                }
            }
            None => {
                lexer.at = (lexer.at + 1).min(chars.len()); // the character that did not fit is part of what is told
                let wrong: String = chars[at..lexer.at].iter().collect();
                problems
                    .push(Problem::new(at, format!("Syntax error: token recognition error at: '{}'", told(&wrong))));
            }
        }
    }
}

fn told(wrong: &str) -> String {
    wrong.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

struct Lexer<'t> {
    chars: &'t [char],
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn ended(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn skip_space(&mut self) {
        loop {
            if matches!(self.peek(0), ' ' | '\t' | '\r' | '\n' | '\u{c}') {
                self.at += 1;
            } else if self.peek(0) == '/' && self.peek(1) == '/' {
                while !self.ended() && self.peek(0) != '\n' {
                    self.at += 1;
                }
            } else {
                return;
            }
        }
    }

    /// None where there is no token; the place is then at the first character that did not fit.
    fn token(&mut self) -> Option<Token> {
        let first = self.peek(0);
        if self.ended() {
            return Some(Token::End);
        }
        if first.is_ascii_digit() || (first == '.' && self.peek(1).is_ascii_digit()) {
            return Some(self.number());
        }
        if let Some((raw, bytes, prefix)) = self.text_prefix() {
            self.at += prefix;
            return self.text(raw, bytes);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            return Some(self.word());
        }
        if first == '`' {
            return self.quoted();
        }
        let Some(mark) = MARKS.iter().find(|mark| mark.chars().enumerate().all(|(i, c)| self.peek(i) == c)) else {
            self.at += usize::from(matches!(first, '=' | '&' | '|'));
            return None;
        };
        self.at += mark.len();
        Some(Token::Mark(mark))
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        while self.peek(0).is_ascii_alphanumeric() || self.peek(0) == '_' {
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        match WORDS.iter().find(|known| **known == word) {
            Some(known) => Token::Mark(known),
            None => Token::Ident(word),
        }
    }

    fn quoted(&mut self) -> Option<Token> {
        self.at += 1;
        while matches!(self.peek(0), '_' | '.' | '-' | '/' | ' ') || self.peek(0).is_ascii_alphanumeric() {
            self.at += 1;
        }
        (self.peek(0) == '`').then(|| {
            self.at += 1;
            Token::Quoted
        })
    }

    /// Whether a text begins here: raw, of bytes, and how long its prefix is.
    fn text_prefix(&self) -> Option<(bool, bool, usize)> {
        let bytes = usize::from(matches!(self.peek(0), 'b' | 'B'));
        let raw = usize::from(matches!(self.peek(bytes), 'r' | 'R'));
        matches!(self.peek(bytes + raw), '"' | '\'').then_some((raw == 1, bytes == 1, bytes + raw))
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        let hex = self.peek(0) == '0' && self.peek(1) == 'x' && self.peek(2).is_ascii_hexdigit();
        if hex {
            self.at += 2;
            self.digits(16);
        } else {
            self.digits(10);
            if let Some(real) = self.fraction(start) {
                return real;
            }
        }
        let text = self.chars[start..self.at].iter().collect();
        if matches!(self.peek(0), 'u' | 'U') {
            self.at += 1;
            return Token::Uint(text);
        }
        Token::Int(text)
    }

    fn digits(&mut self, radix: u32) {
        while self.peek(0).is_digit(radix) {
            self.at += 1;
        }
    }

    fn fraction(&mut self, start: usize) -> Option<Token> {
        let mut real = false;
        if self.peek(0) == '.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.digits(10);
            real = true;
        }
        let sign = usize::from(matches!(self.peek(1), '+' | '-'));
        if matches!(self.peek(0), 'e' | 'E') && self.peek(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            self.digits(10);
            real = true;
        }
        real.then(|| Token::Double(self.chars[start..self.at].iter().collect()))
    }

    fn text(&mut self, raw: bool, bytes: bool) -> Option<Token> {
        let quote = self.peek(0);
        let long = self.peek(1) == quote && self.peek(2) == quote && self.closes_long(quote);
        let ends = if long { 3 } else { 1 };
        self.at += ends;
        let start = self.at;
        while !(0..ends).all(|ahead| self.peek(ahead) == quote) {
            if self.ended() || (!long && matches!(self.peek(0), '\n' | '\r')) {
                return None;
            }
            match self.peek(0) == '\\' && !raw {
                true => self.escape()?,
                false => self.at += 1,
            }
        }
        let body = self.chars[start..self.at].iter().collect();
        self.at += ends;
        Some(if bytes { Token::Bytes { raw, body } } else { Token::Text { raw, body } })
    }

    /// Without its end, a long text is an empty one and what follows it.
    fn closes_long(&self, quote: char) -> bool {
        let rest = self.chars.get(self.at + 3..).unwrap_or_default();
        rest.windows(3).any(|window| window.iter().all(|c| *c == quote))
    }

    fn escape(&mut self) -> Option<()> {
        self.at += 1;
        let digits = match self.peek(0) {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' | '?' | '"' | '\'' | '`' => 0,
            'x' | 'X' => 2,
            'u' => 4,
            'U' => 8,
            '0'..='3' => return self.octal(),
            _ => return None,
        };
        self.at += 1;
        for _ in 0..digits {
            if !self.peek(0).is_ascii_hexdigit() {
                return None;
            }
            self.at += 1;
        }
        Some(())
    }

    fn octal(&mut self) -> Option<()> {
        for _ in 0..3 {
            if !self.peek(0).is_digit(8) {
                return None;
            }
            self.at += 1;
        }
        Some(())
    }
}

/// The characters that a text's body stands for; of bytes, numbers of one byte are that byte.
pub(crate) fn unescape(body: &str, raw: bool, bytes: bool) -> Result<Vec<u8>, &'static str> {
    let body = body.replace("\r\n", "\n").replace('\r', "\n");
    if raw {
        return Ok(body.into_bytes());
    }
    let mut out = Vec::new();
    let mut rest = body.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            push(&mut out, c);
            continue;
        }
        let escaped = rest.next().unwrap_or('\\');
        let (digits, radix) = match escaped {
            'x' | 'X' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='3' => (3, 8),
            other => {
                push(&mut out, simple(other));
                continue;
            }
        };
        let first = if radix == 8 { String::from(escaped) } else { String::new() };
        let left = digits - first.len();
        let code =
            first.chars().chain(rest.by_ref().take(left)).fold(0, |n, c| n * radix + c.to_digit(radix).unwrap_or(0));
        match (bytes, escaped) {
            (true, 'u' | 'U') => return Err("unable to unescape string"),
            (true, _) => out.push(code as u8),
            (false, _) => push(&mut out, char::from_u32(code).ok_or("invalid unicode code point")?),
        }
    }
    Ok(out)
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn simple(escaped: char) -> char {
    match escaped {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        other => other,
    }
}
