//! Whether an expression makes sense: every name means something, every function fits what it is given.

use crate::ast::{Call, Expr, Fold, Found, Kind, Literal};
use crate::decl::{Decl, Object, Shape};
use crate::problem::Problem;
use crate::signatures::{Function, Overload, function};
use crate::types::{Known, Type, most_general};
use std::sync::Arc;

/// What every part of an expression is, by the part's number.
pub(crate) struct Checked {
    pub types: Vec<Type>,
    pub problems: Vec<Problem>,
}

pub(crate) fn check(expression: &mut Expr, ids: usize, variables: &[(String, Decl)]) -> Checked {
    let scope = variables.iter().map(|(name, decl)| (name.clone(), decl.kind())).collect();
    let mut checker =
        Checker { types: vec![Type::Dyn; ids], known: Known::default(), fresh: 0, scope, problems: Vec::new() };
    checker.expression(expression);
    let types = checker.types.iter().map(|found| checker.known.put_in(found, true)).collect();
    Checked { types, problems: checker.problems }
}

struct Checker {
    types: Vec<Type>,
    known: Known,
    fresh: usize,
    /// The innermost stands last.
    scope: Vec<(String, Type)>,
    problems: Vec<Problem>,
}

impl Checker {
    fn problem(&mut self, at: usize, why: String) {
        self.problems.push(Problem::new(at, why));
    }

    fn undeclared(&mut self, at: usize, name: &str) -> Type {
        self.problem(at, format!("undeclared reference to '{name}' (in container '')"));
        Type::Error
    }

    fn mismatch(&mut self, at: usize, wanted: &Type, found: &Type) {
        self.problem(at, format!("expected type '{wanted}' but found '{found}'"));
    }

    fn fresh(&mut self) -> Type {
        self.fresh += 1;
        Type::Param(format!("_var{}", self.fresh - 1).into())
    }

    fn kind_of(&self, expression: &Expr) -> Type {
        self.types[expression.id].clone()
    }

    fn look_up(&self, name: &str) -> Option<Type> {
        let name = name.strip_prefix('.').unwrap_or(name);
        let found = self.scope.iter().rev().find(|(known, _)| known == name).map(|(_, kind)| kind.clone());
        found.or_else(|| named_type(name).map(|of| Type::Type(Some(Arc::new(of)))))
    }

    fn expression(&mut self, expression: &mut Expr) -> Type {
        let Expr { at, id, kind } = expression;
        let (at, id) = (*at, *id);
        let found = match kind {
            Kind::Literal(literal) => literal_type(literal),
            Kind::Ident(name) => self.look_up(name).unwrap_or_else(|| self.undeclared(at, name)),
            Kind::Select { .. } => self.select(expression),
            Kind::Call(call) => self.call(at, call),
            Kind::List { .. } => self.list(expression),
            Kind::Map { .. } => self.map(expression),
            Kind::Struct { name, values } => {
                let found = self.undeclared(at, name);
                values.iter_mut().for_each(|value| drop(self.expression(value)));
                found
            }
            Kind::Fold(fold) => self.fold(fold),
        };
        self.types[id] = found.clone();
        found
    }

    fn select(&mut self, expression: &mut Expr) -> Type {
        let whole = expression.qualified_name();
        if let Some((name, found)) = whole.and_then(|name| Some((name.clone(), self.look_up(&name)?))) {
            expression.kind = Kind::Ident(name);
            return found;
        }
        let at = expression.at;
        let Kind::Select { of, field, test } = &mut expression.kind else { return Type::Error };
        self.expression(of);
        let found = self.field(at, of, field, false);
        if *test { Type::Bool } else { self.known.put_in(&found, false) }
    }

    fn field(&mut self, at: usize, of: &Expr, field: &str, optional: bool) -> Type {
        let (target, was_optional) = self.known.put_in(&self.kind_of(of), false).unwrapped();
        let found = match &target {
            Type::Map(parts) => parts.1.clone(),
            Type::Object(object) => self.object_field(at, object, field),
            Type::Param(_) => {
                self.known.accepts(&Type::Dyn, &target);
                Type::Dyn
            }
            other => {
                if !other.is_dyn_or_error() {
                    self.problem(at, format!("type '{other}' does not support field selection"));
                }
                Type::Dyn
            }
        };
        if was_optional || optional { Type::optional(found) } else { found }
    }

