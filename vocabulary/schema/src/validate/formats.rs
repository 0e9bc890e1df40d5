//! The formats of strings that upstream checks; others are ignored.

use crate::{duration, pattern::Pattern};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

type Check = fn(&str) -> bool;

/// By name without dashes, as upstream compares names.
const FORMATS: &[(&str, Check)] = &[
    ("bsonobjectid", |text| text.len() == 24 && is_hex(text)),
    ("byte", |text| !text.is_empty() && STANDARD.decode(text).is_ok()),
    ("cidr", is_cidr),
    ("creditcard", is_credit_card),
    ("date", is_date),
    ("datetime", is_date_time),
    ("duration", is_duration),
    ("email", is_email),
    ("hexcolor", |text| is_hex_color(text.strip_prefix('#').unwrap_or(text))),
    ("hostname", is_hostname),
    ("ipv4", |text| sloppy_ipv4(text).is_some()),
    ("ipv6", |text| text.contains(':') && text.parse::<Ipv6Addr>().is_ok()),
    ("isbn", |text| is_isbn10(text) || is_isbn13(text)),
    ("isbn10", is_isbn10),
    ("isbn13", is_isbn13),
    ("k8slongname", |text| text.len() <= 253 && text.split('.').all(is_short_name)),
    ("k8sshortname", |text| text.len() <= 63 && is_short_name(text)),
    ("mac", is_mac),
    ("password", |_| true),
    ("rgbcolor", is_rgb_color),
    ("ssn", |text| fits(&SSN, text)),
    ("uri", is_uri),
    ("uuid", |text| is_uuid(text, None)),
    ("uuid3", |text| is_uuid(text, Some('3'))),
    ("uuid4", |text| is_uuid(text, Some('4'))),
    ("uuid5", |text| is_uuid(text, Some('5'))),
];

static HOSTNAME: LazyLock<Pattern> = LazyLock::new(|| {
    let one = r"[a-zA-Z0-9\p{S}\p{L}]";
    Pattern::new(format!(
        r"^({one}((-?{one}{{0,62}})?)|({one}(([a-zA-Z0-9-\p{{S}}\p{{L}}]{{0,61}}{one})?)(\.)){{1,}}([a-zA-Z\p{{L}}]){{2,63}})$"
    ))
});
static SSN: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"^\d{3}[- ]?\d{2}[- ]?\d{4}$"));
static CREDIT_CARD: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|(222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}|6[27][0-9]{14})$",
    )
});
static DATE_TIME: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$"));
static RGB: LazyLock<Pattern> = LazyLock::new(|| {
    let part = r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*";
    Pattern::new(format!(r"^rgb\({part},{part},{part}\)$"))
});
static LONG_DURATION: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"(\d+)\s*([A-Za-zµ]+)"));

fn find(format: &str) -> Option<Check> {
    let name = format.replace('-', "");
    FORMATS.binary_search_by(|(known, _)| known.cmp(&name.as_str())).ok().map(|index| FORMATS[index].1)
}

pub fn is_known(format: &str) -> bool {
    find(format).is_some()
}

/// Whether a text is of a format; true for a format that is not known.
pub fn matches_format(format: &str, text: &str) -> bool {
    find(format).is_none_or(|check| check(text))
}

fn fits(pattern: &Pattern, text: &str) -> bool {
    pattern.regex().is_some_and(|regex| regex.is_match(text))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_hex_color(digits: &str) -> bool {
    matches!(digits.len(), 3 | 6) && is_hex(digits)
}

fn is_rgb_color(text: &str) -> bool {
    fits(&RGB, text)
}

fn is_date(text: &str) -> bool {
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return false;
    }
    match (year.parse(), month.parse(), day.parse()) {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

fn is_date_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let Some((date, rest)) = lower.split_once('t') else { return false };
    let clock = rest.split('t').next().unwrap_or(rest);
    is_date(date) && fits(&DATE_TIME, clock) && clock[..2] <= *"23" && clock[3..5] <= *"59" && clock[6..8] <= *"59"
}

/// Go's durations and Scala's (`3 days`).
fn is_duration(text: &str) -> bool {
    const WORDS: [&str; 12] = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week", "ns", "us", "ms", "µs"];
    const UNITS: [&str; 7] = ["s", "m", "h", "hr", "d", "w", "wk"];
    if duration::parse(text).is_ok() {
        return true;
    }
    let Some(regex) = LONG_DURATION.regex() else { return false };
    regex.captures_iter(text).any(|found| {
        let unit = found[2].to_lowercase();
        UNITS.contains(&unit.as_str()) || WORDS.iter().any(|word| unit.starts_with(word))
    })
}

fn is_hostname(text: &str) -> bool {
    text.len() <= 255 && text.split('.').all(|label| label.len() <= 63) && fits(&HOSTNAME, text)
}

/// An address in the shape `local@domain` or `Name <local@domain>`.
fn is_email(text: &str) -> bool {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(inner) => inner.rsplit_once('<').map_or("", |(_, address)| address),
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    is_local(local) && is_domain(domain)
}

fn is_local(local: &str) -> bool {
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    quoted || local.split('.').all(is_atom)
}

fn is_domain(domain: &str) -> bool {
    let literal = domain.starts_with('[') && domain.ends_with(']');
    literal || domain.split('.').all(is_atom)
}

fn is_atom(text: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    !text.is_empty() && text.chars().all(allowed)
}

/// Dotted numbers, leading zeros forgiven.
fn sloppy_ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next().filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        let significant = part.trim_start_matches('0');
        *octet = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match (sloppy_ipv4(address), address.parse::<Ipv6Addr>()) {
        (Some(_), _) => 32,
        (None, Ok(_)) => 128,
        _ => return false,
    };
    !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) && length.parse::<u32>().is_ok_and(|l| l <= most)
}

