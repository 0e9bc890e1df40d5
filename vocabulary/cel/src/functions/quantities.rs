//! Quantities of resources; and what they and versions have in common.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use meta::Quantity;
use meta::quantity::Format;
use std::cmp::Ordering;

pub(crate) static ROWS: &[Row] = &[
    Row {
        name: "add",
        run: add,
        overloads: &[
            ".quantity_add(kubernetes.Quantity, kubernetes.Quantity) kubernetes.Quantity",
            ".quantity_add_int(kubernetes.Quantity, int) kubernetes.Quantity",
        ],
    },
    Row { name: "asApproximateFloat", run: as_float, overloads: &[".quantity_get_float(kubernetes.Quantity) double"] },
    Row { name: "asInteger", run: as_integer, overloads: &[".quantity_get_int(kubernetes.Quantity) int"] },
    Row {
        name: "compareTo",
        run: compare_to,
        overloads: &[
            ".quantity_compare_to(kubernetes.Quantity, kubernetes.Quantity) int",
            ".semver_compare_to(kubernetes.Semver, kubernetes.Semver) int",
        ],
    },
    Row {
        name: "isGreaterThan",
        run: is_greater_than,
        overloads: &[
            ".quantity_is_greater_than(kubernetes.Quantity, kubernetes.Quantity) bool",
            ".semver_is_greater_than(kubernetes.Semver, kubernetes.Semver) bool",
        ],
    },
    Row { name: "isInteger", run: is_integer, overloads: &[".quantity_is_integer(kubernetes.Quantity) bool"] },
    Row {
        name: "isLessThan",
        run: is_less_than,
        overloads: &[
            ".quantity_is_less_than(kubernetes.Quantity, kubernetes.Quantity) bool",
            ".semver_is_less_than(kubernetes.Semver, kubernetes.Semver) bool",
        ],
    },
    Row { name: "isQuantity", run: is_quantity, overloads: &["is_quantity_string(string) bool"] },
    Row { name: "quantity", run: quantity, overloads: &["string_to_quantity(string) kubernetes.Quantity"] },
    Row { name: "sign", run: sign, overloads: &["quantity_sign(kubernetes.Quantity) int"] },
    Row {
        name: "sub",
        run: sub,
        overloads: &[
            ".quantity_sub(kubernetes.Quantity, kubernetes.Quantity) kubernetes.Quantity",
            ".quantity_sub_int(kubernetes.Quantity, int) kubernetes.Quantity",
        ],
    },
];

fn quantity<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("quantity", given)) };
    Quantity::parse(text).map(Val::Quantity).map_err(|error| EvalError::new(error.to_string()))
}

fn is_quantity<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("isQuantity", given)) };
    Ok(Val::Bool(Quantity::parse(text).is_ok()))
}

/// The whole number that it is; at the bound it is larger than one.
fn whole(quantity: &Quantity) -> Option<i64> {
    Some(quantity.value()).filter(|value| quantity.is_whole() && *value != i64::MAX)
}

fn as_integer<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Quantity(quantity)] = given else { return Err(EvalError::no_such("asInteger", given)) };
    whole(quantity).map(Val::Int).ok_or_else(|| EvalError::new("cannot convert value to integer"))
}

fn is_integer<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Quantity(quantity)] = given else { return Err(EvalError::no_such("isInteger", given)) };
    Ok(Val::Bool(whole(quantity).is_some()))
}

fn as_float<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Quantity(quantity)] = given else { return Err(EvalError::no_such("asApproximateFloat", given)) };
    Ok(Val::Double(quantity.nanos() as f64 / 1e9))
}

fn sign<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Quantity(quantity)] = given else { return Err(EvalError::no_such("sign", given)) };
    Ok(Val::Int(match quantity.cmp(&Quantity::ZERO) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

fn other(value: &Val<'_>) -> Option<Quantity> {
    match value {
        Val::Quantity(quantity) => Some(*quantity),
        Val::Int(units) => Some(Quantity::units(*units, Format::DecimalSi)),
        _ => None,
    }
}

fn add<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Quantity(a), b] => other(b).map(|b| Val::Quantity(*a + b)),
        _ => None,
    }
    .ok_or_else(|| EvalError::no_such("add", given))
}

fn sub<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Quantity(a), b] => other(b).map(|b| Val::Quantity(*a - b)),
        _ => None,
    }
    .ok_or_else(|| EvalError::no_such("sub", given))
}

fn order(name: &str, given: &[Val<'_>]) -> Result<Ordering, EvalError> {
    match given {
        [Val::Quantity(a), Val::Quantity(b)] => Ok(a.cmp(b)),
        [Val::Semver(a), Val::Semver(b)] => Ok(a.order(b)),
        _ => Err(EvalError::no_such(name, given)),
    }
}

fn compare_to<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    order("compareTo", given).map(|order| Val::Int(order as i64))
}

fn is_greater_than<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    order("isGreaterThan", given).map(|order| Val::Bool(order.is_gt()))
}

fn is_less_than<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    order("isLessThan", given).map(|order| Val::Bool(order.is_lt()))
}