    fn object_field(&mut self, at: usize, object: &Arc<Object>, field: &str) -> Type {
        match object.fields.get(field) {
            Some(found) => found.decl.kind(),
            None => {
                self.problem(at, format!("undefined field '{field}'"));
                Type::Error
            }
        }
    }

    fn call(&mut self, at: usize, call: &mut Call) -> Type {
        if call.name == "_?._" {
            return self.select_optional(at, call);
        }
        for argument in &mut call.arguments {
            self.expression(argument);
        }
        if let Some(target) = &call.target {
            let whole = target.qualified_name().map(|prefix| format!("{prefix}.{}", call.name));
            if let Some(found) = whole.as_deref().and_then(function) {
                call.target = None;
                return self.resolve(at, found, call);
            }
        }
        if let Some(target) = &mut call.target {
            self.expression(target);
        }
        match function(call.name.strip_prefix('.').unwrap_or(&call.name)) {
            Some(found) => self.resolve(at, found, call),
            None => self.undeclared(at, &call.name),
        }
    }

    fn select_optional(&mut self, at: usize, call: &mut Call) -> Type {
        let Some(field) = call.arguments.get(1).and_then(Expr::as_text).map(String::from) else { return Type::Error };
        self.expression(&mut call.arguments[0]);
        let found = self.field(at, &call.arguments[0], &field, true);
        call.found.function = function("_?._");
        self.known.put_in(&found, false)
    }

    fn resolve(&mut self, at: usize, found: &'static Function, call: &mut Call) -> Type {
        call.name = found.name.into();
        let member = call.target.is_some();
        let parts: Vec<&Expr> = call.target.as_deref().into_iter().chain(&call.arguments).collect();
        let given: Vec<Type> = parts.iter().map(|part| self.kind_of(part)).collect();
        if matches!(found.name, "_&&_" | "_||_") {
            let places: Vec<usize> = parts.iter().map(|part| part.at).collect();
            call.found = Found { function: Some(found), overloads: found.overloads.iter().collect() };
            return self.logic(&places, &given);
        }
        let (result, overloads) = self.fitting(found, member, &given);
        call.found = Found { function: Some(found), overloads };
        result.unwrap_or_else(|| {
            let given: Vec<Type> = given.iter().map(|kind| self.known.put_in(kind, true)).collect();
            let shown = signature(&given, member);
            self.problem(at, format!("found no matching overload for '{}' applied to '{shown}'", found.name));
            Type::Error
        })
    }

    fn logic(&mut self, places: &[usize], given: &[Type]) -> Type {
        let mut result = Type::Bool;
        for (at, kind) in places.iter().zip(given) {
            if !self.known.accepts(kind, &Type::Bool) {
                self.mismatch(*at, &Type::Bool, kind);
                result = Type::Error;
            }
        }
        result
    }

    /// The overloads that take what is given, and what they result in: where they differ, anything.
    fn fitting(
        &mut self,
        found: &'static Function,
        member: bool,
        given: &[Type],
    ) -> (Option<Type>, Vec<&'static Overload>) {
        let (mut result, mut overloads) = (None, Vec::new());
        for overload in found.overloads.iter().filter(|overload| overload.member == member) {
            let mut open = Known::default();
            for name in &overload.open {
                let fresh = self.fresh();
                open.add(name.clone(), fresh);
            }
            let wanted: Vec<Type> = overload.parameters.iter().map(|kind| open.put_in(kind, false)).collect();
            if !self.known.accepts_all(given, &wanted) {
                continue;
            }
            overloads.push(overload);
            let one = self.known.put_in(&open.put_in(&overload.result, false), false);
            result = match result {
                None => Some(one),
                Some(before) if before == one || before.is_dyn() => Some(before),
                Some(_) => Some(Type::Dyn),
            };
        }
        (result, overloads)
    }

    /// The type of both; anything where there is none.
    fn joined(&mut self, before: Option<Type>, next: Type) -> Type {
        match before {
            None => next,
            Some(before) if self.known.accepts(&before, &next) => most_general(&before, &next).clone(),
            Some(_) => Type::Dyn,
        }
    }

    /// What stands behind a question mark must be optional.
    fn present(&mut self, at: usize, kind: Type, optional: bool) -> Type {
        if !optional {
            return kind;
        }
        let (inner, was_optional) = kind.unwrapped();
        if !was_optional && !inner.is_dyn() {
            self.mismatch(at, &Type::optional(inner.clone()), &inner);
        }
        inner
    }

