//! `'%s %d'.format([...])`: what stands for what is formatted, and what may be formatted by it.

use super::convert::string_of;
use crate::types::Type;
use crate::value::Val;
use meta::quote;

#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Clause(Clause),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Clause {
    verb: char,
    precision: Option<usize>,
}

const PRECISION: usize = 6;

pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut plain) = (Vec::new(), String::new());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            plain.push(c);
            continue;
        }
        let mut precision = None;
        if rest.peek() == Some(&'%') {
            rest.next();
            plain.push('%');
            continue;
        }
        if rest.peek() == Some(&'.') {
            rest.next();
            let mut digits = String::new();
            while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            precision = Some(digits.parse().map_err(|_| "could not find end of precision specifier".to_string())?);
        }
        let verb = rest.next().ok_or("unexpected end of string")?;
        if !"sdfeboxX".contains(verb) {
            let why = format!("unrecognized formatting clause {}", quote(&verb.to_string()));
            return Err(format!("could not parse formatting clause: {why}"));
        }
        pieces.push(Piece::Text(std::mem::take(&mut plain)));
        pieces.push(Piece::Clause(Clause { verb, precision }));
    }
    pieces.push(Piece::Text(plain));
    Ok(pieces)
}

pub(super) fn format(text: &str, items: &[Val<'_>]) -> Result<String, String> {
    let (mut out, mut next) = (String::new(), 0);
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Clause(clause) => {
                let item = items.get(next).ok_or_else(|| format!("index {next} out of range"))?;
                let shown = clause.format(item).ok_or_else(|| clause.complaint(item.type_name()));
                out.push_str(&shown.map_err(|why| format!("error during formatting: {why}"))?);
                next += 1;
            }
        }
    }
    Ok(out)
}

impl Clause {
    pub fn takes(&self, kind: &Type) -> bool {
        match self.verb {
            's' => !matches!(kind, Type::Opaque(..)),
            'd' | 'o' => matches!(kind, Type::Int | Type::Uint),
            'b' => matches!(kind, Type::Int | Type::Uint | Type::Bool),
            'x' | 'X' => matches!(kind, Type::Int | Type::Uint | Type::Text | Type::Bytes),
            _ => matches!(kind, Type::Double | Type::Text),
        }
    }

    pub fn complaint(&self, given: &str) -> String {
        let only = match self.verb {
            's' => {
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
            }
            'd' => "decimal clause can only be used on integers",
            'o' => "octal clause can only be used on integers",
            'b' => "only integers and bools can be formatted as binary",
            'x' | 'X' => "only integers, byte buffers, and strings can be formatted as hex",
            'f' => "fixed-point clause can only be used on doubles",
            _ => "scientific clause can only be used on doubles",
        };
        format!("{only}, was given {given}")
    }

    fn format(&self, item: &Val<'_>) -> Option<String> {
        match (self.verb, item) {
            ('s', item) => plain(item),
            ('d', Val::Int(a)) => Some(a.to_string()),
            ('d', Val::Uint(a)) => Some(a.to_string()),
            ('b', Val::Bool(b)) => Some(u8::from(*b).to_string()),
            ('b' | 'o' | 'x' | 'X', Val::Int(a)) => {
                let sign = if *a < 0 { "-" } else { "" };
                Some(format!("{sign}{}", self.radix(a.unsigned_abs())))
            }
            ('b' | 'o' | 'x' | 'X', Val::Uint(a)) => Some(self.radix(*a)),
            ('x' | 'X', Val::Text(text)) => Some(self.octets(text.as_bytes())),
            ('x' | 'X', Val::Bytes(bytes)) => Some(self.octets(bytes)),
            ('f' | 'e', Val::Double(a)) => Some(self.real(*a)),
            ('f' | 'e', Val::Text(text)) => match &**text {
                "NaN" => Some("NaN".into()),
                "Infinity" => Some("∞".into()),
                "-Infinity" => Some("-∞".into()),
                _ => None,
            },
            _ => None,
        }
    }

    fn radix(&self, number: u64) -> String {
        match self.verb {
            'b' => format!("{number:b}"),
            'o' => format!("{number:o}"),
            'x' => format!("{number:x}"),
            _ => format!("{number:X}"),
        }
    }

    fn octets(&self, bytes: &[u8]) -> String {
        let upper = self.verb == 'X';
        bytes.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
    }

    fn real(&self, number: f64) -> String {
        if number.is_nan() {
            return "NaN".into();
        }
        if number.is_infinite() {
            return if number > 0.0 { "∞" } else { "-∞" }.into();
        }
        let precision = self.precision.unwrap_or(PRECISION);
        if self.verb == 'f' {
            return grouped(&format!("{number:.precision$}"));
        }
        let text = format!("{number:.PRECISION$e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, power) = power.strip_prefix('-').map_or(("", power), |power| ("⁻", power));
        let raised: String = format!("{power:0>2}").chars().filter_map(superscript).collect();
        format!("{digits}×10{sign}{raised}")
    }
}

fn superscript(digit: char) -> Option<char> {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10)? as usize)
}

/// Thousands apart, as in English.
fn grouped(number: &str) -> String {
    let (sign, unsigned) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) =
        unsigned.split_once('.').map_or((unsigned, ""), |(whole, _)| (whole, &unsigned[whole.len()..]));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}{fraction}")
}

fn plain(item: &Val<'_>) -> Option<String> {
    match item {
        Val::Null => Some("null".into()),
        Val::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Val::List(list) => {
            let items: Option<Vec<String>> = list.iter().map(|item| inner(&item)).collect();
            items.map(|items| format!("[{}]", items.join(", ")))
        }
        Val::Map(map) => {
            let entry = |(key, value): &(Val<'_>, Val<'_>)| Some(format!("{}:{}", inner(key)?, inner(value)?));
            let mut entries = map.entries().iter().map(entry).collect::<Option<Vec<String>>>()?;
            entries.sort();
            Some(format!("{{{}}}", entries.join(", ")))
        }
        Val::Ip(_) | Val::Cidr(_) => None,
        item => string_of(item),
    }
}

/// Inside of lists and maps, as an expression would write it.
fn inner(item: &Val<'_>) -> Option<String> {
    match item {
        Val::Text(text) => Some(quote(text)),
        Val::Bytes(bytes) => Some(format!("b{}", quote(&String::from_utf8_lossy(bytes)))),
        Val::Double(a) if !a.is_finite() => Some(quote(&string_of(item)?)),
        Val::Double(a) => Some(format!("{a:.PRECISION$}")),
        Val::Timestamp(_) => Some(format!("timestamp({})", quote(&string_of(item)?))),
        Val::Duration(_) => Some(format!("duration({})", quote(&string_of(item)?))),
        item => plain(item),
    }
}
