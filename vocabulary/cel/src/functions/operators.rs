//! Operators. Those that need not evaluate all of their sides are the evaluator's own.

use crate::compare::contains;
use crate::eval::joined;
use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use std::cmp::Ordering;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "!_", run: not, overloads: &["logical_not(bool) bool"] },
    Row { name: "-_", run: negate, overloads: &["negate_double(double) double", "negate_int64(int) int"] },
    Row { name: "@in", run: within, overloads: &["in_list(A, list(A)) bool", "in_map(A, map(A, B)) bool"] },
    Row { name: "@not_strictly_false", run: logical, overloads: &["not_strictly_false(bool) bool"] },
    Row { name: "_!=_", run: not_equal, overloads: &["not_equals(A, A) bool"] },
    Row { name: "_%_", run: modulo, overloads: &["modulo_int64(int, int) int", "modulo_uint64(uint, uint) uint"] },
    Row { name: "_&&_", run: logical, overloads: &["logical_and(bool, bool) bool"] },
    Row {
        name: "_*_",
        run: multiply,
        overloads: &[
            "multiply_double(double, double) double",
            "multiply_int64(int, int) int",
            "multiply_uint64(uint, uint) uint",
        ],
    },
    Row {
        name: "_+_",
        run: add,
        overloads: &[
            "add_bytes(bytes, bytes) bytes",
            "add_double(double, double) double",
            "add_duration_duration(duration, duration) duration",
            "add_duration_timestamp(duration, timestamp) timestamp",
            "add_timestamp_duration(timestamp, duration) timestamp",
            "add_int64(int, int) int",
            "add_list(list(A), list(A)) list(A)",
            "add_string(string, string) string",
            "add_uint64(uint, uint) uint",
        ],
    },
    Row {
        name: "_-_",
        run: subtract,
        overloads: &[
            "subtract_double(double, double) double",
            "subtract_duration_duration(duration, duration) duration",
            "subtract_int64(int, int) int",
            "subtract_timestamp_duration(timestamp, duration) timestamp",
            "subtract_timestamp_timestamp(timestamp, timestamp) duration",
            "subtract_uint64(uint, uint) uint",
        ],
    },
    Row {
        name: "_/_",
        run: divide,
        overloads: &[
            "divide_double(double, double) double",
            "divide_int64(int, int) int",
            "divide_uint64(uint, uint) uint",
        ],
    },
    Row {
        name: "_<=_",
        run: less_equal,
        overloads: &[
            "less_equals_bool(bool, bool) bool",
            "less_equals_int64(int, int) bool",
            "less_equals_int64_double(int, double) bool",
            "less_equals_int64_uint64(int, uint) bool",
            "less_equals_uint64(uint, uint) bool",
            "less_equals_uint64_double(uint, double) bool",
            "less_equals_uint64_int64(uint, int) bool",
            "less_equals_double(double, double) bool",
            "less_equals_double_int64(double, int) bool",
            "less_equals_double_uint64(double, uint) bool",
            "less_equals_string(string, string) bool",
            "less_equals_bytes(bytes, bytes) bool",
            "less_equals_timestamp(timestamp, timestamp) bool",
            "less_equals_duration(duration, duration) bool",
        ],
    },
    Row {
        name: "_<_",
        run: less,
        overloads: &[
            "less_bool(bool, bool) bool",
            "less_int64(int, int) bool",
            "less_int64_double(int, double) bool",
            "less_int64_uint64(int, uint) bool",
            "less_uint64(uint, uint) bool",
            "less_uint64_double(uint, double) bool",
            "less_uint64_int64(uint, int) bool",
            "less_double(double, double) bool",
            "less_double_int64(double, int) bool",
            "less_double_uint64(double, uint) bool",
            "less_string(string, string) bool",
            "less_bytes(bytes, bytes) bool",
            "less_timestamp(timestamp, timestamp) bool",
            "less_duration(duration, duration) bool",
        ],
    },
    Row { name: "_==_", run: equal, overloads: &["equals(A, A) bool"] },
    Row {
        name: "_>=_",
        run: greater_equal,
        overloads: &[
            "greater_equals_bool(bool, bool) bool",
            "greater_equals_int64(int, int) bool",
            "greater_equals_int64_double(int, double) bool",
            "greater_equals_int64_uint64(int, uint) bool",
            "greater_equals_uint64(uint, uint) bool",
            "greater_equals_uint64_double(uint, double) bool",
            "greater_equals_uint64_int64(uint, int) bool",
            "greater_equals_double(double, double) bool",
            "greater_equals_double_int64(double, int) bool",
            "greater_equals_double_uint64(double, uint) bool",
            "greater_equals_string(string, string) bool",
            "greater_equals_bytes(bytes, bytes) bool",
            "greater_equals_timestamp(timestamp, timestamp) bool",
            "greater_equals_duration(duration, duration) bool",
        ],
    },
    Row {
        name: "_>_",
        run: greater,
        overloads: &[
            "greater_bool(bool, bool) bool",
            "greater_int64(int, int) bool",
            "greater_int64_double(int, double) bool",
            "greater_int64_uint64(int, uint) bool",
            "greater_uint64(uint, uint) bool",
            "greater_uint64_double(uint, double) bool",
            "greater_uint64_int64(uint, int) bool",
            "greater_double(double, double) bool",
            "greater_double_int64(double, int) bool",
            "greater_double_uint64(double, uint) bool",
            "greater_string(string, string) bool",
            "greater_bytes(bytes, bytes) bool",
            "greater_timestamp(timestamp, timestamp) bool",
            "greater_duration(duration, duration) bool",
        ],
    },
    Row { name: "_?._", run: logical, overloads: &["select_optional_field(dyn, string) optional_type(V)"] },
    Row { name: "_?_:_", run: logical, overloads: &["conditional(bool, A, A) A"] },
    Row {
        name: "_[?_]",
        run: logical,
        overloads: &[
            "list_optindex_optional_int(list(V), int) optional_type(V)",
            "optional_list_optindex_optional_int(optional_type(list(V)), int) optional_type(V)",
            "map_optindex_optional_value(map(K, V), K) optional_type(V)",
            "optional_map_optindex_optional_value(optional_type(map(K, V)), K) optional_type(V)",
        ],
    },
    Row {
        name: "_[_]",
        run: logical,
        overloads: &[
            "index_list(list(A), int) A",
            "index_map(map(A, B), A) B",
            "optional_list_index_int(optional_type(list(V)), int) optional_type(V)",
            "optional_map_index_value(optional_type(map(K, V)), K) optional_type(V)",
        ],
    },
    Row { name: "_||_", run: logical, overloads: &["logical_or(bool, bool) bool"] },
    Row {
        name: "cel.@mapInsert",
        run: logical,
        overloads: &[
            "@mapInsert_map_key_value(map(K, V), K, V) map(K, V)",
            "@mapInsert_map_map(map(K, V), map(K, V)) map(K, V)",
        ],
    },
    Row {
        name: "or",
        run: logical,
        overloads: &[".optional_or_optional(optional_type(V), optional_type(V)) optional_type(V)"],
    },
    Row { name: "orValue", run: logical, overloads: &[".optional_orValue_value(optional_type(V), V) V"] },
];

