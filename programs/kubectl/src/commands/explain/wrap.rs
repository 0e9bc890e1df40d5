//! Words to lines.

/// Breaks before the word that would go beyond the limit; line breaks stay.
pub fn wrap(text: &str, limit: usize) -> String {
    text.split('\n').map(|line| wrap_line(line, limit)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, limit: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    let mut rest = line;
    while !rest.is_empty() {
        let spaces = rest.len() - rest.trim_start().len();
        let word_end = rest[spaces..].find(char::is_whitespace).map_or(rest.len(), |at| spaces + at);
        let (space, word) = rest[..word_end].split_at(spaces);
        let (space_length, word_length) = (space.chars().count(), word.chars().count());
        let too_long = column + space_length + word_length > limit;
        // A word is looked at letter by letter: one that is longer than a line breaks too, at its begin.
        let overflows_at = (limit + 1).saturating_sub(column + space_length).max(1);
        if overflows_at <= word_length && overflows_at < limit {
            out.push('\n');
            out.push_str(word);
            column = word_length;
        } else if !(word.is_empty() && too_long) {
            out.push_str(&rest[..word_end]);
            column += space_length + word_length;
        }
        rest = &rest[word_end..];
    }
    out
}

pub fn indent(text: &str, width: usize) -> String {
    let pad = " ".repeat(width);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_within_the_limit() {
        for (text, expect) in [
            ("aa bb cc", "aa bb\ncc"),
            ("a\n\nb", "a\n\nb"),
            ("longerword x", "longerword\nx"),
            ("a bc longerword", "a bc\nlongerword"),
            ("", ""),
        ] {
            assert_eq!(wrap(text, 6), expect);
        }
        assert_eq!(indent("a\nb", 2), "  a\n  b");
    }
}