    fn list(&mut self, expression: &mut Expr) -> Type {
        let Kind::List { items } = &mut expression.kind else { return Type::Error };
        let mut joined = None;
        for item in items {
            let kind = self.expression(&mut item.value);
            let kind = self.present(item.value.at, kind, item.optional);
            joined = Some(self.joined(joined.take(), kind));
        }
        Type::list(joined.unwrap_or_else(|| self.fresh()))
    }

    fn map(&mut self, expression: &mut Expr) -> Type {
        let Kind::Map { entries } = &mut expression.kind else { return Type::Error };
        let (mut key, mut value) = (None, None);
        for entry in entries {
            let kind = self.expression(&mut entry.key);
            key = Some(self.joined(key.take(), kind));
            let kind = self.expression(&mut entry.value);
            let kind = self.present(entry.value.at, kind, entry.optional);
            value = Some(self.joined(value.take(), kind));
        }
        match key.zip(value) {
            Some((key, value)) => Type::map(key, value),
            None => {
                let key = self.fresh();
                Type::map(key, self.fresh())
            }
        }
    }

    fn fold(&mut self, fold: &mut Fold) -> Type {
        let over = self.expression(&mut fold.over);
        let over = self.known.put_in(&over, false);
        let first = self.expression(&mut fold.first);
        let outside = self.scope.len();
        self.scope.push((fold.made.clone(), first.clone()));
        let inside = self.scope.len();
        let (one, two) = self.items(&over, fold);
        self.scope.push((fold.variable.clone(), one));
        self.scope.extend(fold.second.clone().map(|name| (name, two)));
        self.expression(&mut fold.going);
        self.expected(&fold.going, &Type::Bool);
        self.expression(&mut fold.step);
        self.expected(&fold.step, &first);
        self.scope.truncate(inside);
        let result = self.expression(&mut fold.result);
        self.scope.truncate(outside);
        self.known.put_in(&result, false)
    }

    fn expected(&mut self, part: &Expr, wanted: &Type) {
        let found = self.kind_of(part);
        if !self.known.accepts(wanted, &found) {
            self.mismatch(part.at, wanted, &found);
        }
    }

    /// What the variables of a fold are.
    fn items(&mut self, over: &Type, fold: &Fold) -> (Type, Type) {
        let two = fold.second.is_some();
        match over {
            Type::List(item) if two => (Type::Int, Type::clone(item)),
            Type::List(item) => (Type::clone(item), Type::Error),
            Type::Map(parts) => (parts.0.clone(), parts.1.clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.known.accepts(&Type::Dyn, over);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let why = "cannot be range of a comprehension (must be list, map, or dynamic)";
                self.problem(fold.over.at, format!("expression of type '{other}' {why}"));
                (Type::Error, Type::Error)
            }
        }
    }
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::Text(_) => Type::Text,
        Literal::Bytes(_) => Type::Bytes,
    }
}

/// A type that is written in an expression, to be compared with what `type(...)` answers.
fn named_type(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::Text,
        "bytes" => Type::Bytes,
        "null_type" => Type::Null,
        "type" => Type::Type(None),
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "google.protobuf.Timestamp" => Type::Timestamp,
        "google.protobuf.Duration" => Type::Duration,
        "optional_type" => Type::optional(Type::Dyn),
        "net.IP"
        | "net.CIDR"
        | "kubernetes.Quantity"
        | "kubernetes.URL"
        | "kubernetes.Semver"
        | "kubernetes.NamedFormat" => Type::opaque(name),
        _ => return None,
    })
}

fn signature(given: &[Type], member: bool) -> String {
    let (target, given) = given.split_at(usize::from(member));
    let shown = given.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
    match target {
        [target] => format!("{target}.({shown})"),
        _ => format!("({shown})"),
    }
}

/// The shape of a variable's or field's declaration under a path of names, items and values.
pub(crate) fn declared<'d>(variables: &'d [(String, Decl)], path: &[String]) -> Option<&'d Decl> {
    let (variable, rest) = path.split_first()?;
    let (_, decl) = variables.iter().find(|(name, _)| name == variable)?;
    rest.iter().try_fold(decl, |decl, step| match (step.as_str(), &decl.shape) {
        ("@items" | "@values", _) => decl.item(),
        (field, Shape::Object(object)) => object.fields.get(field).map(|field| &field.decl),
        _ => None,
    })
}
