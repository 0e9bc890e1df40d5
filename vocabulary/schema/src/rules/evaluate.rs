//! What rules say of a value, and of an update that makes it of an older one.

use super::tree::{Compiled, Rules};
use super::{EXPRESSION_BUDGET, OBJECT_BUDGET};
use crate::Schema;
use crate::trail::Trail;
use cel::{Decl, EvalError, Program, Scope, Val};
use meta::{CompactString, ErrorList, FieldError, Problem, Value};

/// How upstream prints the path of what has none.
const NOWHERE: &str = "<nil>";
const LONGEST_MESSAGE: usize = 5 * 1024;

/// What rules have to say.
#[derive(Debug, Default)]
pub struct Verdict {
    pub errors: ErrorList,
    /// Broken rules about what was broken before and has not changed.
    pub warnings: Vec<String>,
}

impl Schema {
    /// What the rules in CEL say of an object, and of its change from an older one.
    pub fn judge_rules(&self, new: &Value, old: Option<&Value>) -> Verdict {
        let mut judge = Judge { verdict: Verdict::default(), left: OBJECT_BUDGET };
        if let Some(rules) = &self.types.rules {
            // Nothing is left to tell where the budget ends: the error that says so is told already.
            let _ended = judge.node(rules, new, old, old == Some(new), &Trail::Root);
        }
        judge.verdict
    }
}

/// No further rule is to be looked at.
struct Ended;

struct Judge {
    verdict: Verdict,
    /// Of the budget.
    left: u64,
}

impl Judge {
    /// `same`: this or something around it is as it was.
    fn node(
        &mut self,
        rules: &Rules,
        new: &Value,
        old: Option<&Value>,
        same: bool,
        trail: &Trail<'_>,
    ) -> Result<(), Ended> {
        if new.is_null() {
            return Ok(());
        }
        let old = old.filter(|old| !old.is_null());
        self.own(rules, new, old, same, trail)?;
        for joined in &rules.all_of {
            self.node(joined, new, old, same, trail)?;
        }
        match new {
            Value::List(items) => self.list(rules, items, old, same, trail),
            Value::Map(fields) => self.map(rules, fields, old, same, trail),
            _ => Ok(()),
        }
    }

    fn list(
        &mut self,
        rules: &Rules,
        items: &[Value],
        old: Option<&Value>,
        same: bool,
        trail: &Trail<'_>,
    ) -> Result<(), Ended> {
        let Some(inner) = &rules.items else { return Ok(()) };
        for (index, item) in items.iter().enumerate() {
            let before = rules.keys.as_deref().and_then(|keys| with_keys_of(old?, keys, item));
            let same = before.map_or(same, |before| before == item);
            self.node(inner, item, before, same, &Trail::Index(trail, index))?;
        }
        Ok(())
    }

    fn map(
        &mut self,
        rules: &Rules,
        fields: &meta::Map,
        old: Option<&Value>,
        same: bool,
        trail: &Trail<'_>,
    ) -> Result<(), Ended> {
        for (name, value) in fields.iter() {
            let before = old.and_then(|old| old.as_map()?.get(name));
            let same = before.map_or(same, |before| before == value);
            if let Some(inner) = &rules.values {
                self.node(inner, value, before, same, &Trail::Key(trail, &format!("[{name}]")))?;
            }
            if let Some(inner) = rules.fields.get(name) {
                self.node(inner, value, before, same, &Trail::Name(trail, name))?;
            }
        }
        Ok(())
    }

