//! Evaluation. An error is a value to the logical operators: the other side may make it not matter.

use crate::ast::{Call, Entry, Expr, Fold, Item, Kind, MADE};
use crate::compare;
use crate::cost;
use crate::functions::{is_conversion, regexes};
use crate::program::Program;
use crate::value::{EvalError, List, MapVal, Outcome, Val};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What an expression's variables stand for.
#[derive(Default)]
pub struct Scope<'v> {
    values: Vec<(&'v str, Val<'v>)>,
    variables: &'v [(String, Program)],
    /// Each is evaluated once, when it is first looked at.
    known: RefCell<HashMap<&'v str, Outcome<'v>>>,
}

impl<'v> Scope<'v> {
    pub fn with(mut self, name: &'v str, value: Val<'v>) -> Scope<'v> {
        self.values.push((name, value));
        self
    }

    /// What `variables.x` stands for: expressions in this same scope.
    pub fn with_variables(mut self, variables: &'v [(String, Program)]) -> Scope<'v> {
        self.values.push(("variables", Val::Variables));
        self.variables = variables;
        self
    }
}

#[derive(Debug)]
pub struct Evaluated<'v> {
    pub value: Outcome<'v>,
    pub cost: u64,
}

impl Program {
    /// Evaluates within a bound on the cost.
    pub fn evaluate<'v>(&'v self, scope: &Scope<'v>, limit: u64) -> Evaluated<'v> {
        if let Some(why) = self.broken() {
            return Evaluated { value: Err(EvalError::new(why)), cost: 0 };
        }
        let mut machine = Machine { scope, locals: Vec::new(), cost: 0, limit };
        let value = machine.evaluate(&self.expression);
        Evaluated { value, cost: machine.cost }
    }
}

/// Marks what can be converted before any evaluation; refuses what never can be.
pub(crate) fn fold_constants(expression: &mut Expr) -> Result<(), EvalError> {
    expression.parts_mut().into_iter().try_for_each(fold_constants)?;
    let Kind::Call(call) = &mut expression.kind else { return Ok(()) };
    if matches!(call.name.as_str(), "find" | "findAll" | "matches") {
        let pattern = call.arguments.get(usize::from(call.target.is_none())).or(call.arguments.first());
        if let Some(text) = pattern.and_then(Expr::as_text) {
            regexes::compile(text)?;
        }
    }
    if call.target.is_none() && is_conversion(&call.name) && call.arguments.iter().all(Expr::is_constant) {
        call.constant = true;
        let scope = Scope::default();
        let mut machine = Machine { scope: &scope, locals: Vec::new(), cost: 0, limit: u64::MAX };
        machine.evaluate(expression).map(drop)?;
    }
    Ok(())
}

struct Machine<'m, 'v> {
    scope: &'m Scope<'v>,
    /// The innermost stands last. An error may be one of them: what a fold has made so far.
    locals: Vec<(&'v str, Outcome<'v>)>,
    cost: u64,
    limit: u64,
}

