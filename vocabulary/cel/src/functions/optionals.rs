//! Values that may not be there.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use std::rc::Rc;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "hasValue", run: has_value, overloads: &[".optional_hasValue(optional_type(V)) bool"] },
    Row { name: "optional.none", run: none, overloads: &["optional_none() optional_type(V)"] },
    Row { name: "optional.of", run: of, overloads: &["optional_of(V) optional_type(V)"] },
    Row {
        name: "optional.ofNonZeroValue",
        run: of_non_zero,
        overloads: &["optional_ofNonZeroValue(V) optional_type(V)"],
    },
    Row { name: "optional.unwrap", run: unwrap, overloads: &["optional_unwrap(list(optional_type(V))) list(V)"] },
    Row { name: "unwrapOpt", run: unwrap, overloads: &[".optional_unwrapOpt(list(optional_type(V))) list(V)"] },
    Row { name: "value", run: value, overloads: &[".optional_value(optional_type(V)) V"] },
];

fn of<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    Ok(Val::optional(given.first().cloned()))
}

fn of_non_zero<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    Ok(Val::optional(given.first().filter(|value| !value.is_zero()).cloned()))
}

fn none<'v>(_: &[Val<'v>]) -> Outcome<'v> {
    Ok(Val::Optional(None))
}

fn has_value<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Optional(inner)] = given else { return Err(EvalError::no_such("hasValue", given)) };
    Ok(Val::Bool(inner.is_some()))
}

fn value<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Optional(inner)] = given else { return Err(EvalError::no_such("value", given)) };
    inner.as_deref().cloned().ok_or_else(|| EvalError::new("optional.none() dereference"))
}

fn unwrap<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::List(list)] = given else { return Err(EvalError::no_such("optional.unwrap", given)) };
    let inner = |item| match item {
        Val::Optional(inner) => Ok(inner.map(Rc::unwrap_or_clone)),
        _ => Err(EvalError::no_such("optional.unwrap", given)),
    };
    let items = list.iter().map(inner).collect::<Result<Vec<_>, _>>()?;
    Ok(Val::list(items.into_iter().flatten().collect()))
}
