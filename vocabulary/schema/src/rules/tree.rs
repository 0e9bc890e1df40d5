//! The rules of a schema where they stand, compiled once.

use super::declare::{Declared, declare};
use crate::Rule;
use crate::structural::rule;
use crate::structural::words::{EMBEDDED, LIST_KEYS, LIST_TYPE, RULES, is_true, kind, list, schema_at, text};
use cel::{CompileError, Decl, Environment, Program, Shape, Type};
use meta::{CompactString, Value};
use std::collections::BTreeMap;

/// The rules about a value, and those about its parts.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The schema's word for the value's type.
    pub(super) kind: CompactString,
    pub(super) decl: Option<Decl>,
    pub(super) own: Vec<Compiled>,
    pub(super) fields: BTreeMap<CompactString, Rules>,
    pub(super) items: Option<Box<Rules>>,
    pub(super) values: Option<Box<Rules>>,
    pub(super) all_of: Vec<Rules>,
    /// By which an item of a list is found in an older one.
    pub(super) keys: Option<Vec<CompactString>>,
}

#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub rule: Rule,
    pub program: Result<Program, String>,
    pub message: Option<Program>,
    pub message_error: Option<String>,
    pub uses_old: bool,
    /// The path below the value that the rule is about.
    pub at: Option<String>,
}

/// The type of `self`; it has a name only so that it has one.
const NAME: &str = "selfType";

impl Rules {
    /// None where a schema has no rules at all.
    pub(crate) fn of(schema: &Value) -> Option<Rules> {
        Rules::built(schema, schema, true)
    }

    fn built(judging: &Value, node: &Value, is_resource: bool) -> Option<Rules> {
        let declared = declare(node, is_resource, NAME);
        let mut rules = Rules {
            kind: kind(node).into(),
            own: own(judging, node, declared.as_ref()),
            decl: declared.map(|declared| declared.decl),
            fields: BTreeMap::new(),
            items: below(judging, node, "items"),
            values: below(judging, node, "additionalProperties"),
            all_of: Vec::new(),
            keys: (text(node, LIST_TYPE) == "map")
                .then(|| list(node, LIST_KEYS).iter().filter_map(Value::as_str).map(Into::into).collect()),
        };
        for (name, property) in judging.fields("properties") {
            let Some(own) = schema_at(node.get("properties"), name) else { continue };
            let found = Rules::built(property, own, is_true(own, EMBEDDED));
            rules.fields.extend(found.map(|found| (name.clone(), found)));
        }
        let joined = list(judging, "allOf").iter();
        rules.all_of.extend(joined.filter_map(|member| Rules::built(member, node, is_resource)));
        let any = !(rules.own.is_empty() && rules.fields.is_empty() && rules.all_of.is_empty());
        (any || rules.items.is_some() || rules.values.is_some()).then_some(rules)
    }
}

fn below(judging: &Value, node: &Value, name: &str) -> Option<Box<Rules>> {
    let (judging, node) = (schema_at(judging, name)?, schema_at(node, name)?);
    Rules::built(judging, node, is_true(node, EMBEDDED)).map(Box::new)
}

fn own(judging: &Value, node: &Value, declared: Option<&Declared>) -> Vec<Compiled> {
    let rules = list(judging, RULES).iter().map(rule);
    let rules = rules.filter(|rule| !rule.rule.trim().is_empty());
    rules.map(|rule| compiled(rule, node, declared.map(|declared| &declared.decl))).collect()
}

pub(super) fn compiled(rule: Rule, node: &Value, decl: Option<&Decl>) -> Compiled {
    let Some(decl) = decl else {
        let program = Err("failed to convert to declType for CEL validation rules".to_string());
        return Compiled { rule, program, message: None, message_error: None, uses_old: false, at: None };
    };
    let old = match rule.optional_old_self {
        Some(true) => Decl::new(Shape::Made(Type::optional(decl.kind()))),
        _ => decl.clone(),
    };
    let environment = Environment::default().with("self", decl.clone()).with("oldSelf", old);
    let program = judged(&rule.rule, &environment);
    let uses_old = program.as_ref().is_ok_and(|program| program.mentions("oldSelf"));
    let spoken = rule.message_expression.as_deref().filter(|text| !text.is_empty() && program.is_ok());
    let message = spoken.map(|text| spoken_by(text, &environment));
    let (message, message_error) = match message {
        Some(Err(why)) => (None, Some(why)),
        Some(Ok(program)) => (Some(program), None),
        None => (None, None),
    };
    let path = rule.field_path.as_deref().filter(|path| !path.is_empty());
    let path = path.and_then(|path| crate::structural::resolve_field(path, node, true).ok());
    Compiled { at: path.map(|(path, _)| path.to_string()), rule, program, message, message_error, uses_old }
}

fn judged(text: &str, environment: &Environment) -> Result<Program, String> {
    let told = |error: CompileError| format!("compilation failed: {error}");
    let program = Program::compile(text, environment).map_err(told)?;
    match (program.kind(), program.broken()) {
        (Type::Bool, Some(why)) => Err(format!("program instantiation failed: {why}")),
        (Type::Bool, None) => Ok(program),
        _ => Err("cel expression must evaluate to a bool".into()),
    }
}

fn spoken_by(text: &str, environment: &Environment) -> Result<Program, String> {
    let told = |error: CompileError| format!("messageExpression compilation failed: {error}");
    let program = Program::compile(text, environment).map_err(told)?;
    match (program.kind(), program.broken()) {
        (Type::Text, Some(why)) => Err(format!("messageExpression instantiation failed: {why}")),
        (Type::Text, None) => Ok(program),
        _ => Err("messageExpression must evaluate to a string".into()),
    }
}