impl<'v> Machine<'_, 'v> {
    fn spend(&mut self, cost: u64) -> Result<(), EvalError> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > self.limit { Err(EvalError::too_costly()) } else { Ok(()) }
    }

    fn evaluate(&mut self, expression: &'v Expr) -> Outcome<'v> {
        match &expression.kind {
            Kind::Literal(literal) => Ok(Val::literal(literal)),
            Kind::Ident(name) => self.named(name),
            Kind::Select { of, field, test: true } => self.has(of, field),
            Kind::Select { of, field, .. } => self.select(of, field),
            Kind::Call(call) if call.constant => self.constant(call),
            Kind::Call(call) => self.call(call),
            Kind::List { .. } | Kind::Map { .. } => self.literal(expression),
            Kind::Struct { name, .. } => Err(EvalError::new(format!("unknown type: {name}"))),
            Kind::Fold(fold) => self.fold(fold),
        }
    }

    fn named(&mut self, name: &'v str) -> Outcome<'v> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some((_, value)) = self.locals.iter().rev().find(|(known, _)| *known == name) {
            let value = value.clone();
            self.spend(1)?;
            return value;
        }
        match self.scope.values.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                let value = value.clone();
                self.spend(1)?;
                Ok(value)
            }
            None => Ok(Val::Type(name.into())),
        }
    }

    /// A variable of its own expression, in a scope without the names of folds.
    fn variable(&mut self, name: &str) -> Outcome<'v> {
        let Some((name, program)) = self.scope.variables.iter().find(|(known, _)| known == name) else {
            return Err(EvalError::no_key(name));
        };
        if let Some(known) = self.scope.known.borrow().get(name.as_str()) {
            return known.clone();
        }
        let evaluated = program.evaluate(self.scope, self.limit.saturating_sub(self.cost));
        self.cost = self.cost.saturating_add(evaluated.cost);
        let value = evaluated.value.map_err(|error| EvalError {
            why: format!("composited variable {} fails to evaluate: {}", meta::quote(name), error.why),
            ..error
        });
        self.scope.known.borrow_mut().insert(name, value.clone());
        value
    }

    /// What a chain of names begins with; what is no variable costs as one.
    fn operand(&mut self, of: &'v Expr) -> Outcome<'v> {
        let value = self.evaluate(of)?;
        if !is_chained(of) {
            self.spend(1)?;
        }
        Ok(value)
    }

    /// A name or what is selected of one costs one less as a key and as a branch.
    fn attribute(&mut self, expression: &'v Expr) -> Outcome<'v> {
        let value = self.evaluate(expression)?;
        self.cost -= u64::from(is_chained(expression));
        Ok(value)
    }

    fn select(&mut self, of: &'v Expr, field: &'v str) -> Outcome<'v> {
        let operand = self.operand(of)?;
        if !matches!(operand, Val::Optional(None)) {
            self.spend(1)?;
        }
        let found = self.field(&operand, field)?;
        if matches!((&operand, &found), (Val::Optional(Some(_)), Val::Optional(None))) {
            self.cost -= 1; // what is not there was not looked into
        }
        Ok(found)
    }

    fn field(&mut self, operand: &Val<'v>, field: &'v str) -> Outcome<'v> {
        match operand {
            Val::Map(map) => map.field(field).ok_or_else(|| EvalError::no_key(field)),
            Val::Variables => self.variable(field),
            Val::Optional(Some(inner)) => Ok(Val::optional(self.optional_field(inner, field)?)),
            Val::Optional(None) => Ok(Val::Optional(None)),
            Val::List(_) => Err(EvalError::new("unsupported index type 'string' in list")),
            _ => Err(EvalError::no_key(field)),
        }
    }

    fn optional_field(&mut self, operand: &Val<'v>, field: &'v str) -> Result<Option<Val<'v>>, EvalError> {
        match operand {
            Val::Map(map) => Ok(map.field(field)),
            Val::Variables => self.variable(field).map(Some),
            Val::Optional(Some(inner)) => self.optional_field(inner, field),
            Val::List(_) => Err(EvalError::new("unsupported index type 'string' in list")),
            _ => Ok(None),
        }
    }

    fn has(&mut self, of: &'v Expr, field: &'v str) -> Outcome<'v> {
        let operand = self.evaluate(of)?;
        Ok(Val::Bool(match &operand {
            Val::Variables => self.scope.variables.iter().any(|(name, _)| name == field),
            operand => self.optional_field(operand, field)?.is_some(),
        }))
    }

    fn constant(&mut self, call: &'v Call) -> Outcome<'v> {
        let before = self.cost;
        let value = self.call(call);
        self.cost = before;
        value
    }

    fn literal(&mut self, expression: &'v Expr) -> Outcome<'v> {
        let constant = expression.is_constant();
        match &expression.kind {
            Kind::List { items } => {
                let made = self.items(items);
                self.spend(if constant { 0 } else { cost::LIST })?;
                made.map(Val::list)
            }
            Kind::Map { entries } => {
                let made = self.entries(entries);
                self.spend(if constant { 0 } else { cost::MAP })?;
                made.map(Val::map)
            }
            _ => self.evaluate(expression),
        }
    }

    fn items(&mut self, items: &'v [Item]) -> Result<Vec<Val<'v>>, EvalError> {
        let mut made = Vec::with_capacity(items.len());
        for item in items {
            let value = self.evaluate(&item.value)?;
            made.extend(given(value, item.optional)?);
        }
        Ok(made)
    }

    fn entries(&mut self, entries: &'v [Entry]) -> Result<Vec<(Val<'v>, Val<'v>)>, EvalError> {
        let mut made = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = self.evaluate(&entry.key)?;
            let value = self.evaluate(&entry.value)?;
            if let Some(value) = given(value, entry.optional)? {
                put(&mut made, key, value);
            }
        }
        Ok(made)
    }

    fn call(&mut self, call: &'v Call) -> Outcome<'v> {
        match (call.name.as_str(), &call.arguments[..]) {
            ("_&&_", [left, right]) => self.logic(left, right, false),
            ("_||_", [left, right]) => self.logic(left, right, true),
            ("_?_:_", [condition, yes, no]) => match self.evaluate(condition)? {
                Val::Bool(true) => self.attribute(yes),
                Val::Bool(false) => self.attribute(no),
                _ => Err(EvalError::no_overload()),
            },
            ("@not_strictly_false", [inner]) => self.not_strictly_false(inner),
            ("_[_]", [of, by]) => self.index(of, by),
            ("_[?_]", [of, by]) => self.optional_index(of, by),
            ("_?._", [of, field]) => self.optional_select(of, field.as_text().unwrap_or_default()),
            ("or" | "orValue", [other]) => self.alternative(call, other),
            ("_+_", [left, right]) if is_made(left) => self.append(call, right),
            ("cel.@mapInsert", [left, rest @ ..]) if is_made(left) => self.insert(rest),
            ("@in", [item, list]) if matches!(list.kind, Kind::List { .. }) && list.is_constant() => {
                let item = self.evaluate(item)?;
                let list = self.evaluate(list)?;
                self.run(call, &[item, list]).map(|(value, _)| value)
            }
            _ => self.function(call),
        }
    }

    fn run(&mut self, call: &'v Call, given: &[Val<'v>]) -> Result<(Val<'v>, u64), EvalError> {
        let Some(function) = call.found.function else { return Err(EvalError::no_overload()) };
        let overload = match &call.found.overloads[..] {
            [one] => Some(one.id),
            _ => None,
        };
        let value = (function.run)(given);
        let cost = cost::call(function.name, overload, given, value.as_ref().ok());
        match value {
            Ok(value) => Ok((value, cost)),
            Err(error) => {
                self.spend(cost)?;
                Err(error)
            }
        }
    }

    fn function(&mut self, call: &'v Call) -> Outcome<'v> {
        let given = match self.given(call) {
            Ok(given) => given,
            Err(error) => {
                self.spend(1)?; // a call costs even where what it is given is an error
                return Err(error);
            }
        };
        let (value, cost) = self.run(call, &given)?;
        self.spend(cost)?;
        Ok(value)
    }

    /// Both sides of an operator are evaluated even where one is an error.
    fn given(&mut self, call: &'v Call) -> Result<Vec<Val<'v>>, EvalError> {
        let parts = call.target.as_deref().into_iter().chain(&call.arguments);
        match (&call.target, &call.arguments[..]) {
            (None, [left, right]) => {
                let (left, right) = (self.evaluate(left), self.evaluate(right));
                costly(&right)?;
                Ok(vec![left?, right?])
            }
            _ => parts.map(|part| self.evaluate(part)).collect(),
        }
    }

    fn logic(&mut self, left: &'v Expr, right: &'v Expr, decides: bool) -> Outcome<'v> {
        let truth = |outcome: Outcome<'v>| match outcome {
            Ok(Val::Bool(b)) => Ok(b),
            Ok(_) => Err(EvalError::no_overload()),
            Err(error) => Err(error),
        };
        let left = truth(self.evaluate(left));
        match &left {
            Ok(found) if *found == decides => return Ok(Val::Bool(decides)),
            Err(error) if error.too_costly => return Err(error.clone()),
            _ => {}
        }
        match (left, truth(self.evaluate(right))) {
            (_, Ok(found)) if found == decides => Ok(Val::Bool(decides)),
            (_, Err(error)) if error.too_costly => Err(error),
            (Err(error), _) | (_, Err(error)) => Err(error),
            _ => Ok(Val::Bool(!decides)),
        }
    }

    fn not_strictly_false(&mut self, inner: &'v Expr) -> Outcome<'v> {
        let found = self.evaluate(inner);
        if let Err(error) = &found
            && error.too_costly
        {
            return Err(error.clone());
        }
        self.spend(1)?;
        Ok(Val::Bool(!matches!(found, Ok(Val::Bool(false)))))
    }

    fn index(&mut self, of: &'v Expr, by: &'v Expr) -> Outcome<'v> {
        let operand = self.operand(of)?;
        let by = self.attribute(by)?;
        let found = match &operand {
            Val::Optional(Some(inner)) => at(inner, &by)?,
            Val::Optional(None) => None,
            operand => {
                self.spend(1)?;
                return at(operand, &by)?.ok_or_else(|| missing(operand, &by));
            }
        };
        self.spend(u64::from(found.is_some()))?;
        Ok(Val::optional(found))
    }

    fn optional_index(&mut self, of: &'v Expr, by: &'v Expr) -> Outcome<'v> {
        let operand = self.operand(of)?;
        let by = self.attribute(by)?;
        let found = match &operand {
            Val::Optional(Some(inner)) => at(inner, &by)?,
            Val::Optional(None) => None,
            operand => at(operand, &by)?,
        };
        self.spend(u64::from(found.is_some()))?;
        Ok(Val::optional(found))
    }

    fn optional_select(&mut self, of: &'v Expr, field: &'v str) -> Outcome<'v> {
        let operand = self.operand(of)?;
        let found = self.optional_field(&operand, field)?;
        self.spend(u64::from(found.is_some()))?;
        Ok(Val::optional(found))
    }

    /// The other side is evaluated only where it is needed.
    fn alternative(&mut self, call: &'v Call, other: &'v Expr) -> Outcome<'v> {
        let Some(target) = &call.target else { return Err(EvalError::no_overload()) };
        match (self.evaluate(target)?, call.name.as_str()) {
            (Val::Optional(Some(inner)), "orValue") => Ok(Rc::unwrap_or_clone(inner)),
            (Val::Optional(None), _) => self.evaluate(other),
            (found @ Val::Optional(_), _) => Ok(found),
            _ => Err(EvalError::no_overload()),
        }
    }

    fn fold(&mut self, fold: &'v Fold) -> Outcome<'v> {
        if fold.made != MADE && !fold.result.mentions(&fold.made) {
            return self.evaluate(&fold.result); // a value under a name that nobody asks for
        }
        let over = self.evaluate(&fold.over)?;
        let first = self.evaluate(&fold.first);
        costly(&first)?;
        let place = self.locals.len();
        self.locals.push((&fold.made, first));
        let result = self.repeat(fold, &over, place).and_then(|()| self.evaluate(&fold.result));
        self.locals.truncate(place);
        result
    }

    fn repeat(&mut self, fold: &'v Fold, over: &Val<'v>, place: usize) -> Result<(), EvalError> {
        match over {
            Val::List(list) => {
                for (position, item) in list.iter().enumerate() {
                    let one = fold.second.as_ref().map_or_else(|| item.clone(), |_| Val::Int(position as i64));
                    if !self.step(fold, one, item, place)? {
                        break;
                    }
                }
            }
            Val::Map(map) if fold.second.is_some() => {
                for (key, value) in map.entries() {
                    if !self.step(fold, key, value, place)? {
                        break;
                    }
                }
            }
            Val::Map(map) => {
                for key in map.keys() {
                    if !self.step(fold, key, Val::Null, place)? {
                        break;
                    }
                }
            }
            other => return Err(EvalError::new(format!("got '{}', expected iterable type", go_type(other)))),
        }
        Ok(())
    }

    /// Whether the fold is to go on.
    fn step(&mut self, fold: &'v Fold, one: Val<'v>, two: Val<'v>, place: usize) -> Result<bool, EvalError> {
        self.locals.push((&fold.variable, Ok(one)));
        if let Some(second) = &fold.second {
            self.locals.push((second, Ok(two)));
        }
        let going = self.evaluate(&fold.going)?;
        if matches!(going, Val::Bool(true)) {
            let made = self.evaluate(&fold.step);
            costly(&made)?;
            self.locals[place].1 = made;
        }
        self.locals.truncate(place + 1);
        Ok(matches!(going, Val::Bool(true)))
    }

    /// What a fold has made so far, taken from its place: it is put back larger.
    fn take_made(&mut self) -> Outcome<'v> {
        self.spend(1)?;
        let made = self.locals.iter_mut().rev().find(|(name, _)| *name == MADE);
        made.map_or(Err(EvalError::no_overload()), |(_, made)| std::mem::replace(made, Ok(Val::Null)))
    }

    fn append(&mut self, call: &'v Call, right: &'v Expr) -> Outcome<'v> {
        let (made, more) = (self.take_made(), self.evaluate(right));
        self.spend(1)?;
        match (made?, more?) {
            (Val::List(List::Made(mut items)), Val::List(more)) => {
                Rc::make_mut(&mut items).extend(more.iter());
                Ok(Val::List(List::Made(items)))
            }
            (made, more) => self.run(call, &[made, more]).map(|(value, _)| value),
        }
    }

    fn insert(&mut self, rest: &'v [Expr]) -> Outcome<'v> {
        let made = self.take_made();
        let given = rest.iter().map(|part| self.evaluate(part)).collect::<Result<Vec<_>, _>>();
        self.spend(1)?;
        let (made, given) = (made?, given?);
        let Val::Map(MapVal::Made(mut entries)) = made else { return Err(EvalError::no_overload()) };
        let more = match &given[..] {
            [Val::Map(map)] => map.entries(),
            [key, value] => vec![(key.clone(), value.clone())],
            _ => return Err(EvalError::no_overload()),
        };
        for (key, value) in more {
            if entries.iter().any(|(known, _)| known.equals(&key)) {
                return Err(EvalError::new(format!("insert failed: key {} already exists", shown(&key))));
            }
            Rc::make_mut(&mut entries).push((key, value));
        }
        Ok(Val::Map(MapVal::Made(entries)))
    }
}

