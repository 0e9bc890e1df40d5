//! Calls that are not evaluated like others: what they are given are expressions, not values. Each becomes a fold.

use crate::ast::{Entry, Expr, Fold, Item, Kind, Literal, MADE};
use crate::parser::Parser;

type Refusal = (usize, String);

/// The call itself where its name is no macro's. All that is made stands at `at`, where the call's arguments open.
pub(crate) fn expand(parser: &mut Parser, at: usize, target: Option<Expr>, name: &str, mut given: Vec<Expr>) -> Expr {
    let bindings = parser.bindings;
    let mut maker = Maker { parser, at };
    let made = match (target, name, given.len()) {
        (None, "has", 1) => maker.has(given.remove(0)),
        (Some(target), "bind", 3) if bindings && is_named(&target, "cel") => maker.named_value(given),
        (Some(over), "all" | "exists" | "exists_one", 2) => maker.quantifier(name, over, given),
        (Some(over), "all" | "exists" | "exists_one" | "existsOne", 3) => maker.quantifier(name, over, given),
        (Some(over), "map", 2 | 3) | (Some(over), "filter", 2) => maker.list(name, over, given),
        (Some(over), "transformList" | "transformMap" | "transformMapEntry", 3 | 4) => {
            maker.transform(name, over, given)
        }
        (Some(of), "optMap" | "optFlatMap", 2) => maker.optional(name, of, given),
        (Some(over), "sortBy", 2) => maker.sort_by(over, given),
        (target, _, _) => return parser.call(at, target, name, given),
    };
    made.unwrap_or_else(|(at, why)| parser.refuse(at, why))
}

struct Maker<'p> {
    parser: &'p mut Parser,
    at: usize,
}

/// What is folded over, and under which names.
struct Range {
    over: Expr,
    variable: String,
    second: Option<String>,
}

