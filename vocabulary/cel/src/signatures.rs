//! What functions there are: their overloads, and the code that evaluates all of them.

use crate::functions;
use crate::types::Type;
use crate::value::{Outcome, Val};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

pub(crate) type Run = for<'v> fn(&[Val<'v>]) -> Outcome<'v>;

/// A function as it is written down: an overload is `id(parameters) result`, of a member with a dot before it.
pub(crate) struct Row {
    pub name: &'static str,
    pub run: Run,
    pub overloads: &'static [&'static str],
}

pub(crate) struct Function {
    pub name: &'static str,
    pub run: Run,
    pub overloads: Vec<Overload>,
}

#[derive(Debug)]
pub(crate) struct Overload {
    pub id: &'static str,
    pub member: bool,
    pub parameters: Vec<Type>,
    pub result: Type,
    /// The names of type parameters.
    pub open: Vec<Arc<str>>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

static FUNCTIONS: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    functions::ALL.iter().flat_map(|rows| rows.iter()).map(|row| (row.name, Function::of(row))).collect()
});

pub(crate) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.get(name)
}

impl Function {
    fn of(row: &Row) -> Function {
        Function {
            name: row.name,
            run: row.run,
            overloads: row.overloads.iter().map(|text| Overload::of(text)).collect(),
        }
    }
}

impl Overload {
    fn of(text: &'static str) -> Overload {
        let (member, text) = text.strip_prefix('.').map_or((false, text), |rest| (true, rest));
        let (id, rest) = text.split_once('(').unwrap_or((text, ""));
        let mut reader = Reader { rest, open: Vec::new() };
        let parameters = reader.types_until(')');
        let result = reader.kind();
        Overload { id, member, parameters, result, open: reader.open }
    }
}

struct Reader {
    rest: &'static str,
    open: Vec<Arc<str>>,
}

impl Reader {
    fn types_until(&mut self, end: char) -> Vec<Type> {
        let mut all = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches([' ', ',']);
            if let Some(rest) = self.rest.strip_prefix(end) {
                self.rest = rest.trim_start();
                return all;
            }
            all.push(self.kind());
        }
    }

    fn kind(&mut self) -> Type {
        let end = self.rest.find(['(', ')', ',', ' ']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let mut of = match rest.strip_prefix('(') {
            Some(inner) => {
                self.rest = inner;
                self.types_until(')')
            }
            None => Vec::new(),
        };
        match (name, of.len()) {
            ("list", 1) => Type::list(of.remove(0)),
            ("map", 2) => Type::map(of.remove(0), of.remove(0)),
            ("type", 1) => Type::Type(Some(Arc::new(of.remove(0)))),
            (name, 1) => Type::Opaque(name.into(), of.into()),
            (name, _) => self.named(name),
        }
    }

    fn named(&mut self, name: &str) -> Type {
        match name {
            "dyn" => Type::Dyn,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "double" => Type::Double,
            "string" => Type::Text,
            "bytes" => Type::Bytes,
            "timestamp" => Type::Timestamp,
            "duration" => Type::Duration,
            param if param.len() == 1 => {
                let name: Arc<str> = param.into();
                if !self.open.contains(&name) {
                    self.open.push(name.clone());
                }
                Type::Param(name)
            }
            other => Type::opaque(other),
        }
    }
}
