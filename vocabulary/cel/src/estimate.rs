//! The most that an evaluation may cost, of the largest data that the declarations allow. Definitions whose rules may
//! cost too much are refused by it, so it follows upstream's estimate closely.

use crate::ast::{Call, Expr, Fold, Kind, Literal, MADE};
use crate::check::declared;
use crate::cost::{CHARACTER, LIST, MAP, PATTERN};
use crate::decl::Decl;
use crate::signatures::Overload;
use crate::types::Type;
use std::collections::HashMap;

pub(crate) fn estimate(expression: &Expr, types: &[Type], variables: &[(String, Decl)]) -> u64 {
    let mut estimator = Estimator {
        types,
        variables,
        paths: HashMap::new(),
        sizes: HashMap::new(),
        entries: HashMap::new(),
        locals: Vec::new(),
    };
    estimator.cost(expression).most
}

/// How large something is, or what something costs: between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    least: u64,
    most: u64,
}

const UNKNOWN: Span = Span { least: 0, most: u64::MAX };
const ZERO: Span = Span::exactly(0);
const ONE: Span = Span::exactly(1);

impl Span {
    const fn exactly(n: u64) -> Span {
        Span { least: n, most: n }
    }

    fn plus(self, other: Span) -> Span {
        Span { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }

    fn times(self, other: Span) -> Span {
        Span { least: self.least.saturating_mul(other.least), most: self.most.saturating_mul(other.most) }
    }

    fn scaled(self, factor: f64) -> Span {
        let scale = |n: u64| (n as f64 * factor).ceil() as u64; // beyond the largest number, the largest number
        Span { least: scale(self.least), most: scale(self.most) }
    }

    fn or(self, other: Span) -> Span {
        Span { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

/// The sizes of what a list or map holds.
#[derive(Clone, Copy)]
struct Held {
    is_list: bool,
    key: Span,
    value: Span,
}

struct Local {
    name: String,
    path: Option<Vec<String>>,
    size: Option<Span>,
    held: Option<Held>,
}

struct Estimator<'e> {
    types: &'e [Type],
    variables: &'e [(String, Decl)],
    /// Where the data of a part lies: a variable, fields, `@items`, `@values`, `@keys`.
    paths: HashMap<usize, Vec<String>>,
    sizes: HashMap<usize, Span>,
    entries: HashMap<usize, Held>,
    locals: Vec<Local>,
}

/// What a call costs besides what it is given, and how large its result is.
struct Estimate(Span, Option<Span>);

impl Estimator<'_> {
    fn kind_of(&self, expression: &Expr) -> &Type {
        &self.types[expression.id]
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    fn path(&self, expression: &Expr) -> Option<Vec<String>> {
        if let Kind::Ident(name) = &expression.kind
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&expression.id).cloned()
    }

    fn set_path(&mut self, expression: &Expr, of: &Expr, step: &str) {
        let mut path = self.path(of).unwrap_or_default();
        path.push(step.into());
        self.paths.insert(expression.id, path);
    }

    fn size(&self, expression: &Expr) -> Option<Span> {
        if let Some(known) = self.sizes.get(&expression.id) {
            return Some(*known);
        }
        let written = match &expression.kind {
            Kind::Literal(Literal::Text(text)) => Some(Span::exactly(text.chars().count() as u64)),
            Kind::Literal(Literal::Bytes(bytes)) => Some(Span::exactly(bytes.len() as u64)),
            Kind::Literal(_) => Some(ONE),
            Kind::List { items } => Some(Span::exactly(items.len() as u64)),
            Kind::Map { entries } => Some(Span::exactly(entries.len() as u64)),
            _ => None,
        };
        let declared = || self.declared_size(&self.path(expression)?);
        let local = || match &expression.kind {
            Kind::Ident(name) => self.local(name)?.size,
            _ => None,
        };
        written.or_else(declared).or_else(|| scalar_size(self.kind_of(expression))).or_else(local)
    }

    fn declared_size(&self, path: &[String]) -> Option<Span> {
        if let Some((step, map)) = path.split_last()
            && step == "@keys"
        {
            // Upstream takes the keys of a declared map to have no size.
            return declared(self.variables, map).map(|_| ZERO);
        }
        let decl = declared(self.variables, path)?;
        (decl.most != u64::MAX).then_some(Span { least: 0, most: decl.most })
    }

    fn size_or_unknown(&self, expression: &Expr) -> Span {
        self.size(expression).unwrap_or(UNKNOWN)
    }

    fn held(&self, expression: &Expr) -> Option<Held> {
        let known = self.entries.get(&expression.id).copied();
        known.or_else(|| match &expression.kind {
            Kind::Ident(name) => self.local(name)?.held,
            _ => None,
        })
    }

    fn cost(&mut self, expression: &Expr) -> Span {
        match &expression.kind {
            Kind::Literal(_) => ZERO,
            Kind::Ident(name) => {
                let path = self.local(name).map_or(Some(vec![name.clone()]), |local| local.path.clone());
                self.paths.extend(path.map(|path| (expression.id, path)));
                ONE
            }
            Kind::Select { of, test: true, .. } => self.cost(of),
            Kind::Select { of, field, .. } => {
                let operand = self.cost(of);
                let selects = matches!(self.kind_of(of), Type::Map(_) | Type::Object(_) | Type::Param(_));
                self.set_path(expression, of, field);
                operand.plus(if selects { ONE } else { ZERO })
            }
            Kind::Call(call) => self.call(expression, call),
            Kind::List { items } => {
                let costs = items.iter().map(|item| self.cost(&item.value)).fold(ZERO, Span::plus);
                let value = self.union(items.iter().map(|item| &item.value));
                self.entries.insert(expression.id, Held { is_list: true, key: ONE, value });
                costs.plus(Span::exactly(LIST))
            }
            Kind::Map { entries } => {
                let costs = entries
                    .iter()
                    .map(|entry| self.cost(&entry.key).plus(self.cost(&entry.value)))
                    .fold(ZERO, Span::plus);
                let key = self.union(entries.iter().map(|entry| &entry.key));
                let value = self.union(entries.iter().map(|entry| &entry.value));
                self.entries.insert(expression.id, Held { is_list: false, key, value });
                costs.plus(Span::exactly(MAP))
            }
            Kind::Struct { .. } => ZERO,
            Kind::Fold(fold) => self.fold(expression, fold),
        }
    }

    fn union<'p>(&self, parts: impl Iterator<Item = &'p Expr>) -> Span {
        let sizes = parts.map(|part| self.size_or_unknown(part));
        sizes.reduce(Span::or).unwrap_or(ZERO)
    }

    fn push(&mut self, name: &str, path: Option<Vec<String>>, size: Option<Span>, held: Option<Held>) {
        self.locals.push(Local { name: name.into(), path, size, held });
    }

    fn fold(&mut self, expression: &Expr, fold: &Fold) -> Span {
        let before = self.locals.len();
        let outside = self.cost(&fold.over).plus(self.cost(&fold.first));
        let path = self.path(&fold.first);
        self.push(&fold.made, path, self.size(&fold.first), self.held(&fold.first));
        if is_bind(fold) {
            let result = self.cost(&fold.result);
            self.locals.truncate(before);
            self.sizes.extend(self.size(&fold.result).map(|size| (expression.id, size)));
            self.entries.extend(self.held(&fold.result).map(|held| (expression.id, held)));
            return outside.plus(result);
        }
        self.push_items(fold);
        let round = self.cost(&fold.going).plus(self.cost(&fold.step));
        self.locals.truncate(before + 1);
        let result = self.cost(&fold.result);
        self.locals.truncate(before);
        let times = self.size_or_unknown(&fold.over);
        match fold.first.kind {
            Kind::Literal(_) => self.sizes.extend(self.size(&fold.first).map(|size| (expression.id, size))),
            Kind::List { .. } | Kind::Map { .. } => {
                self.sizes.insert(expression.id, times);
                self.entries.extend(self.held(&fold.step).map(|held| (expression.id, held)));
            }
            _ => {}
        }
        outside.plus(result).plus(times.times(round))
    }

    fn push_items(&mut self, fold: &Fold) {
        let held = self.held(&fold.over);
        let is_list = held.map_or(matches!(self.kind_of(&fold.over), Type::List(_)), |held| held.is_list);
        let under = |step: &str| {
            let mut path = self.path(&fold.over)?;
            path.push(step.into());
            Some(path)
        };
        let (key, value) = (held.map(|held| held.key), held.map(|held| held.value));
        let (keys, values) = if is_list { ("@indices", "@items") } else { ("@keys", "@values") };
        match &fold.second {
            Some(second) => {
                let (keys, values) = (under(keys), under(values));
                self.push(&fold.variable, keys, key, None);
                self.push(second, values, value, None);
            }
            None if is_list => {
                let path = under(values);
                self.push(&fold.variable, path, value, None);
            }
            None => {
                let path = under(keys);
                self.push(&fold.variable, path, key, None);
            }
        }
    }

    fn call(&mut self, expression: &Expr, call: &Call) -> Span {
        if call.name == "dyn" && call.arguments.len() == 1 {
            let inner = self.cost(&call.arguments[0]);
            self.sizes.extend(self.size(&call.arguments[0]).map(|size| (expression.id, size)));
            self.entries.extend(self.held(&call.arguments[0]).map(|held| (expression.id, held)));
            return inner.plus(ONE);
        }
        let given: Vec<Span> = call.arguments.iter().map(|argument| self.cost(argument)).collect();
        let target = call.target.as_ref().map_or(ZERO, |target| self.cost(target));
        if call.found.overloads.is_empty() {
            return given.into_iter().fold(target, Span::plus);
        }
        let mut whole = Span { least: u64::MAX, most: 0 };
        let mut size: Option<Span> = None;
        for overload in &call.found.overloads {
            let Estimate(cost, made) = self.overload(expression, call, overload, &given);
            whole = whole.or(cost);
            size = match (size, made) {
                (Some(a), Some(b)) => Some(a.or(b)),
                (a, b) => a.or(b),
            };
            self.indexed(expression, call, overload.id);
        }
        let size = size.or_else(|| self.size(expression));
        self.sizes.extend(size.map(|size| (expression.id, size)));
        target.plus(whole)
    }

    fn indexed(&mut self, expression: &Expr, call: &Call, overload: &str) {
        match (overload, &call.arguments[..]) {
            ("index_list", [of, _]) => self.set_path(expression, of, "@items"),
            ("index_map", [of, _]) => self.set_path(expression, of, "@values"),
            _ => {}
        }
    }

    /// What evaluating a call's arguments and then the call itself costs.
    fn overload(&mut self, expression: &Expr, call: &Call, overload: &Overload, given: &[Span]) -> Estimate {
        let sum = given.iter().copied().fold(ZERO, Span::plus);
        match (overload.id, given) {
            ("logical_or" | "logical_and", [left, right]) => {
                return Estimate(Span { least: left.least, most: left.plus(*right).most }, None);
            }
            ("conditional", [condition, yes, no]) => {
                let size = self.size_or_unknown(&call.arguments[1]).or(self.size_or_unknown(&call.arguments[2]));
                self.unite_held(expression, &call.arguments[1], &call.arguments[2]);
                return Estimate(condition.plus(yes.or(*no)), Some(size));
            }
            _ => {}
        }
        let Estimate(own, size) = self.own_cost(expression, call, overload);
        Estimate(own.plus(sum), size)
    }

    fn unite_held(&mut self, expression: &Expr, a: &Expr, b: &Expr) {
        if let (Some(a), Some(b)) = (self.held(a), self.held(b)) {
            let united = Held { key: a.key.or(b.key), value: a.value.or(b.value), ..a };
            self.entries.insert(expression.id, united);
        }
    }

    fn own_cost(&mut self, expression: &Expr, call: &Call, overload: &Overload) -> Estimate {
        let target = call.target.as_deref().map(|target| self.size_or_unknown(target));
        let argument = |at: usize| call.arguments.get(at).map_or(UNKNOWN, |argument| self.size_or_unknown(argument));
        let whole = target.unwrap_or_else(|| argument(0));
        match call.name.as_str() {
            "check" => Estimate(Span::exactly(350_000), None),
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => Estimate(self.gone_through(call), None),
            "url" | "lowerAscii" | "upperAscii" | "substring" | "trim" => {
                Estimate(whole.scaled(CHARACTER), Some(whole))
            }
            "cidr" | "isIP" | "isCIDR" | "quantity" | "isQuantity" | "semver" | "isSemver" => {
                Estimate(whole.scaled(CHARACTER), None)
            }
            "ip" if overload.id != "cidr_ip" => Estimate(whole.scaled(CHARACTER), None),
            "ip.isCanonical" => Estimate(whole.scaled(2.0 * CHARACTER), None),
            "replace" => Estimate(whole.scaled(2.0 * CHARACTER), Some(replaced(whole, argument(0), argument(1)))),
            "split" => Estimate(whole.scaled(2.0 * CHARACTER), Some(Span { least: 0, most: whole.most })),
            "join" => {
                let size = self.joined(call, argument(0));
                Estimate(size.scaled(CHARACTER), Some(size))
            }
            "find" | "findAll" => Estimate(pattern(whole, argument(0)), Some(Span { least: 0, most: whole.most })),
            "validate" => Estimate(argument(0).scaled(CHARACTER).scaled(128.0 * PATTERN), None),
            "containsIP" | "containsCIDR" => Estimate(within(&call.name, overload.id, argument(0)), None),
            "sets.contains" | "sets.intersects" => Estimate(argument(0).times(argument(1)).plus(ONE), None),
            "sets.equivalent" => Estimate(argument(0).times(argument(1)).scaled(2.0).plus(ONE), None),
            "slice" => made_list(1.0, sliced(call, whole)),
            "lists.range" => made_list(1.0, Span::exactly(written(call, 0).unwrap_or(u64::MAX))),
            "reverse" => made_list(1.0, whole),
            "flatten" => made_list(written(call, 0).unwrap_or(1) as f64, whole),
            "distinct" => made_list(2.0, whole.times(whole)),
            "sort" => {
                let texts = matches!(self.kind_of(call.target.as_deref().unwrap_or(expression)), Type::List(item) if matches!(**item, Type::Text | Type::Bytes));
                made_list(if texts { 2.0 + CHARACTER } else { 2.0 }, whole.times(whole))
            }
            "@sortByAssociatedKeys" => made_list(2.0, argument(0).times(argument(0))),
            _ => self.by_overload(expression, call, overload.id, whole),
        }
    }

    fn by_overload(&mut self, expression: &Expr, call: &Call, overload: &str, whole: Span) -> Estimate {
        let argument = |at: usize| call.arguments.get(at).map_or(UNKNOWN, |argument| self.size_or_unknown(argument));
        match overload {
            "string_format" => Estimate(whole.scaled(CHARACTER), None),
            "string_to_bytes" => {
                let size = Span { most: whole.most.wrapping_mul(4), ..whole };
                Estimate(whole.scaled(CHARACTER), Some(size))
            }
            "bytes_to_string" => Estimate(whole.scaled(CHARACTER), Some(Span { least: whole.least / 4, ..whole })),
            "strings_quote" => {
                let size = Span { least: whole.least + 2, most: whole.most.saturating_mul(2).saturating_add(2) };
                Estimate(whole.scaled(CHARACTER), Some(size))
            }
            "starts_with_string" | "ends_with_string" => Estimate(argument(0).scaled(CHARACTER), None),
            "in_list" => Estimate(argument(1), None),
            "matches_string" => Estimate(pattern(whole, argument(0)), None),
            "contains_string" => Estimate(whole.scaled(CHARACTER).times(argument(0).scaled(CHARACTER)), None),
            "add_string" | "add_bytes" => {
                let size = argument(0).plus(argument(1));
                Estimate(size.scaled(CHARACTER), Some(size))
            }
            "add_list" => {
                let size = argument(0).plus(argument(1));
                self.unite_held(expression, &call.arguments[0], &call.arguments[1]);
                Estimate(ONE, Some(size))
            }
            "equals" if self.is_plainly_equal(call) => Estimate(ONE, None),
            "equals"
            | "not_equals"
            | "less_string"
            | "greater_string"
            | "less_equals_string"
            | "greater_equals_string"
            | "less_bytes"
            | "greater_bytes"
            | "less_equals_bytes"
            | "greater_equals_bytes" => {
                let most = argument(0).most.min(argument(1).most);
                Estimate(Span { least: most.min(1), most }.scaled(CHARACTER), None)
            }
            _ => Estimate(ONE, None),
        }
    }

    /// Of values that functions alone look into.
    fn is_plainly_equal(&self, call: &Call) -> bool {
        let opaque = |at: usize| call.arguments.get(at).map(|argument| self.kind_of(argument));
        matches!((opaque(0), opaque(1)), (Some(Type::Opaque(a, _)), Some(Type::Opaque(b, _))) if a == b)
    }

    fn gone_through(&self, call: &Call) -> Span {
        let Some(target) = call.target.as_deref() else { return ONE };
        let size = self.size_or_unknown(target);
        match self.item(target) {
            Some((Type::Text | Type::Bytes, item)) => size.times(ONE.plus(item.scaled(CHARACTER))),
            Some(_) => size.times(ONE),
            None => size.scaled(CHARACTER),
        }
    }

    /// What a list holds, and how large that may be.
    fn item(&self, list: &Expr) -> Option<(Type, Span)> {
        let Type::List(item) = self.kind_of(list) else { return None };
        let declared = self.path(list).and_then(|mut path| {
            path.push("@items".into());
            self.declared_size(&path)
        });
        Some((Type::clone(item), declared.unwrap_or(UNKNOWN)))
    }

    fn joined(&self, call: &Call, between: Span) -> Span {
        let Some(target) = call.target.as_deref() else { return UNKNOWN };
        let count = self.size_or_unknown(target);
        let items = self.item(target).map_or(ZERO, |(_, item)| count.times(item));
        if call.arguments.is_empty() {
            return items;
        }
        let gaps = Span { least: count.least.saturating_sub(1), most: count.most.saturating_sub(1) };
        items.plus(between.times(gaps))
    }
}

fn scalar_size(kind: &Type) -> Option<Span> {
    matches!(
        kind,
        Type::Bool
            | Type::Int
            | Type::Uint
            | Type::Double
            | Type::Null
            | Type::Timestamp
            | Type::Duration
            | Type::Type(_)
    )
    .then_some(ONE)
}

/// A value under a name, not a loop.
fn is_bind(fold: &Fold) -> bool {
    fold.made != MADE && matches!(fold.going.kind, Kind::Literal(Literal::Bool(false)))
}

/// A list that is made at that cost an item.
fn made_list(each: f64, size: Span) -> Estimate {
    Estimate(size.scaled(each).plus(Span::exactly(LIST + 1)), Some(size))
}

/// A number that is written as it is.
fn written(call: &Call, at: usize) -> Option<u64> {
    match call.arguments.get(at)?.kind {
        Kind::Literal(Literal::Int(number)) => Some(number.try_into().unwrap_or(0)),
        _ => None,
    }
}

fn sliced(call: &Call, whole: Span) -> Span {
    let (from, to) = (written(call, 0).unwrap_or(0), written(call, 1).unwrap_or(whole.most));
    Span::exactly(to.wrapping_sub(from))
}

fn pattern(text: Span, pattern: Span) -> Span {
    text.plus(ONE).scaled(CHARACTER).times(pattern.scaled(PATTERN))
}

fn within(name: &str, overload: &str, other: Span) -> Span {
    let octets = Span { least: 4, most: 16 };
    let mut cost = octets.plus(octets).scaled(CHARACTER);
    if name == "containsCIDR" {
        cost = cost.plus(octets.scaled(CHARACTER)).plus(ONE);
    }
    if overload.ends_with("_string") {
        cost = cost.plus(other.scaled(CHARACTER));
    }
    cost
}

/// The size of a text after as many replacements, as large or as small, as there may be.
fn replaced(whole: Span, old: Span, new: Span) -> Span {
    let times = |size: u64, by: u64| size.div_ceil(by);
    let (most_times, most_kept) = match (old.least, new.most) {
        (0, _) => (whole.most.saturating_add(1), whole.most),
        (old, new) if new <= old => (0, whole.most),
        (old, _) => (times(whole.most, old), 0),
    };
    let (least_times, least_kept) = match (old.most, new.least) {
        (0, _) => (whole.least.saturating_add(1), whole.least),
        (old, new) if old <= new => (0, whole.least),
        (old, _) => (times(whole.least, old), 0),
    };
    Span { least: least_times, most: most_times }.times(new).plus(Span { least: least_kept, most: most_kept })
}