impl Maker<'_> {
    fn make(&mut self, kind: Kind) -> Expr {
        self.parser.make(self.at, kind)
    }

    fn call(&mut self, name: &str, arguments: Vec<Expr>) -> Expr {
        self.parser.call(self.at, None, name, arguments)
    }

    fn member(&mut self, target: Expr, name: &str, arguments: Vec<Expr>) -> Expr {
        self.parser.call(self.at, Some(target), name, arguments)
    }

    fn literal(&mut self, literal: Literal) -> Expr {
        self.make(Kind::Literal(literal))
    }

    fn name(&mut self, name: &str) -> Expr {
        self.make(Kind::Ident(name.into()))
    }

    fn made(&mut self) -> Expr {
        self.name(MADE)
    }

    fn list_of(&mut self, items: Vec<Expr>) -> Expr {
        let items = items.into_iter().map(|value| Item { value, optional: false }).collect();
        self.make(Kind::List { items })
    }

    fn has(&mut self, argument: Expr) -> Result<Expr, Refusal> {
        match argument.kind {
            Kind::Select { of, field, test: false } => Ok(self.make(Kind::Select { of, field, test: true })),
            _ => Err((argument.at, "invalid argument to has() macro".into())),
        }
    }

    fn fold(&mut self, range: Range, first: Expr, going: Expr, step: Expr, result: Expr) -> Expr {
        let Range { over, variable, second } = range;
        let made = MADE.to_string();
        self.make(Kind::Fold(Box::new(Fold { over, variable, second, made, first, going, step, result })))
    }

    fn quantifier(&mut self, name: &str, over: Expr, given: Vec<Expr>) -> Result<Expr, Refusal> {
        let (range, mut rest) = range(over, given)?;
        let predicate = rest.remove(0);
        let made = self.made();
        if name == "all" {
            let first = self.literal(Literal::Bool(true));
            let going = self.call("@not_strictly_false", vec![made]);
            let before = self.made();
            let step = self.call("_&&_", vec![before, predicate]);
            let result = self.made();
            return Ok(self.fold(range, first, going, step, result));
        }
        if name == "exists" {
            let first = self.literal(Literal::Bool(false));
            let not = self.call("!_", vec![made]);
            let going = self.call("@not_strictly_false", vec![not]);
            let before = self.made();
            let step = self.call("_||_", vec![before, predicate]);
            let result = self.made();
            return Ok(self.fold(range, first, going, step, result));
        }
        let first = self.literal(Literal::Int(0));
        let one = self.literal(Literal::Int(1));
        let more = self.call("_+_", vec![made, one]);
        let (result, one) = (self.made(), self.literal(Literal::Int(1)));
        let result = self.call("_==_", vec![result, one]);
        Ok(self.filtered(range, first, Some(predicate), more, result))
    }

    /// A fold without an early end, whose step counts only where the condition holds.
    fn filtered(&mut self, range: Range, first: Expr, condition: Option<Expr>, step: Expr, result: Expr) -> Expr {
        let going = self.literal(Literal::Bool(true));
        let step = match condition {
            Some(condition) => {
                let unchanged = self.made();
                self.call("_?_:_", vec![condition, step, unchanged])
            }
            None => step,
        };
        self.fold(range, first, going, step, result)
    }

    fn list(&mut self, name: &str, over: Expr, mut given: Vec<Expr>) -> Result<Expr, Refusal> {
        let (item, at) = (given.first().cloned(), given[0].at);
        let variable = named(given.remove(0), "argument is not an identifier")?;
        not_made(&variable, at)?;
        let mapped = given.pop();
        let (condition, item) = match name {
            "filter" => (mapped, item),
            _ => (given.pop(), mapped),
        };
        let first = self.list_of(Vec::new());
        let (made, item) = (self.made(), self.list_of(item.into_iter().collect()));
        let step = self.call("_+_", vec![made, item]);
        let result = self.made();
        Ok(self.filtered(Range { over, variable, second: None }, first, condition, step, result))
    }

    fn transform(&mut self, name: &str, over: Expr, given: Vec<Expr>) -> Result<Expr, Refusal> {
        let (range, mut rest) = range(over, given)?;
        let made = self.made();
        let item = rest.pop();
        let (condition, item) = (rest.pop(), item.into_iter().collect::<Vec<_>>());
        let (first, step) = match name {
            "transformList" => {
                let item = self.list_of(item);
                (self.list_of(Vec::new()), self.call("_+_", vec![made, item]))
            }
            "transformMap" => {
                let key = self.name(&range.variable);
                let arguments = [made, key].into_iter().chain(item).collect();
                (self.empty_map(), self.call("cel.@mapInsert", arguments))
            }
            _ => {
                let arguments = std::iter::once(made).chain(item).collect();
                (self.empty_map(), self.call("cel.@mapInsert", arguments))
            }
        };
        let result = self.made();
        Ok(self.filtered(range, first, condition, step, result))
    }

    fn empty_map(&mut self) -> Expr {
        self.make(Kind::Map { entries: Vec::<Entry>::new() })
    }

    /// `result` with `variable` standing for `value`.
    fn bind(&mut self, variable: &str, value: Expr, result: Expr) -> Expr {
        let (over, going) = (self.list_of(Vec::new()), self.literal(Literal::Bool(false)));
        let step = self.name(variable);
        let (made, unused) = (variable.to_string(), "#unused".to_string());
        self.make(Kind::Fold(Box::new(Fold {
            over,
            variable: unused,
            second: None,
            made,
            first: value,
            going,
            step,
            result,
        })))
    }

    fn named_value(&mut self, mut given: Vec<Expr>) -> Result<Expr, Refusal> {
        let result = given.pop().ok_or((self.at, String::new()))?;
        let value = given.pop().ok_or((self.at, String::new()))?;
        let variable = named(given.remove(0), "cel.bind() variable names must be simple identifiers")?;
        Ok(self.bind(&variable, value, result))
    }

    fn optional(&mut self, name: &str, of: Expr, mut given: Vec<Expr>) -> Result<Expr, Refusal> {
        let body = given.pop().ok_or((self.at, String::new()))?;
        let variable = named(given.remove(0), &format!("{name}() variable name must be a simple identifier"))?;
        let again = self.copy(&of);
        let there = self.member(of, "hasValue", Vec::new());
        let value = self.member(again, "value", Vec::new());
        let bound = self.bind(&variable, value, body);
        let yes = if name == "optMap" { self.call("optional.of", vec![bound]) } else { bound };
        let no = self.call("optional.none", Vec::new());
        Ok(self.call("_?_:_", vec![there, yes, no]))
    }

    fn sort_by(&mut self, over: Expr, given: Vec<Expr>) -> Result<Expr, Refusal> {
        const INPUT: &str = "@__sortBy_input__";
        let mapped = self.name(INPUT);
        let keys = self.list("map", mapped, given)?;
        let input = self.name(INPUT);
        let sorted = self.member(input, "@sortByAssociatedKeys", vec![keys]);
        Ok(self.bind(INPUT, over, sorted))
    }

    /// The same expression, with numbers of its own.
    fn copy(&mut self, of: &Expr) -> Expr {
        let mut copy = of.clone();
        self.renumber(&mut copy);
        copy
    }

    fn renumber(&mut self, expression: &mut Expr) {
        let fresh = self.parser.make(0, Kind::Literal(Literal::Null));
        expression.id = fresh.id;
        for part in expression.parts_mut() {
            self.renumber(part);
        }
    }
}

/// The names of a range of two variables where three or more expressions are given, of one else; and the rest.
fn range(over: Expr, mut given: Vec<Expr>) -> Result<(Range, Vec<Expr>), Refusal> {
    const WHY: &str = "argument must be a simple name";
    let (first_at, two) = (given[0].at, given.len() > 2);
    let variable = named(given.remove(0), WHY)?;
    let mut second = None;
    if two {
        let at = given[0].at;
        let name = named(given.remove(0), WHY)?;
        if name == variable {
            return Err((at, format!("duplicate variable name: {name}")));
        }
        not_made(&name, at)?;
        second = Some(name);
    }
    not_made(&variable, first_at)?;
    Ok((Range { over, variable, second }, given))
}

fn is_named(expression: &Expr, name: &str) -> bool {
    matches!(&expression.kind, Kind::Ident(known) if known == name)
}

fn not_made(name: &str, at: usize) -> Result<(), Refusal> {
    match name {
        "__result__" => Err((at, "iteration variable overwrites accumulator variable".into())),
        _ => Ok(()),
    }
}

fn named(expression: Expr, why: &str) -> Result<String, Refusal> {
    let at = expression.at;
    match expression.kind {
        Kind::Ident(name) if !name.starts_with('.') => Ok(name),
        _ => Err((at, why.into())),
    }
}
