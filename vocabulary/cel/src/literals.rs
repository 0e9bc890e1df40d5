//! What is wrong with literals although their types fit: lists of several types, texts that are no duration, no
//! timestamp, no regular expression, formats that do not suit what is formatted.

use crate::ast::{Call, Expr, Item, Kind};
use crate::functions::text_format::{self, Piece};
use crate::functions::{regexes, times};
use crate::problem::Problem;
use crate::types::Type;

pub(crate) fn judge(expression: &Expr, types: &[Type]) -> Vec<Problem> {
    let mut judge = Judge { types, problems: Vec::new() };
    judge.walk(expression, false);
    judge.problems
}

struct Judge<'c> {
    types: &'c [Type],
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn kind_of(&self, expression: &Expr) -> &Type {
        &self.types[expression.id]
    }

    fn walk(&mut self, expression: &Expr, formatted: bool) {
        match &expression.kind {
            Kind::List { items } if !formatted => {
                self.one_type(items.iter().map(|item| (&item.value, item.optional)), true)
            }
            Kind::Map { entries } if !formatted => {
                self.one_type(entries.iter().map(|entry| (&entry.key, false)), false);
                self.one_type(entries.iter().map(|entry| (&entry.value, entry.optional)), false);
            }
            Kind::Call(call) => self.call(expression.at, call),
            _ => {}
        }
        let formatted = formatted || matches!(&expression.kind, Kind::Call(call) if call.name == "format");
        expression.parts().into_iter().for_each(|part| self.walk(part, formatted));
    }

    /// Of a list, only the first item of another type is told.
    fn one_type<'e>(&mut self, parts: impl Iterator<Item = (&'e Expr, bool)>, once: bool) {
        let mut first: Option<Type> = None;
        for (part, optional) in parts {
            let own = self.kind_of(part).clone();
            let own = if optional { own.unwrapped().0 } else { own };
            let Some(first) = &first else {
                first = Some(own);
                continue;
            };
            if *first != own {
                self.problems.push(Problem::new(part.at, format!("expected type '{first}' but found '{own}'")));
                if once {
                    return;
                }
            }
        }
    }

    fn call(&mut self, place: usize, call: &Call) {
        let given = call.arguments.first().and_then(|argument| Some((argument.at, argument.as_text()?)));
        let wrong = |(_, text): &(usize, &str)| match call.name.as_str() {
            "duration" => times::parse_duration(text).is_none(),
            "timestamp" => times::parse_timestamp(text).is_none(),
            "matches" => regexes::compile(text).is_err(),
            _ => false,
        };
        if let Some((at, _)) = given.filter(wrong) {
            self.problems.push(Problem::new(at, format!("invalid {} argument", call.name)));
        }
        if let ("format", Some(target), [argument]) = (call.name.as_str(), &call.target, &call.arguments[..])
            && let (Some(text), Kind::List { items }) = (target.as_text(), &argument.kind)
        {
            self.format(place, text, items);
        }
    }

    fn format(&mut self, at: usize, text: &str, items: &[Item]) {
        let pieces = match text_format::pieces(text) {
            Ok(pieces) => pieces,
            Err(why) => return self.problems.push(Problem::new(at, why)),
        };
        let clauses: Vec<_> = pieces
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Clause(clause) => Some(clause),
                Piece::Text(_) => None,
            })
            .collect();
        for (position, clause) in clauses.iter().enumerate() {
            let Some(item) = items.get(position) else {
                return self.problems.push(Problem::new(at, format!("index {position} out of range")));
            };
            let kind = self.kind_of(&item.value);
            if !kind.is_dyn_or_error() && !clause.takes(kind) {
                let why = clause.complaint(&runtime_name(kind));
                return self.problems.push(Problem::new(item.value.at, format!("error during formatting: {why}")));
            }
        }
        if items.len() > clauses.len() {
            let (wanted, found) = (clauses.len(), items.len());
            let why = format!("too many arguments supplied to string.format (expected {wanted}, got {found})");
            self.problems.push(Problem::new(at, why));
        }
    }
}

fn runtime_name(kind: &Type) -> String {
    match kind {
        Type::List(_) => "list".into(),
        Type::Map(_) => "map".into(),
        Type::Opaque(name, _) => name.to_string(),
        Type::Type(_) => "type".into(),
        other => other.declared(),
    }
}