    fn own<'v>(
        &mut self,
        rules: &'v Rules,
        new: &'v Value,
        old: Option<&'v Value>,
        same: bool,
        trail: &Trail<'_>,
    ) -> Result<(), Ended> {
        let Some(decl) = rules.decl.as_ref().filter(|_| !rules.own.is_empty()) else { return Ok(()) };
        if self.left == 0 {
            return self.end(&rules.kind, trail, OUT_OF_BUDGET);
        }
        for compiled in &rules.own {
            let optional = compiled.rule.optional_old_self == Some(true);
            if compiled.uses_old && old.is_none() && !optional {
                continue; // a rule about a change, and there is none
            }
            let program = match &compiled.program {
                Ok(program) => program,
                Err(why) => {
                    self.wrong(&rules.kind, trail, format!("rule compile error: {why}"));
                    continue;
                }
            };
            let scope = scope(decl, new, old, optional);
            match self.evaluate(program, &scope) {
                None => return self.end(&rules.kind, trail, OUT_OF_BUDGET),
                Some(Ok(Val::Bool(true))) => {}
                Some(Ok(_)) => self.broken(rules, compiled, &scope, new, same, trail)?,
                Some(Err(error)) => self.failed(&rules.kind, compiled, &error, trail)?,
            }
        }
        Ok(())
    }

    /// None where what is left of the budget is not enough.
    fn evaluate<'v>(&mut self, program: &'v Program, scope: &Scope<'v>) -> Option<Result<Val<'v>, EvalError>> {
        let evaluated = program.evaluate(scope, EXPRESSION_BUDGET);
        self.left = self.left.checked_sub(evaluated.cost)?;
        Some(evaluated.value)
    }

    fn wrong(&mut self, kind: &CompactString, trail: &Trail<'_>, detail: String) {
        let value = Some(Value::Str(kind.clone()));
        self.verdict.errors.push(FieldError { problem: Problem::Invalid, field: name(trail), value, detail });
    }

    fn end(&mut self, kind: &CompactString, trail: &Trail<'_>, why: impl Into<String>) -> Result<(), Ended> {
        self.wrong(kind, trail, why.into());
        Err(Ended)
    }

    fn failed(
        &mut self,
        kind: &CompactString,
        compiled: &Compiled,
        error: &EvalError,
        trail: &Trail<'_>,
    ) -> Result<(), Ended> {
        let rule = shown(compiled);
        if error.too_costly {
            let why = "no further validation rules will be run due to call cost exceeds limit for rule";
            return self.end(kind, trail, format!("'{error}': {why}: {rule}"));
        }
        let detail = if error.why.starts_with("no such overload") {
            let why = "call arguments did not match a supported operator, function or macro signature for rule";
            format!("'{error}': {why}: {rule}")
        } else {
            format!("{error} evaluating rule: {rule}")
        };
        self.wrong(kind, trail, detail);
        Ok(())
    }

    fn broken<'v>(
        &mut self,
        rules: &Rules,
        compiled: &'v Compiled,
        scope: &Scope<'v>,
        new: &Value,
        same: bool,
        trail: &Trail<'_>,
    ) -> Result<(), Ended> {
        let spoken = match &compiled.message {
            Some(program) => self.spoken(program, compiled, scope),
            None => Spoken::Nothing,
        };
        let field = match &compiled.at {
            Some(below) if trail.is_root() => below.clone(),
            Some(below) => format!("{trail}.{below}"),
            None => name(trail),
        };
        let forgiven = same && !compiled.uses_old;
        let detail = match spoken {
            Spoken::Text(text) => text,
            Spoken::Nothing => default_message(compiled),
            Spoken::Ended(why) => {
                let value = Some(Value::Str(rules.kind.clone()));
                self.tell(FieldError { problem: Problem::Invalid, field, value, detail: why }, forgiven);
                return Err(Ended);
            }
        };
        let problem = match compiled.rule.reason.as_deref() {
            Some("FieldValueForbidden") => Problem::Forbidden,
            Some("FieldValueRequired") => Problem::Required,
            Some("FieldValueDuplicate") => Problem::Duplicate,
            _ => Problem::Invalid,
        };
        let detail = if problem == Problem::Duplicate { String::new() } else { detail };
        let whole = matches!(&*rules.kind, "object" | "array");
        let value = (!whole).then(|| new.clone());
        self.tell(FieldError { problem, field, value, detail }, forgiven);
        Ok(())
    }

    fn tell(&mut self, error: FieldError, forgiven: bool) {
        match forgiven {
            true => self.verdict.warnings.push(error.to_string()),
            false => self.verdict.errors.push(error),
        }
    }

    /// What a rule's own expression says; nothing where it cannot be said.
    fn spoken<'v>(&mut self, program: &'v Program, compiled: &Compiled, scope: &Scope<'v>) -> Spoken {
        let evaluated = program.evaluate(scope, EXPRESSION_BUDGET);
        let Some(left) = self.left.checked_sub(evaluated.cost) else {
            let why = "messageExpression evaluation failed due to running out of cost budget";
            return Spoken::Ended(format!("{why}, no further validation rules will be run"));
        };
        match evaluated.value {
            Err(error) if error.too_costly => {
                let why =
                    "no further validation rules will be run due to call cost exceeds limit for messageExpression";
                let text = compiled.rule.message_expression.as_deref().unwrap_or_default();
                Spoken::Ended(format!("{why}: {}", meta::quote(text)))
            }
            Err(_) => {
                self.left = left;
                Spoken::Nothing
            }
            Ok(value) => {
                self.left = left;
                let text = value.as_text().unwrap_or_default().trim();
                match text.is_empty() || text.contains('\n') || text.len() > LONGEST_MESSAGE {
                    true => Spoken::Nothing,
                    false => Spoken::Text(text.into()),
                }
            }
        }
    }
}

enum Spoken {
    Text(String),
    Nothing,
    Ended(String),
}

const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

fn scope<'v>(decl: &'v Decl, new: &'v Value, old: Option<&'v Value>, optional: bool) -> Scope<'v> {
    let scope = Scope::default().with("self", Val::of(new, decl));
    let old = old.map(|old| Val::of(old, decl));
    match (old, optional) {
        (old, true) => scope.with("oldSelf", Val::optional(old)),
        (Some(old), false) => scope.with("oldSelf", old),
        (None, false) => scope,
    }
}

fn name(trail: &Trail<'_>) -> String {
    if trail.is_root() { NOWHERE.into() } else { trail.to_string() }
}

fn shown(compiled: &Compiled) -> &str {
    let message = compiled.rule.message.as_deref().unwrap_or_default();
    if message.is_empty() { compiled.rule.rule.trim() } else { message.trim() }
}

fn default_message(compiled: &Compiled) -> String {
    match compiled.rule.message.as_deref().unwrap_or_default() {
        "" => format!("failed rule: {}", shown(compiled)),
        message => message.trim().into(),
    }
}

fn with_keys_of<'v>(old: &'v Value, keys: &[CompactString], item: &Value) -> Option<&'v Value> {
    old.as_list()?.iter().find(|before| keys.iter().all(|key| before.get(key) == item.get(key)))
}
