//! How a text is written: plain where it reads back as the same text, quoted or as a block where it must be.

/// A line is folded at the first space beyond.
const WIDTH: usize = 80;

/// A text as a field's value or a list's item, its first letter in `column`, its further lines two behind `indent`.
pub fn value(text: &str, column: usize, indent: usize) -> String {
    let form = Form::of(text);
    let indent = " ".repeat(indent + 2);
    match form {
        Form::Plain => fold(text, column, &indent),
        Form::Single => format!("'{}'", fold(&text.replace('\'', "''"), column + 1, &indent)),
        Form::Double => double(text, column, &indent),
        Form::Block => block(text, &indent),
    }
}

pub fn key(text: &str) -> String {
    match Form::of(text) {
        Form::Plain => text.to_string(),
        Form::Single => format!("'{}'", text.replace('\'', "''")),
        Form::Double | Form::Block => format!("\"{}\"", text.chars().map(escaped).collect::<String>()),
    }
}

enum Form {
    Plain,
    Single,
    Double,
    Block,
}

impl Form {
    fn of(text: &str) -> Form {
        let printable =
            |c: char| c == '\n' || (c >= ' ' && c != '\u{7f}' && !('\u{80}'..'\u{a0}').contains(&c) && c != '\u{feff}');
        let special = !text.chars().all(printable) || text.contains(" \n");
        match text.contains('\n') {
            _ if special => Form::Double,
            true if text.ends_with(' ') => {
                if text.contains("\n ") {
                    Form::Double
                } else {
                    Form::Single
                }
            }
            true => Form::Block,
            false if !reads_as_text(text) => Form::Double,
            false if has_indicators(text) || text.starts_with(' ') || text.ends_with(' ') => Form::Single,
            false => Form::Plain,
        }
    }
}

fn has_indicators(text: &str) -> bool {
    let blank = |c: Option<char>| c.is_none_or(|c| matches!(c, ' ' | '\t' | '\n'));
    let mut letters = text.chars();
    let (first, second) = (letters.next(), letters.next());
    let begins = match first {
        Some('#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`') => true,
        Some('?' | ':' | '-') => blank(second),
        _ => false,
    };
    let marks = text.starts_with("---") || text.starts_with("...");
    let colon = text.contains(": ") || text.ends_with(':') || text.contains(":\t");
    begins || marks || colon || text.contains(" #")
}

/// Whether the text, unquoted, would read back as a text: no number, time, truth value or null.
fn reads_as_text(text: &str) -> bool {
    match text.chars().next() {
        None => false,
        Some('+' | '-' | '0'..='9') => !(is_word(text) || is_time(text) || is_number(text) || is_base_60(text)),
        Some('.') => !(is_word(text) || text.parse::<f64>().is_ok()),
        Some(_) => !is_word(text),
    }
}

fn is_word(text: &str) -> bool {
    const WORDS: [&str; 10] = ["y", "yes", "true", "on", "n", "no", "false", "off", "null", ".nan"];
    const INFINITE: [&str; 3] = [".inf", "+.inf", "-.inf"];
    let lower = text.to_ascii_lowercase();
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    let written = |word: &&str| text == *word || text == word.to_ascii_uppercase() || text == capital(word);
    match lower.as_str() {
        "~" | "<<" => true,
        ".nan" => matches!(text, ".nan" | ".NaN" | ".NAN"),
        lower if INFINITE.contains(&lower) => {
            let word = text.trim_start_matches(['+', '-']);
            matches!(word, ".inf" | ".Inf" | ".INF")
        }
        _ => WORDS.iter().any(written),
    }
}

fn is_number(text: &str) -> bool {
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let digits =
        |text: &str, radix: u32| !text.is_empty() && u64::from_str_radix(text, radix).is_ok() && !text.starts_with('+');
    let based = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    based.iter().any(|(prefix, radix)| unsigned.strip_prefix(prefix).is_some_and(|rest| digits(rest, *radix)))
        || is_float(unsigned)
}

/// `1`, `1.`, `.5`, `1e3`
fn is_float(text: &str) -> bool {
    let (number, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(number, rest)| (number, Some(rest)));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|rest| {
        let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        !digits.is_empty() && all_digits(digits)
    });
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let number_fits = all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    exponent_fits && number_fits
}

