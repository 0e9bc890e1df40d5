//! `-o go-template`: Go's text templates over an object's JSON.

mod functions;
mod parse;
mod run;

use meta::Value;
use parse::Node;

pub struct GoTemplate {
    nodes: Vec<Node>,
    pub allow_missing: bool,
}

impl GoTemplate {
    pub fn parse(text: &str) -> Result<GoTemplate, String> {
        Ok(GoTemplate { nodes: parse::parse(text)?, allow_missing: true })
    }

    pub fn render(&self, object: &Value) -> Result<String, String> {
        run::run(&self.nodes, object, self.allow_missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn check(template: &str, expect: &str) {
        let object = value!({
            "metadata": {"name": "a", "labels": {"x": "1", "y": "2"}},
            "items": [{"n": "one", "p": 80i64}, {"n": "two", "p": 1234567i64}],
            "data": {"s": "aGVsbG8="}, "on": true, "none": null
        });
        let rendered = GoTemplate::parse(template).and_then(|template| template.render(&object));
        assert_eq!(rendered, Ok(expect.to_string()), "{template}");
    }

    #[test]
    fn templates_are_rendered() {
        check("x {{.metadata.name}} y", "x a y");
        check("{{range .items}}{{.n}}={{.p}} {{end}}", "one=80 two=1.234567e+06 ");
        check("{{range $i, $e := .items}}{{$i}}:{{$e.n}}{{\"\\n\"}}{{end}}", "0:one\n1:two\n");
        check("{{range $k, $v := .metadata.labels}}{{$k}}={{$v}};{{end}}", "x=1;y=2;");
        check("{{range .nope}}x{{else}}nothing{{end}}", "nothing");
        check("{{if eq .metadata.name \"a\"}}yes{{else}}no{{end}}", "yes");
        check("{{if .nope}}1{{else if .on}}2{{else}}3{{end}}", "2");
        check("{{with .metadata}}{{.name}} {{$.on}}{{end}}", "a true");
        check("{{.nope}} {{.nope.deep}} {{.none}}", "<no value> <no value> <no value>");
        check("{{len .items}} {{index .metadata.labels \"x\"}} {{(index .items 1).n}}", "2 1 two");
        check("{{.data.s | base64decode}} {{printf \"%s-%v\" .metadata.name .on}}", "hello a-true");
        check("a {{- /* nothing */ -}} b", "ab");
        check("{{$x := .metadata.name}}{{range .items}}{{$x = .n}}{{end}}{{$x}}", "two");
        check("{{and .on .metadata.name}} {{or .nope \"z\"}} {{not .on}}", "a z false");
        check("{{.metadata.labels}} {{print 1 2 \"x\"}}", "map[x:1 y:2] 1 2x");
        check("{{exists . \"metadata\" \"name\"}} {{exists . \"metadata\" \"q\"}}", "true false");
        check("{{range .items}}{{if eq .n \"two\"}}{{break}}{{end}}{{.n}}{{end}}", "one");
    }

    #[test]
    fn broken_templates_are_refused() {
        for broken in ["{{.a", "{{range .a}}", "{{end}}", "{{nosuch .a}}", "{{if}}x{{end}}", "{{\"a}}"] {
            assert!(GoTemplate::parse(broken).is_err(), "{broken}");
        }
    }
}