fn overflow(what: &str) -> EvalError {
    EvalError::new(format!("{what} overflow"))
}

/// Which of the operand's types no overload begins with is told by the operator's name alone.
fn refused(operator: &str, given: &[Val<'_>]) -> EvalError {
    let compares = operator.starts_with("_<") || operator.starts_with("_>");
    let takes = match given.first() {
        Some(Val::Int(_) | Val::Uint(_)) => true,
        Some(Val::Double(_)) => operator != "_%_",
        Some(Val::Text(_) | Val::Bytes(_)) => compares || operator == "_+_",
        Some(Val::Timestamp(_) | Val::Duration(_)) => compares || matches!(operator, "_+_" | "_-_"),
        Some(Val::List(_)) => operator == "_+_",
        Some(Val::Bool(_)) => compares,
        _ => false,
    };
    if takes { EvalError::no_overload() } else { EvalError::new(format!("no such overload: {operator}")) }
}

fn checked<'v>(found: Option<Val<'v>>, what: &str) -> Outcome<'v> {
    found.ok_or_else(|| overflow(what))
}

const INT: &str = "integer";
const UINT: &str = "unsigned integer";

fn logical<'v>(_: &[Val<'v>]) -> Outcome<'v> {
    Err(EvalError::no_overload())
}

fn not<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Bool(b)] => Ok(Val::Bool(!b)),
        _ => Err(EvalError::no_overload()),
    }
}

fn negate<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Int(a)] => checked(a.checked_neg().map(Val::Int), INT),
        [Val::Double(a)] => Ok(Val::Double(-a)),
        [Val::Uint(_)] => Err(EvalError::new("no such overload: -_")),
        _ => Err(EvalError::no_overload()),
    }
}

