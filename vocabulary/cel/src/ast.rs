//! What an expression is made of. Macros are gone here: a comprehension is one fold.

use crate::signatures::{Function, Overload};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Clone, Debug)]
pub(crate) struct Expr {
    /// Where it stands in the text, in characters; what a macro makes stands where the macro does.
    pub at: usize,
    /// Its number in the expression: what was found out about it lies there.
    pub id: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Literal(Literal),
    Ident(String),
    Select {
        of: Box<Expr>,
        field: String,
        /// `has(a.b)`
        test: bool,
    },
    Call(Call),
    List {
        items: Vec<Item>,
    },
    Map {
        entries: Vec<Entry>,
    },
    /// A message literal: there are no types that it could name.
    Struct {
        name: String,
        values: Vec<Expr>,
    },
    Fold(Box<Fold>),
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub target: Option<Box<Expr>>,
    pub name: String,
    pub arguments: Vec<Expr>,
    pub found: Found,
    /// A conversion of a constant: as constant as that.
    pub constant: bool,
}

/// What the checker found out about a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub function: Option<&'static Function>,
    /// The overloads that may be meant.
    pub overloads: Vec<&'static Overload>,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub value: Expr,
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: Expr,
    pub value: Expr,
    pub optional: bool,
}

/// `result` after `step` was made of `first` for every item of `over` while `going` held.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    pub over: Expr,
    pub variable: String,
    /// The second variable of two: the value of a key, the element at an index.
    pub second: Option<String>,
    pub made: String,
    pub first: Expr,
    pub going: Expr,
    pub step: Expr,
    pub result: Expr,
}

/// The name of what a comprehension makes; nobody can write it.
pub(crate) const MADE: &str = "@result";

impl Expr {
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            Kind::Literal(_) | Kind::Ident(_) => Vec::new(),
            Kind::Select { of, .. } => vec![of],
            Kind::Call(call) => call.target.as_deref().into_iter().chain(&call.arguments).collect(),
            Kind::List { items } => items.iter().map(|item| &item.value).collect(),
            Kind::Map { entries } => entries.iter().flat_map(|entry| [&entry.key, &entry.value]).collect(),
            Kind::Struct { values, .. } => values.iter().collect(),
            Kind::Fold(fold) => vec![&fold.over, &fold.first, &fold.going, &fold.step, &fold.result],
        }
    }

    pub fn parts_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            Kind::Literal(_) | Kind::Ident(_) => Vec::new(),
            Kind::Select { of, .. } => vec![of],
            Kind::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.arguments).collect(),
            Kind::List { items } => items.iter_mut().map(|item| &mut item.value).collect(),
            Kind::Map { entries } => entries.iter_mut().flat_map(|entry| [&mut entry.key, &mut entry.value]).collect(),
            Kind::Struct { values, .. } => values.iter_mut().collect(),
            Kind::Fold(fold) => {
                vec![&mut fold.over, &mut fold.first, &mut fold.going, &mut fold.step, &mut fold.result]
            }
        }
    }

    pub fn mentions(&self, variable: &str) -> bool {
        matches!(&self.kind, Kind::Ident(name) if name == variable)
            || self.parts().into_iter().any(|part| part.mentions(variable))
    }

    /// `a.b.c` as one name.
    pub fn qualified_name(&self) -> Option<String> {
        match &self.kind {
            Kind::Ident(name) => Some(name.clone()),
            Kind::Select { of, field, test: false } => Some(format!("{}.{field}", of.qualified_name()?)),
            _ => None,
        }
    }

    /// A literal, or a list or map of such: made once, not at each evaluation.
    pub fn is_constant(&self) -> bool {
        match &self.kind {
            Kind::Literal(_) => true,
            Kind::Call(call) => call.constant,
            Kind::List { items } => items.iter().all(|item| !item.optional && item.value.is_constant()),
            Kind::Map { entries } => {
                entries.iter().all(|entry| !entry.optional && entry.key.is_constant() && entry.value.is_constant())
            }
            _ => false,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Kind::Literal(Literal::Text(text)) = &self.kind { Some(text) } else { None }
    }
}
