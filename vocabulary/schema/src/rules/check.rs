//! What is wrong with the rules of a definition: they do not compile, they may cost too much, they look back where
//! nothing can be found.

use super::declare::declare;
use super::tree::{Compiled, compiled};
use crate::structural::rule;
use crate::structural::words::{EMBEDDED, LIST_TYPE, RULES, is_true, kind, list, properties, schema_at, text};
use meta::{ErrorList, FieldError, Path, Value};

/// Of one expression.
const MOST: u64 = 10_000_000;
/// Of all expressions of a definition.
const MOST_IN_ALL: u64 = 100_000_000;
/// Told of as the most expensive.
const DEAREST: usize = 4;

pub(crate) fn check(schema: &Value, path: &Path) -> ErrorList {
    let mut checker = Checker { errors: ErrorList::default(), total: 0, dear: Vec::new() };
    checker.node(schema, path, &Place { is_resource: true, times: Some(1), cut_off: None });
    checker.in_all(path);
    checker.errors
}

struct Place<'p> {
    is_resource: bool,
    /// How many values may stand here; None where there is no bound.
    times: Option<u64>,
    /// From here on, a value is not found in an older object.
    cut_off: Option<&'p Path>,
}

struct Checker {
    errors: ErrorList,
    total: u64,
    dear: Vec<(Path, u64)>,
}

impl Checker {
    fn node(&mut self, schema: &Value, path: &Path, place: &Place<'_>) {
        let times = place.times.zip(repeats(schema)).map(|(a, b)| a.saturating_mul(b));
        let inner = |below: &Value| Place { is_resource: is_true(below, EMBEDDED), times, cut_off: place.cut_off };
        if let Some(values) = schema_at(schema, "additionalProperties") {
            self.node(values, &path.field("additionalProperties"), &inner(values));
        }
        for (_, property, at) in properties(schema, path) {
            self.node(property, &at, &inner(property));
        }
        if let Some(items) = schema_at(schema, "items") {
            let lost = (text(schema, LIST_TYPE) != "map").then_some(path);
            self.node(items, &path.field("items"), &Place { cut_off: place.cut_off.or(lost), ..inner(items) });
        }
        self.own(schema, path, place);
    }

    fn own(&mut self, schema: &Value, path: &Path, place: &Place<'_>) {
        let path = path.field(RULES);
        if list(schema, RULES).is_empty() {
            return;
        }
        let Some(declared) = declare(schema, place.is_resource, "selfType") else {
            let why = "internal error: failed to construct type information for x-kubernetes-validations rules: \
                       unable to convert structural schema to CEL declarations";
            return self.errors.push(FieldError::internal(&path, why));
        };
        let times = place.times.unwrap_or(3 * 1024 * 1024 / (declared.least + 1));
        for (index, written) in list(schema, RULES).iter().enumerate() {
            let compiled = compiled(rule(written), schema, Some(&declared.decl));
            self.one(&compiled, &path.index(index), times, place.cut_off);
        }
    }

    fn one(&mut self, compiled: &Compiled, path: &Path, times: u64, cut_off: Option<&Path>) {
        let at = path.field("rule");
        match &compiled.program {
            Ok(program) => self.spend("estimated rule cost", &at, program.most_cost().saturating_mul(times)),
            Err(why) => self.errors.push(refused(&at, compiled, why)),
        }
        let at = path.field("messageExpression");
        match (&compiled.message, &compiled.message_error) {
            (_, Some(why)) => self.errors.push(refused(&at, compiled, why)),
            (Some(program), None) => self.spend("estimated messageExpression cost", &at, program.most_cost()),
            (None, None) => {}
        }
        match (compiled.uses_old, cut_off, compiled.rule.optional_old_self) {
            (true, Some(cut_off), _) => {
                let why =
                    format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {cut_off}");
                self.errors.push(FieldError::invalid(&path.field("rule"), compiled.rule.rule.clone(), why));
            }
            (false, _, Some(given)) => {
                let why = "may not be set if oldSelf is not used in rule";
                self.errors.push(FieldError::invalid(&path.field("optionalOldSelf"), given, why));
            }
            _ => {}
        }
    }

    fn spend(&mut self, what: &str, at: &Path, cost: u64) {
        if cost > MOST {
            self.errors.push(FieldError::forbidden(at, too_costly(what, cost, MOST)));
        }
        self.total = self.total.saturating_add(cost);
        if cost >= MOST_IN_ALL / 100 {
            self.dear.push((at.clone(), cost));
        }
    }

    fn in_all(&mut self, path: &Path) {
        if self.total <= MOST_IN_ALL {
            return;
        }
        self.dear.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
        for (at, _) in self.dear.iter().take(DEAREST) {
            let why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
            self.errors.push(FieldError::forbidden(at, why));
        }
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        self.errors.push(FieldError::forbidden(path, too_costly(what, self.total, MOST_IN_ALL)));
    }
}

/// How many values stand below one of these; None where there is no bound.
fn repeats(schema: &Value) -> Option<u64> {
    let bound = |name: &str| schema.get(name).as_int().map(|most| most.try_into().unwrap_or(0));
    match kind(schema) {
        "object" if !schema.get("additionalProperties").is_null() => bound("maxProperties"),
        "array" => bound("maxItems"),
        _ => Some(1),
    }
}

fn too_costly(what: &str, cost: u64, most: u64) -> String {
    let times = cost as f64 / most as f64;
    let times = match times {
        100.0.. if times > 100.0 => "more than 100x".to_string(),
        ..1.5 => format!("{times:.6}x"),
        _ => format!("{times:.1}x"),
    };
    format!(
        "{what} exceeds budget by factor of {times} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}

/// Upstream shows the rule as its own program holds it, which no value of ours is shown as.
fn refused(at: &Path, compiled: &Compiled, why: &str) -> FieldError {
    let text = |text: Option<&str>| escaped(text.unwrap_or_default());
    let rule = &compiled.rule;
    let reason = rule.reason.as_deref().map_or("null".into(), escaped);
    let optional = rule.optional_old_self.map_or("null".into(), |given| given.to_string());
    let shown = format!(
        r#"{{"Rule":{},"Message":{},"MessageExpression":{},"Reason":{reason},"FieldPath":{},"OptionalOldSelf":{optional}}}"#,
        escaped(&rule.rule),
        text(rule.message.as_deref()),
        text(rule.message_expression.as_deref()),
        text(rule.field_path.as_deref()),
    );
    FieldError { value: None, ..FieldError::invalid(at, Value::Null, format!("{shown}: {why}")) }
}

/// As Go writes a text in JSON.
fn escaped(text: &str) -> String {
    let json = Value::from(text).to_string();
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