fn add<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Int(a), Val::Int(b)] => checked(a.checked_add(*b).map(Val::Int), INT),
        [Val::Uint(a), Val::Uint(b)] => checked(a.checked_add(*b).map(Val::Uint), UINT),
        [Val::Double(a), Val::Double(b)] => Ok(Val::Double(a + b)),
        [Val::Text(a), Val::Text(b)] => Ok(Val::text(format!("{a}{b}"))),
        [Val::Bytes(a), Val::Bytes(b)] => Ok(Val::Bytes([&a[..], &b[..]].concat().into())),
        [Val::List(a), Val::List(b)] => Ok(joined(a, b)),
        [Val::Duration(a), Val::Duration(b)] => checked(a.checked_add(*b).map(Val::Duration), "duration"),
        [Val::Timestamp(at), Val::Duration(by)] | [Val::Duration(by), Val::Timestamp(at)] => moved(*at, *by),
        _ => Err(refused("_+_", given)),
    }
}

/// Moments lie in the years 1 to 9999.
fn moved<'v>(at: jiff::Timestamp, by: i64) -> Outcome<'v> {
    const FIRST: i64 = -62_135_596_800;
    let moved = at.checked_add(jiff::SignedDuration::from_nanos(by)).ok();
    checked(moved.filter(|moment| moment.as_second() >= FIRST).map(Val::Timestamp), "timestamp")
}

fn subtract<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Int(a), Val::Int(b)] => checked(a.checked_sub(*b).map(Val::Int), INT),
        [Val::Uint(a), Val::Uint(b)] => checked(a.checked_sub(*b).map(Val::Uint), UINT),
        [Val::Double(a), Val::Double(b)] => Ok(Val::Double(a - b)),
        [Val::Duration(a), Val::Duration(b)] => checked(a.checked_sub(*b).map(Val::Duration), "duration"),
        [Val::Timestamp(at), Val::Duration(by)] => match by.checked_neg() {
            Some(by) => moved(*at, by),
            None => Err(overflow("timestamp")),
        },
        [Val::Timestamp(a), Val::Timestamp(b)] => {
            let apart = (a.as_nanosecond() - b.as_nanosecond()).try_into().ok();
            checked(apart.map(Val::Duration), "duration")
        }
        _ => Err(refused("_-_", given)),
    }
}

fn multiply<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Int(a), Val::Int(b)] => checked(a.checked_mul(*b).map(Val::Int), INT),
        [Val::Uint(a), Val::Uint(b)] => checked(a.checked_mul(*b).map(Val::Uint), UINT),
        [Val::Double(a), Val::Double(b)] => Ok(Val::Double(a * b)),
        _ => Err(refused("_*_", given)),
    }
}

fn divide<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Int(_), Val::Int(0)] | [Val::Uint(_), Val::Uint(0)] => Err(EvalError::new("division by zero")),
        [Val::Int(a), Val::Int(b)] => checked(a.checked_div(*b).map(Val::Int), INT),
        [Val::Uint(a), Val::Uint(b)] => Ok(Val::Uint(a / b)),
        [Val::Double(a), Val::Double(b)] => Ok(Val::Double(a / b)),
        _ => Err(refused("_/_", given)),
    }
}

fn modulo<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Int(_), Val::Int(0)] | [Val::Uint(_), Val::Uint(0)] => Err(EvalError::new("modulus by zero")),
        [Val::Int(a), Val::Int(b)] => checked(a.checked_rem(*b).map(Val::Int), INT),
        [Val::Uint(a), Val::Uint(b)] => Ok(Val::Uint(a % b)),
        _ => Err(refused("_%_", given)),
    }
}

fn equal<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [a, b] = given else { return Err(EvalError::no_overload()) };
    Ok(Val::Bool(a.equals(b)))
}

fn not_equal<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [a, b] = given else { return Err(EvalError::no_overload()) };
    Ok(Val::Bool(!a.equals(b)))
}

fn compared<'v>(operator: &str, given: &[Val<'v>], holds: impl Fn(Ordering) -> bool) -> Outcome<'v> {
    match given {
        [a, b] if a.is_comparable(b) => Ok(Val::Bool(a.order(b).is_some_and(holds))),
        _ => Err(refused(operator, given)),
    }
}

fn less<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    compared("_<_", given, Ordering::is_lt)
}

fn less_equal<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    compared("_<=_", given, Ordering::is_le)
}

fn greater<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    compared("_>_", given, Ordering::is_gt)
}

fn greater_equal<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    compared("_>=_", given, Ordering::is_ge)
}

fn within<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [item, Val::List(list)] => Ok(Val::Bool(contains(list, item))),
        [key, Val::Map(map)] => Ok(Val::Bool(map.get(key).is_some())),
        _ => Err(EvalError::no_overload()),
    }
}
