//! From a text to what can be evaluated.

use crate::ast::{Expr, Kind};
use crate::decl::{Decl, Shape};
use crate::estimate::estimate;
use crate::eval::fold_constants;
use crate::problem::{CompileError, Problem};
use crate::types::Type;
use crate::{check, literals, parser};

/// The variables that an expression may name.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: Vec<(String, Decl)>,
    bindings: bool,
}

impl Environment {
    pub fn with(mut self, name: &str, decl: Decl) -> Environment {
        self.variables.push((name.into(), decl));
        self
    }

    /// `cel.bind(name, value, expression)` is a macro.
    pub fn with_bindings(self) -> Environment {
        Environment { bindings: true, ..self }
    }

    pub fn with_any(self, name: &str) -> Environment {
        self.with(name, Decl::new(Shape::Dyn))
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) expression: Expr,
    kind: Type,
    most_cost: u64,
    /// Constants that cannot be converted: nothing can ever be evaluated.
    broken: Option<String>,
}

impl Program {
    pub fn compile(text: &str, environment: &Environment) -> Result<Program, CompileError> {
        let refused = |problems: Vec<Problem>| CompileError::new(text, problems);
        let (mut expression, ids) = parser::parse(text, environment.bindings).map_err(refused)?;
        let checked = check::check(&mut expression, ids, &environment.variables);
        if !checked.problems.is_empty() {
            return Err(refused(checked.problems));
        }
        let wrong = literals::judge(&expression, &checked.types);
        if !wrong.is_empty() {
            return Err(refused(wrong));
        }
        let kind = checked.types[expression.id].clone();
        let most_cost = estimate(&expression, &checked.types, &environment.variables);
        let broken = fold_constants(&mut expression).err().map(|error| error.why);
        Ok(Program { expression, kind, most_cost, broken })
    }

    /// What it results in.
    pub fn kind(&self) -> &Type {
        &self.kind
    }

    /// The most that evaluating it may cost, of the largest data that is declared.
    pub fn most_cost(&self) -> u64 {
        self.most_cost
    }

    /// Why it cannot be evaluated whatever the data is.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Whether the expression looks at a variable at all.
    pub fn mentions(&self, variable: &str) -> bool {
        self.expression.mentions(variable)
    }

    /// Whether it names a field of a variable: `variables.name`.
    pub fn mentions_field(&self, variable: &str, field: &str) -> bool {
        mentions_field(&self.expression, variable, field)
    }
}

fn mentions_field(expression: &Expr, variable: &str, field: &str) -> bool {
    let own = match &expression.kind {
        Kind::Select { of, field: named, .. } => {
            named == field && matches!(&of.kind, Kind::Ident(name) if name == variable)
        }
        _ => false,
    };
    own || expression.parts().into_iter().any(|part| mentions_field(part, variable, field))
}