/// A variable, a field of one, an item of one.
fn is_chained(expression: &Expr) -> bool {
    match &expression.kind {
        Kind::Ident(_) | Kind::Select { test: false, .. } => true,
        Kind::Call(call) => matches!(call.name.as_str(), "_[_]" | "_[?_]" | "_?._"),
        _ => false,
    }
}

fn is_made(expression: &Expr) -> bool {
    matches!(&expression.kind, Kind::Ident(name) if name == MADE)
}

fn costly(outcome: &Outcome<'_>) -> Result<(), EvalError> {
    match outcome {
        Err(error) if error.too_costly => Err(error.clone()),
        _ => Ok(()),
    }
}

/// What an item of a literal adds: nothing where it is optional and not there.
fn given(value: Val<'_>, optional: bool) -> Result<Option<Val<'_>>, EvalError> {
    match value {
        Val::Optional(inner) if optional => Ok(inner.map(Rc::unwrap_or_clone)),
        _ if optional => Err(EvalError::no_overload()),
        value => Ok(Some(value)),
    }
}

fn put<'v>(entries: &mut Vec<(Val<'v>, Val<'v>)>, key: Val<'v>, value: Val<'v>) {
    match entries.iter_mut().find(|(known, _)| known.equals(&key)) {
        Some(known) => known.1 = value,
        None => entries.push((key, value)),
    }
}

