//! Expressions beside what upstream makes of them.

use crate::{Decl, Environment, ListKind, Program, Scope, Shape, Val};
use meta::{Value, value};

const CASES: &str = include_str!("../testdata/expressions.txt");
const DATA: &str = include_str!("../testdata/self.json");

fn list(item: Decl, kind: ListKind) -> Decl {
    Decl::new(Shape::List(item.into(), kind))
}

fn of(shape: Shape) -> Decl {
    Decl::new(shape)
}

fn decl() -> Decl {
    let item = Decl::object("selfType.byname.@idx", [("name", of(Shape::Text)), ("v", of(Shape::Int))]);
    let object = Decl::object(
        "selfType.o",
        [("x", of(Shape::Int)), ("in", of(Shape::Text)), ("a-b", of(Shape::Text)), ("missing", of(Shape::Text))],
    );
    let fields = [
        ("i", of(Shape::Int)),
        ("n", of(Shape::Double)),
        ("s", of(Shape::Text)),
        ("b", of(Shape::Bool)),
        ("l", Decl::list(of(Shape::Int))),
        ("set", list(of(Shape::Text), ListKind::Set)),
        ("m", Decl::map(of(Shape::Text))),
        ("byname", list(item, ListKind::Map(["name".into()].into()))),
        ("o", object),
        ("ios", of(Shape::Dyn)),
        ("any", Decl::object("selfType.any", [])),
        ("t", of(Shape::Timestamp)),
        ("d", of(Shape::Duration)),
        ("by", of(Shape::Bytes)),
        ("nul", of(Shape::Text)),
    ];
    Decl::object("selfType", fields)
}

struct Case {
    text: String,
    expected: Vec<&'static str>,
}

fn cases() -> Vec<Case> {
    let blocks = CASES.split("\n\n").skip(1);
    let case = |block: &'static str| {
        let mut lines = block.lines();
        let first = lines.next().unwrap_or_default();
        let quoted = meta::parse(first.as_bytes()).ok().filter(|_| first.starts_with('"') && first.contains('\\'));
        let text = match quoted.as_ref().and_then(Value::as_str) {
            Some(text) => text.to_string(),
            None if first == "\"\"" || first == "\"  \"" => first.trim_matches('"').to_string(),
            None => first.to_string(),
        };
        Case { text, expected: lines.collect() }
    };
    blocks.map(case).collect()
}

/// A value as JSON has it.
fn json(value: &Val<'_>) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Bool(b) => Value::Bool(*b),
        Val::Int(i) if i.unsigned_abs() > 1 << 53 => i.to_string().into(),
        Val::Int(i) => Value::Int(*i),
        Val::Uint(u) => Value::Int(*u as i64),
        Val::Double(d) if d.fract() == 0.0 => Value::Int(*d as i64),
        Val::Double(d) => Value::Float(*d),
        Val::Text(text) => Value::from(text.to_string()),
        Val::Bytes(bytes) => {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(bytes).into()
        }
        Val::Timestamp(at) => at.to_string().into(),
        Val::List(list) => Value::List(list.iter().map(|item| json(&item)).collect()),
        Val::Map(map) => {
            Value::Map(map.entries().iter().map(|(key, value)| (crate::eval::shown(key), json(value))).collect())
        }
        other => crate::functions::text_of(other).into(),
    }
}

fn shown(value: &Val<'_>) -> (String, Value) {
    match value {
        Val::Optional(None) => ("none".into(), Value::Null),
        Val::Optional(Some(inner)) => ("optional".into(), json(inner)),
        Val::Type(name) => (format!("type {name}"), Value::Null),
        value => (String::new(), json(value)),
    }
}

fn expected_value(text: &str) -> (String, Value) {
    let read = |text: &str| meta::parse(text.as_bytes()).expect("JSON");
    match text {
        "none" => ("none".into(), Value::Null),
        text if text.starts_with("type ") => (text.into(), Value::Null),
        text => match text.strip_prefix("optional(").and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => ("optional".into(), read(inner)),
            None => (String::new(), read(text)),
        },
    }
}

fn outcome(text: &str, data: &Value) -> Vec<String> {
    let environment = Environment::default().with("self", decl()).with_any("any");
    let program = match Program::compile(text, &environment) {
        Ok(program) => program,
        Err(error) => {
            let lines = error.to_string();
            let told = lines.lines().filter_map(|line| line.strip_prefix("ERROR: <input>:"));
            return told.map(|line| format!("! {line}")).collect();
        }
    };
    if let Some(why) = program.broken() {
        return vec![format!("broken {why}")];
    }
    let declared = decl();
    let scope = Scope::default().with("self", Val::of(data, &declared)).with("any", Val::any(data));
    let evaluated = program.evaluate(&scope, 1_000_000);
    let cost = evaluated.cost;
    vec![match evaluated.value {
        Ok(value) => format!("= {:?}\t{cost}", shown(&value)),
        Err(error) => format!("x {error}\t{cost}"),
    }]
}

