//! `$(VAR)` references in values, commands and sub-paths; `$$` is a dollar, and what is not known stays as it stands.

pub fn expand<'v>(input: &str, lookup: impl Fn(&str) -> Option<&'v str>) -> String {
    expand_noting(input, lookup).0
}

/// Also tells which names were not known.
pub fn expand_noting<'v>(input: &str, lookup: impl Fn(&str) -> Option<&'v str>) -> (String, Vec<String>) {
    let (mut out, mut missing) = (String::with_capacity(input.len()), Vec::new());
    let mut rest = input;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            match lookup(name) {
                Some(value) => out.push_str(value),
                None => {
                    missing.push(name.to_owned());
                    out.push_str(&format!("$({name})"));
                }
            }
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    (out, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: &str) {
        let lookup = |name: &str| match name {
            "A" => Some("a"),
            "EMPTY" => Some(""),
            "REF" => Some("$(A)"),
            _ => None,
        };
        assert_eq!(expand(input, lookup), expect, "{input}");
    }

    #[test]
    fn references_are_replaced_once() {
        check("$(A)", "a");
        check("x$(A)y$(A)z", "xayaz");
        check("$(EMPTY)", "");
        check("$(REF)", "$(A)");
        check("$(MISSING)", "$(MISSING)");
        check("$$(A)", "$(A)");
        check("$$$(A)", "$a");
        check("$A", "$A");
        check("$(A", "$(A");
        check("a$", "a$");
        check("$$", "$");
        check("", "");
    }
}