fn is_mac(text: &str) -> bool {
    let groups = |separator: char, size: usize, counts: &[usize]| {
        let parts: Vec<&str> = text.split(separator).collect();
        counts.contains(&parts.len()) && parts.iter().all(|part| part.len() == size && is_hex(part))
    };
    groups(':', 2, &[6, 8, 20]) || groups('-', 2, &[6, 8, 20]) || groups('.', 4, &[3, 4, 10])
}

/// Dashes may be left out, at each of their places.
fn is_uuid(text: &str, version: Option<char>) -> bool {
    let mut rest = text;
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        rest = if index > 0 { rest.strip_prefix('-').unwrap_or(rest) } else { rest };
        let Some((part, after)) = rest.split_at_checked(length).filter(|(part, _)| is_hex(part)) else { return false };
        let first = part.chars().next();
        let variant = matches!(version, Some('4' | '5')) && index == 3;
        if (index == 2 && version.is_some() && first != version)
            || (variant && !matches!(first, Some('8' | '9' | 'a' | 'b' | 'A' | 'B')))
        {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn is_uri(text: &str) -> bool {
    let control = text.bytes().any(|byte| byte < 0x20 || byte == 0x7f);
    if text.is_empty() || control {
        return false;
    }
    if text.starts_with('/') {
        return !text.contains(' ');
    }
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.chars();
    let named = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let host = rest.strip_prefix("//").map_or("", |rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    named && !host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}'])
}

fn is_short_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn digits_of(text: &str) -> Option<Vec<u32>> {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    kept.map(|c| if matches!(c, 'X' | 'x') { Some(10) } else { c.to_digit(10) }).collect()
}

fn is_isbn10(text: &str) -> bool {
    digits_of(text).is_some_and(|digits| {
        digits.len() == 10
            && digits[..9].iter().all(|digit| *digit < 10)
            && digits.iter().zip(1..).map(|(digit, place)| digit * place).sum::<u32>() % 11 == 0
    })
}

fn is_isbn13(text: &str) -> bool {
    digits_of(text).is_some_and(|digits| {
        digits.len() == 13
            && digits.iter().all(|digit| *digit < 10)
            && digits.iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum::<u32>() % 10
                == 0
    })
}

fn is_credit_card(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !fits(&CREDIT_CARD, &digits) {
        return false;
    }
    let doubled = |(place, digit): (usize, u32)| match place % 2 {
        1 if digit > 4 => digit * 2 - 9,
        1 => digit * 2,
        _ => digit,
    };
    let sum: u32 = digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate().map(doubled).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(FORMATS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn formats() {
        for (format, good, bad) in [
            ("date", "2020-02-29", "2021-02-29"),
            ("date-time", "2020-01-01T10:00:00Z", "2020-01-01T24:00:00Z"),
            ("date-time", "2020-01-01t10:00:00.5+01:00", "2020-01-01 10:00:00Z"),
            ("duration", "1h3m", "x"),
            ("duration", "3 days", "3 parsecs"),
            ("ipv4", "10.0.0.01", "10.0.0.256"),
            ("ipv6", "::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("cidr", "fe80::/64", "fe80::"),
            ("mac", "00:1b:63:84:45:e6", "00:1b:63:84:45"),
            ("uuid", "f47ac10b58cc4372a5670e02b2c3d479", "f47ac10b-58cc-4372-a567-0e02b2c3d47"),
            ("uuid4", "F47AC10B-58CC-4372-A567-0E02B2C3D479", "f47ac10b-58cc-3372-a567-0e02b2c3d479"),
            ("byte", "aGk=", "a"),
            ("hostname", "a-b.example.com", "-a"),
            ("email", "a.b@example.com", "a@@b"),
            ("uri", "https://a/b?c", "a b"),
            ("hexcolor", "#fff", "#ffff"),
            ("rgbcolor", "rgb(1, 2,255)", "rgb(1,2,256)"),
            ("isbn10", "0321751043", "0321751044"),
            ("isbn13", "978-0321751041", "978-0321751042"),
            ("creditcard", "4111 1111 1111 1111", "4111 1111 1111 1112"),
            ("ssn", "111-22-3333", "111-2-3333"),
            ("k8s-short-name", "a-1", "A"),
            ("k8s-long-name", "a.b-1", "a..b"),
            ("bsonobjectid", "507f1f77bcf86cd799439011", "507f"),
        ] {
            assert!(matches_format(format, good), "{format} {good}");
            assert!(!matches_format(format, bad), "{format} {bad}");
        }
        assert!(matches_format("int32", "x") && !is_known("int32"));
    }
}
