//! `-o custom-columns`: a header and a path for each column.

use super::tabs;
use crate::failure::Failure;
use crate::go;
use crate::jsonpath::{Template, relaxed};
use meta::Value;

pub struct Columns {
    columns: Vec<(String, Template)>,
    headers: bool,
}

impl Columns {
    /// `NAME:.metadata.name,AGE:...`
    pub fn of_spec(spec: &str, no_headers: bool) -> Result<Columns, Failure> {
        if spec.is_empty() {
            return Err(Failure::text("custom-columns format specified but no custom columns given"));
        }
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let (header, path) = part.split_once(':').ok_or_else(|| {
                Failure::text(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"))
            })?;
            columns.push((header.to_string(), template(path)?));
        }
        Ok(Columns { columns, headers: !no_headers })
    }

    /// A file of two lines: the headers, and below them the paths.
    pub fn of_file(path: &str, no_headers: bool) -> Result<Columns, Failure> {
        if path.is_empty() {
            return Err(Failure::text("custom-columns format specified but no custom columns given"));
        }
        let text = std::fs::read_to_string(path).map_err(|_| {
            Failure::text(format!("error reading template {path}, open {path}: no such file or directory\n"))
        })?;
        let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let missing = |what: &str| {
            let expected =
                "Expected format is one line of space separated headers, one line of space separated column specs.";
            Failure::text(format!("invalid template, missing {what} line. {expected}"))
        };
        let headers = lines.next().ok_or_else(|| missing("header"))?;
        let paths = lines.next().ok_or_else(|| missing("spec"))?;
        if headers.len() != paths.len() {
            let (headers, paths) = (headers.len(), paths.len());
            return Err(Failure::text(format!(
                "number of headers ({headers}) and field specifications ({paths}) don't match"
            )));
        }
        let columns = headers.iter().zip(paths).map(|(header, path)| Ok((header.to_string(), template(path)?)));
        Ok(Columns { columns: columns.collect::<Result<_, Failure>>()?, headers: !no_headers })
    }

    pub fn render(&self, object: &Value, first: bool) -> Result<String, Failure> {
        let mut text = String::new();
        if self.headers && first {
            let headers: Vec<&str> = self.columns.iter().map(|(header, _)| header.as_str()).collect();
            text.push_str(&format!("{}\n", headers.join("\t")));
        }
        let one = std::slice::from_ref(object);
        for item in object.get("items").as_list().unwrap_or(one) {
            let cells: Result<Vec<String>, Failure> =
                self.columns.iter().map(|(_, template)| cell(template, item)).collect();
            text.push_str(&format!("{}\n", cells?.join("\t")));
        }
        Ok(tabs::align(&text, tabs::TABLE))
    }
}

fn template(path: &str) -> Result<Template, Failure> {
    let path = relaxed(path).map_err(Failure::text)?;
    Template::parse(&path).map_err(Failure::text)
}

fn cell(template: &Template, object: &Value) -> Result<String, Failure> {
    let found = template.find(object).map_err(Failure::text)?;
    if found.first().is_none_or(Vec::is_empty) {
        return Ok("<none>".into());
    }
    Ok(found.concat().into_iter().map(go::sprint).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn columns_hold_what_their_paths_find() {
        let list = value!({"items": [{"a": {"b": "x"}, "l": [1i64, 2i64]}, {"a": {}}]});
        for (spec, no_headers, expect) in
            [("B:.a.b,L:{.l[*]}", false, "B        L\nx        1,2\n<none>   <none>\n"), ("B:a.b", true, "x\n<none>\n")]
        {
            let columns = Columns::of_spec(spec, no_headers).expect(spec);
            assert_eq!(columns.render(&list, true).expect(spec), expect);
        }
        assert!(Columns::of_spec("x", false).is_err());
    }
}