#[test]
fn as_upstream() {
    let data = meta::parse(DATA.as_bytes()).expect("JSON");
    let mut wrong = Vec::new();
    for Case { text, expected } in cases() {
        let expected: Vec<String> = expected
            .iter()
            .map(|line| match line.strip_prefix("= ").and_then(|rest| rest.split_once('\t')) {
                Some(("?", cost)) => format!("= ?\t{cost}"),
                Some((value, cost)) => format!("= {:?}\t{cost}", expected_value(value)),
                None => line.to_string(),
            })
            .collect();
        let mut found = outcome(&text, &data);
        if expected[0].starts_with("= ?")
            && let Some((_, cost)) = found[0].split_once('\t').filter(|_| found[0].starts_with("= "))
        {
            found = vec![format!("= ?\t{cost}")];
        }
        if found != expected {
            wrong.push(format!(
                "{text}\n  upstream {}\n  here     {}",
                expected.join("\n           "),
                found.join("\n           ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn complaints_show_the_line() {
    let environment = Environment::default().with("self", decl());
    let error = Program::compile("true &&\n self.z == 1", &environment).unwrap_err();
    assert_eq!(error.to_string(), "ERROR: <input>:2:6: undefined field 'z'\n |  self.z == 1\n | .....^");
}

#[test]
fn variables_are_evaluated_when_they_are_looked_at() {
    let plain = Environment::default().with_any("object");
    let variables = vec![
        ("twice".to_string(), Program::compile("object.n * 2", &plain).unwrap()),
        ("broken".to_string(), Program::compile("1 / 0", &plain).unwrap()),
    ];
    let kinds = Decl::object("Variables", [("twice", of(Shape::Dyn)), ("broken", of(Shape::Int))]);
    let environment = plain.with("variables", kinds);
    let object = value!({"n": 21i64});
    let evaluate = |text: &str| {
        let program = Program::compile(text, &environment).unwrap();
        let scope = Scope::default().with("object", Val::any(&object)).with_variables(&variables);
        program.evaluate(&scope, 1000).value.map(|value| format!("{value:?}")).map_err(|error| error.why)
    };
    assert_eq!(evaluate("variables.twice + variables.twice"), Ok("Int(84)".into()));
    assert_eq!(
        evaluate("variables.broken == 1"),
        Err("composited variable \"broken\" fails to evaluate: division by zero".into())
    );
}

#[test]
fn values_are_bound_to_names_where_that_is_asked_for() {
    let evaluate = |environment: &Environment| {
        let program = Program::compile("cel.bind(a, 20, a + a + 2) == 42", environment)?;
        Ok(program.evaluate(&Scope::default(), 1000).value.unwrap().as_bool())
    };
    assert_eq!(evaluate(&Environment::default().with_bindings()), Ok(Some(true)));
    let refused: Result<_, crate::CompileError> = evaluate(&Environment::default());
    assert_eq!(refused.unwrap_err().problems[0].why, "undeclared reference to 'cel' (in container '')");
}

#[test]
fn cost_is_bounded() {
    let environment = Environment::default().with("self", Decl::list(of(Shape::Int)));
    let program = Program::compile("self.all(x, self.all(y, x == y))", &environment).unwrap();
    let (data, declared) = (Value::from(vec![1i64; 725]), Decl::list(of(Shape::Int)));
    let scope = Scope::default().with("self", Val::of(&data, &declared));
    assert!(program.evaluate(&scope, 1_000_000).value.is_err_and(|error| error.too_costly));
    assert!(program.evaluate(&scope, 10_000_000).value.is_ok());
}

#[test]
fn expressions_stand_only_so_deep() {
    let compiled = |text: &str| Program::compile(text, &Environment::default()).map(|_| ());
    let nested = |times: usize| format!("{}1{}", "(1 + ".repeat(times), ")".repeat(times));
    assert_eq!(compiled(&vec!["true"; 100_000].join(" && ")), Ok(()));
    let folded = format!("{}true{}", "[1].all(x, ".repeat(240), ")".repeat(240));
    for deep in [nested(240), folded] {
        let program = Program::compile(&deep, &Environment::default()).unwrap();
        assert!(program.evaluate(&Scope::default(), 10_000).value.is_ok());
    }
    for deep in [nested(100_000), vec!["1"; 100_000].join(" + "), format!("{{}}{}", ".a".repeat(100_000))] {
        let error = compiled(&deep).unwrap_err();
        assert_eq!(error.problems[0].why, "expression recursion limit exceeded: 250");
    }
}
