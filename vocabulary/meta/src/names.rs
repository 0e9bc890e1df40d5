//! What may be a name: upstream's rules, each answering with all its complaints in upstream's words.

pub const DNS_LABEL_MAX: usize = 63;
pub const DNS_SUBDOMAIN_MAX: usize = 253;

/// As upstream's package of names says it; that of labels counts bytes.
fn too_long(most: usize) -> String {
    format!("must be no more than {most} characters")
}

fn too_many_bytes(most: usize) -> String {
    format!("must be no more than {most} bytes")
}

fn pattern(what: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{what} (regex used for validation is '{pattern}')");
    }
    let examples: Vec<String> = examples.iter().map(|e| format!("'{e}'")).collect();
    format!("{what} (e.g. {}, regex used for validation is '{pattern}')", examples.join(",  or "))
}

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_WORDS: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const SUBDOMAIN_WORDS: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const LABEL_1035_WORDS: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_WORDS: &str =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const LABEL_VALUE_WORDS: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

fn ends(text: &str, edge: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    matches!((bytes.first(), bytes.last()), (Some(&first), Some(&last)) if edge(first) && edge(last))
        && bytes.iter().all(|&b| inner(b))
}

fn lower_or_digit(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    ends(text, lower_or_digit, |b| lower_or_digit(b) || b == b'-')
}

fn is_qualified(text: &str) -> bool {
    ends(text, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

pub fn dns_label(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > DNS_LABEL_MAX {
        problems.push(too_long(DNS_LABEL_MAX));
    }
    if !is_label(text) {
        problems.push(match dns_subdomain(text).is_empty() {
            true => "must not contain dots".to_string(),
            false => pattern(LABEL_WORDS, LABEL, &["my-name", "123-abc"]),
        });
    }
    problems
}

pub fn dns_subdomain(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > DNS_SUBDOMAIN_MAX {
        problems.push(too_long(DNS_SUBDOMAIN_MAX));
    }
    if !text.split('.').all(is_label) {
        problems.push(pattern(SUBDOMAIN_WORDS, SUBDOMAIN, &["example.com"]));
    }
    problems
}

/// A label that may not begin with a digit: names of Services.
pub fn dns_1035_label(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > DNS_LABEL_MAX {
        problems.push(too_long(DNS_LABEL_MAX));
    }
    if !is_label(text) || text.starts_with(|c: char| c.is_ascii_digit()) {
        problems.push(pattern(LABEL_1035_WORDS, LABEL_1035, &["my-name", "abc-123"]));
    }
    problems
}

/// A label's key: a name with an optional DNS prefix.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                problems.push("prefix part must be non-empty".to_string());
            } else {
                problems.extend(dns_subdomain(prefix).into_iter().map(|p| format!("prefix part {p}")));
            }
            name
        }
        _ => {
            let words = format!("a valid label key {QUALIFIED_WORDS}");
            let text = pattern(&words, QUALIFIED, &["MyName", "my.name", "123-abc"]);
            return vec![format!("{text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_string());
    } else if name.len() > DNS_LABEL_MAX {
        problems.push(format!("name part {}", too_many_bytes(DNS_LABEL_MAX)));
    }
    if !is_qualified(name) {
        problems.push(format!("name part {}", pattern(QUALIFIED_WORDS, QUALIFIED, &["MyName", "my.name", "123-abc"])));
    }
    problems
}

pub fn label_value(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > DNS_LABEL_MAX {
        problems.push(too_many_bytes(DNS_LABEL_MAX));
    }
    if !text.is_empty() && !is_qualified(text) {
        problems.push(pattern(LABEL_VALUE_WORDS, LABEL_VALUE, &["MyValue", "my_value", "12345"]));
    }
    problems
}

/// A name that stands as one segment of a URL's path, and nothing more.
pub fn path_segment(text: &str) -> Vec<String> {
    match text {
        "." | ".." => return vec![format!("may not be '{text}'")],
        _ => {}
    }
    let slashes = ["/", "%"].into_iter().filter(|c| text.contains(c));
    slashes.map(|c| format!("may not contain '{c}'")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        type Judge = fn(&str) -> Vec<String>;
        let cases: &[(Judge, &str, usize)] = &[
            (dns_label, "a-1", 0),
            (dns_label, "A", 1),
            (dns_label, "", 1),
            (dns_subdomain, "a.b-c.d", 0),
            (dns_subdomain, "a..b", 1),
            (dns_subdomain, "-a", 1),
            (dns_1035_label, "1a", 1),
            (dns_1035_label, "a1", 0),
            (qualified_name, "example.com/My.Name_1", 0),
            (qualified_name, "/x", 1),
            (qualified_name, "a/b/c", 1),
            (qualified_name, "", 2),
            (label_value, "", 0),
            (label_value, "-x", 1),
            (path_segment, "a%b/c", 2),
            (path_segment, "system:node:x", 0),
        ];
        for (rule, text, problems) in cases {
            assert_eq!(rule(text).len(), *problems, "{text:?}: {:?}", rule(text));
        }
        assert_eq!(dns_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
    }
}