/// `1:30`, which YAML 1.1 reads as ninety.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().is_some_and(|part| {
        part.starts_with(|c: char| c.is_ascii_digit()) && part.chars().all(|c| c.is_ascii_digit() || c == '_')
    });
    let rest: Vec<&str> = parts.map(|part| part.split('.').next().unwrap_or(part)).collect();
    let sixty = |part: &&str| {
        matches!(part.len(), 1 | 2)
            && part.chars().all(|c| c.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|n| n < 60)
    };
    first && !rest.is_empty() && rest.iter().all(sixty)
}

fn is_time(text: &str) -> bool {
    let mut parts = text.splitn(2, ['T', 't', ' ']);
    let (date, clock) = (parts.next().unwrap_or(""), parts.next());
    let numbers: Vec<&str> = date.split('-').collect();
    let fits =
        |part: &str, most: usize| !part.is_empty() && part.len() <= most && part.chars().all(|c| c.is_ascii_digit());
    let date_fits = matches!(numbers.as_slice(), [y, m, d] if y.len() == 4 && fits(y, 4) && fits(m, 2) && fits(d, 2));
    let clock_fits = clock.is_none_or(|clock| {
        clock.matches(':').count() >= 2 && clock.chars().all(|c| c.is_ascii_digit() || "Z:.+-".contains(c))
    });
    date_fits && clock_fits
}

/// Breaks at single spaces beyond the width.
fn fold(text: &str, column: usize, indent: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut out, mut column, mut after_space) = (String::new(), column, false);
    for (at, letter) in letters.iter().enumerate() {
        let single = *letter == ' ' && !after_space && letters.get(at + 1).is_some_and(|next| *next != ' ');
        if single && at > 0 && column > WIDTH {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else {
            out.push(*letter);
            column += 1;
        }
        after_space = *letter == ' ';
    }
    out
}

fn double(text: &str, column: usize, indent: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut out, mut column, mut after_space) = (String::from("\""), column + 1, false);
    for (at, letter) in letters.iter().enumerate() {
        if *letter == ' ' && !after_space && column > WIDTH && at > 0 && at + 1 < letters.len() {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
            if letters[at + 1] == ' ' {
                out.push('\\');
                column += 1;
            }
            after_space = true;
            continue;
        }
        let written = escaped(*letter);
        column += written.chars().count();
        out.push_str(&written);
        after_space = *letter == ' ';
    }
    out.push('"');
    out
}

fn escaped(letter: char) -> String {
    match letter {
        '\n' => "\\n".into(),
        '\t' => "\\t".into(),
        '\r' => "\\r".into(),
        '\0' => "\\0".into(),
        '\u{7}' => "\\a".into(),
        '\u{8}' => "\\b".into(),
        '\u{b}' => "\\v".into(),
        '\u{c}' => "\\f".into(),
        '\u{1b}' => "\\e".into(),
        '\u{85}' => "\\N".into(),
        '\u{feff}' => "\\uFEFF".into(),
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        letter if letter < ' ' || ('\u{7f}'..'\u{a0}').contains(&letter) => format!("\\x{:02X}", letter as u32),
        letter => letter.to_string(),
    }
}

fn block(text: &str, indent: &str) -> String {
    let hint = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let keep = match (text.ends_with("\n\n") || text == "\n", text.ends_with('\n')) {
        (true, _) => "+",
        (false, true) => "",
        (false, false) => "-",
    };
    let mut out = format!("|{hint}{keep}");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(indent);
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_what_they_are() {
        for (text, expect) in [
            ("plain", "plain"),
            ("", "\"\""),
            ("yes", "\"yes\""),
            ("No", "\"No\""),
            ("nO", "nO"),
            ("1", "\"1\""),
            ("1.5", "\"1.5\""),
            ("1e3", "\"1e3\""),
            ("0x1F", "\"0x1F\""),
            ("1.2.3", "1.2.3"),
            ("12:30", "\"12:30\""),
            ("2026-01-02", "\"2026-01-02\""),
            ("100m", "100m"),
            ("-", "'-'"),
            ("- a", "'- a'"),
            ("-a", "-a"),
            ("*", "'*'"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("tab\there", "\"tab\\there\""),
            ("{a}", "'{a}'"),
            (" x", "' x'"),
            ("~", "\"~\""),
            ("a\n", "|\n  a"),
        ] {
            assert_eq!(value(text, 0, 0), expect, "{text:?}");
        }
    }
}
