//! Expressions that select devices.

use cel::{CompileError, Decl, Environment, Program, Shape, Type};
use meta::{Cursor, ErrorList, FieldError};
use std::sync::LazyLock;

/// The longest expression, in bytes.
const LONGEST: usize = 10 * 1024;
const MOST_COST: u64 = 1_000_000;
/// Attributes and capacities of one device.
const MOST_ATTRIBUTES: u64 = 32;
const VALUE: u64 = 64;
const NAME: u64 = 63;

static DEVICE: LazyLock<Environment> = LazyLock::new(|| {
    let attributes = Decl::new(Shape::Dyn).at_most(VALUE);
    let capacities = Decl::new(Shape::Made(Type::opaque("kubernetes.Quantity"))).at_most(0);
    let by_domain = |value: Decl| Decl::map(Decl::map(value).at_most(MOST_ATTRIBUTES)).at_most(MOST_ATTRIBUTES);
    let device = [
        ("driver", Decl::new(Shape::Text).at_most(NAME)),
        ("attributes", by_domain(attributes)),
        ("capacity", by_domain(capacities)),
    ];
    Environment::default().with("device", Decl::object("kubernetes.DRADevice", device).at_most(0)).with_bindings()
});

pub(super) fn selectors(list: &Cursor<'_>, out: &mut ErrorList) {
    for selector in list.items().filter(|selector| !selector.at("cel").is_null()) {
        judge(&selector.at("cel.expression"), out);
    }
}

fn judge(at: &Cursor<'_>, out: &mut ErrorList) {
    if at.str().len() > LONGEST {
        return out.push(FieldError::too_long(&at.path, LONGEST));
    }
    match compile(at.str()) {
        Err(why) => out.push(FieldError::invalid(&at.path, at.str(), why)),
        Ok(program) if program.broken().is_some() => {
            let why = format!("program instantiation failed: {}", program.broken().unwrap_or_default());
            out.push(FieldError::internal(&at.path, why));
        }
        Ok(program) if program.most_cost() > MOST_COST => {
            out.push(FieldError::forbidden(&at.path, "too complex, exceeds cost limit"));
        }
        Ok(_) => {}
    }
}

/// An attribute may turn out to be true or false.
fn compile(text: &str) -> Result<Program, String> {
    let told = |error: CompileError| format!("compilation failed: {error}");
    let program = Program::compile(text, &DEVICE).map_err(told)?;
    match program.kind() {
        Type::Bool | Type::Dyn => Ok(program),
        other => Err(format!("must evaluate to bool or the unknown type, not {}", other.declared())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn expressions_that_select_nothing_are_refused() {
        for (expression, expect) in [
            ("device.driver == 'a'", ""),
            ("device.attributes['a.example.com'].shiny", ""),
            ("cel.bind(a, device.attributes['a'], a.b && a.c)", ""),
            ("device.capacity['a'].memory.compareTo(quantity('1Gi')) >= 0", ""),
            ("device.driver", "must evaluate to bool or the unknown type, not string"),
            ("devce.driver", "undeclared reference to 'devce' (in container '')"),
            ("device.nope", "undefined field 'nope'"),
        ] {
            let list = value!([{"cel": {"expression": expression}}]);
            let mut out = ErrorList::default();
            selectors(&Cursor::root(&list), &mut out);
            let told: String = out.iter().map(ToString::to_string).collect();
            assert_eq!(expect.is_empty(), told.is_empty(), "{expression}: {told}");
            assert!(told.contains(expect), "{expression}: {told}");
        }
    }
}
