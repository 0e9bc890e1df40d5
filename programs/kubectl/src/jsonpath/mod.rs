//! Upstream's JSONPath templates: text with actions in braces, ranges, filters, slices, unions.
//!
//! `schema::jsonpath` reads the single paths of custom resource definitions; this is the language around them that `-o
//! jsonpath`, `--sort-by`, `custom-columns` and `wait --for=jsonpath` speak.

mod parse;
mod walk;

use crate::go;
use meta::Value;

#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
    pub allow_missing: bool,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Action(Vec<Node>),
    Range(Vec<Node>, Vec<Part>),
}

#[derive(Debug)]
enum Node {
    Literal(Value),
    /// A number or truth value stands once for each input.
    Constant(Value),
    Field(String),
    Slice([Option<i64>; 3], bool),
    Union(Vec<Vec<Node>>),
    Every,
    Recursive,
    Filter {
        left: Vec<Node>,
        operator: String,
        right: Vec<Node>,
    },
    Unknown(String),
}

impl Template {
    pub fn parse(text: &str) -> Result<Template, String> {
        Ok(Template { parts: parse::parse(text)?, allow_missing: true })
    }

    /// The results, one list for each part.
    pub fn find<'v>(&'v self, value: &'v Value) -> Result<Vec<Vec<&'v Value>>, String> {
        let mut found = Vec::new();
        walk::parts(&self.parts, value, self.allow_missing, &mut |piece| {
            if let walk::Piece::Found(values) = piece {
                found.push(values);
            }
        })?;
        Ok(found)
    }

    pub fn render(&self, value: &Value) -> Result<String, String> {
        let mut text = String::new();
        walk::parts(&self.parts, value, self.allow_missing, &mut |piece| match piece {
            walk::Piece::Text(piece) => text.push_str(piece),
            walk::Piece::Found(values) => {
                text.push_str(&values.into_iter().map(printed).collect::<Vec<_>>().join(" "));
            }
        })?;
        Ok(text)
    }

    /// Each part's results as one JSON list.
    pub fn render_json(&self, value: &Value) -> Result<String, String> {
        let mut text = String::new();
        walk::parts(&self.parts, value, self.allow_missing, &mut |piece| {
            let values: Vec<Value> = match piece {
                walk::Piece::Text(piece) => vec![piece.into()],
                walk::Piece::Found(values) => values.into_iter().cloned().collect(),
            };
            text.push_str(&format!("{}\n", go::json_indented(&Value::List(values), "    ")));
        })?;
        Ok(text)
    }
}

fn printed(value: &Value) -> String {
    match value {
        Value::List(_) | Value::Map(_) => go::json(value),
        other => go::sprint(other),
    }
}

/// `name`, `.name`, `{name}` and `{.name}` all become `{.name}`.
pub fn relaxed(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let braced = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inside = braced.unwrap_or(path);
    let inside = inside.strip_prefix('.').unwrap_or(inside);
    if inside.is_empty() || inside.contains(['{', '}']) {
        return Err(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
                .into(),
        );
    }
    Ok(format!("{{.{inside}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn sample() -> Value {
        value!({
            "kind": "List",
            "items": [
                {"metadata": {"name": "a", "labels": {"x.y/z": "1"}}, "n": 3i64, "ready": true},
                {"metadata": {"name": "b"}, "n": 5i64, "ready": false}
            ]
        })
    }

    #[test]
    fn templates_render() {
        for (template, expect) in [
            ("{.kind}", "List"),
            ("{.items[*].metadata.name}", "a b"),
            ("{.items[0].metadata}", r#"{"labels":{"x.y/z":"1"},"name":"a"}"#),
            ("{.items[-1].n}", "5"),
            ("{.items[0:1].n}", "3"),
            ("{range .items[*]}{.metadata.name}={.n}{\"\\n\"}{end}.", "a=3\nb=5\n."),
            ("{.items[?(@.n>3)].metadata.name}", "b"),
            ("{.items[?(@.metadata.name==\"a\")].n}", "3"),
            ("{.items[?(@.ready==true)].n}", "3"),
            ("{.items[?(@.metadata.labels)].n}", "3"),
            ("{.items[*]['metadata.name', 'n']}", "a b 3 5"),
            ("{.items[0].metadata.labels.x\\.y/z}", "1"),
            ("{..name}", "a b"),
            ("{.items[*].absent}", ""),
            ("{.items[*].n} of {.kind}", "3 5 of List"),
        ] {
            let parsed = Template::parse(template).expect(template);
            assert_eq!(parsed.render(&sample()).as_deref(), Ok(expect), "{template}");
        }
    }

    #[test]
    fn complaints_are_upstreams() {
        for (template, complaint) in [
            ("{.a", "unclosed action"),
            ("{.a[}", "unterminated array"),
            ("{.items[x]}", "invalid array index x"),
            ("{^}", "unrecognized character in action: U+005E '^'"),
        ] {
            assert_eq!(Template::parse(template).expect_err(template), complaint, "{template}");
        }
        let far = Template::parse("{.items[9]}").expect("a path").render(&sample());
        assert_eq!(far, Err("array index out of bounds: index 9, length 2".into()));
        let strict = Template { allow_missing: false, ..Template::parse("{.x}").expect("a path") };
        assert_eq!(strict.render(&sample()), Err("x is not found".into()));
    }

    #[test]
    fn relaxed_paths_are_whole_ones() {
        for path in ["a.b", ".a.b", "{a.b}", "{.a.b}"] {
            assert_eq!(relaxed(path).as_deref(), Ok("{.a.b}"), "{path}");
        }
        assert!(relaxed("{.a}{.b}").is_err());
    }
}