fn at<'v>(operand: &Val<'v>, by: &Val<'v>) -> Result<Option<Val<'v>>, EvalError> {
    match operand {
        Val::List(list) => {
            let position = match by {
                Val::Int(at) => *at,
                Val::Uint(at) => i64::try_from(*at).unwrap_or(i64::MAX),
                Val::Double(at) if at.fract() == 0.0 => *at as i64,
                Val::Double(at) => return Err(EvalError::new(format!("unsupported index value {at} in list"))),
                other => {
                    let why = format!("unsupported index type '{}' in list", other.type_name());
                    return Err(EvalError::new(why));
                }
            };
            Ok(usize::try_from(position).ok().and_then(|at| list.get(at)))
        }
        Val::Map(map) => Ok(map.get(by)),
        _ => Ok(None),
    }
}

fn missing(operand: &Val<'_>, by: &Val<'_>) -> EvalError {
    match operand {
        Val::List(_) => EvalError::new(format!("index out of bounds: {}", shown(by))),
        _ => EvalError::no_key(shown(by)),
    }
}

/// A key as messages show it.
pub(crate) fn shown(key: &Val<'_>) -> String {
    match key {
        Val::Text(text) => text.to_string(),
        Val::Int(i) => i.to_string(),
        Val::Uint(u) => u.to_string(),
        Val::Double(d) => d.to_string(),
        Val::Bool(b) => b.to_string(),
        other => other.type_name().into(),
    }
}

fn go_type(value: &Val<'_>) -> &'static str {
    match value {
        Val::Null => "types.Null",
        Val::Bool(_) => "types.Bool",
        Val::Int(_) => "types.Int",
        Val::Uint(_) => "types.Uint",
        Val::Double(_) => "types.Double",
        Val::Text(_) => "types.String",
        Val::Bytes(_) => "types.Bytes",
        Val::Timestamp(_) => "types.Timestamp",
        Val::Duration(_) => "types.Duration",
        _ => "*types.Type",
    }
}

/// `a + b` of lists, where a fold does not make one.
pub(crate) fn joined<'v>(a: &List<'v>, b: &List<'v>) -> Val<'v> {
    Val::list(compare::concatenated(a, b))
}
