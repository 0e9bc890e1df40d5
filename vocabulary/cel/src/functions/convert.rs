//! From one type to another, and how large something is.

use super::times::{duration_text, parse_duration, parse_timestamp, timestamp_text};
use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use meta::go_float;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "bool", run: bool, overloads: &["bool_to_bool(bool) bool", "string_to_bool(string) bool"] },
    Row { name: "bytes", run: bytes, overloads: &["bytes_to_bytes(bytes) bytes", "string_to_bytes(string) bytes"] },
    Row {
        name: "double",
        run: double,
        overloads: &[
            "double_to_double(double) double",
            "int64_to_double(int) double",
            "string_to_double(string) double",
            "uint64_to_double(uint) double",
        ],
    },
    Row {
        name: "duration",
        run: duration,
        overloads: &[
            "duration_to_duration(duration) duration",
            "int64_to_duration(int) duration",
            "string_to_duration(string) duration",
        ],
    },
    Row { name: "dyn", run: same, overloads: &["to_dyn(A) dyn"] },
    Row {
        name: "int",
        run: int,
        overloads: &[
            "int64_to_int64(int) int",
            "double_to_int64(double) int",
            "duration_to_int64(duration) int",
            "string_to_int64(string) int",
            "timestamp_to_int64(timestamp) int",
            "uint64_to_int64(uint) int",
        ],
    },
    Row {
        name: "size",
        run: size,
        overloads: &[
            "size_bytes(bytes) int",
            ".bytes_size(bytes) int",
            "size_list(list(A)) int",
            ".list_size(list(A)) int",
            "size_map(map(A, B)) int",
            ".map_size(map(A, B)) int",
            "size_string(string) int",
            ".string_size(string) int",
        ],
    },
    Row {
        name: "string",
        run: string,
        overloads: &[
            "string_to_string(string) string",
            "bool_to_string(bool) string",
            "bytes_to_string(bytes) string",
            "double_to_string(double) string",
            "duration_to_string(duration) string",
            "int64_to_string(int) string",
            "timestamp_to_string(timestamp) string",
            "uint64_to_string(uint) string",
            "ip_to_string(net.IP) string",
            "cidr_to_string(net.CIDR) string",
        ],
    },
    Row {
        name: "timestamp",
        run: timestamp,
        overloads: &[
            "timestamp_to_timestamp(timestamp) timestamp",
            "int64_to_timestamp(int) timestamp",
            "string_to_timestamp(string) timestamp",
        ],
    },
    Row { name: "type", run: kind, overloads: &["type(A) type(A)"] },
    Row {
        name: "uint",
        run: uint,
        overloads: &[
            "uint64_to_uint64(uint) uint",
            "double_to_uint64(double) uint",
            "int64_to_uint64(int) uint",
            "string_to_uint64(string) uint",
        ],
    },
];

fn refused(from: &Val<'_>, to: &str) -> EvalError {
    EvalError::new(format!("type conversion error from '{}' to '{to}'", from.type_name()))
}

fn overflow(what: &str) -> EvalError {
    EvalError::new(format!("{what} overflow"))
}

fn same<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    given.first().cloned().ok_or_else(EvalError::no_overload)
}

fn kind<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    given.first().map(|value| Val::Type(value.type_name().into())).ok_or_else(EvalError::no_overload)
}

fn bool<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Bool(b)] => Ok(Val::Bool(*b)),
        [value @ Val::Text(text)] => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Val::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Val::Bool(false)),
            _ => Err(refused(value, "bool")),
        },
        _ => Err(EvalError::no_such("bool", given)),
    }
}

fn bytes<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Bytes(_)] => same(given),
        [Val::Text(text)] => Ok(Val::Bytes(text.as_bytes().to_vec().into())),
        _ => Err(EvalError::no_such("bytes", given)),
    }
}

fn double<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Double(_)] => same(given),
        [Val::Int(a)] => Ok(Val::Double(*a as f64)),
        [Val::Uint(a)] => Ok(Val::Double(*a as f64)),
        [value @ Val::Text(text)] => text.parse().map(Val::Double).map_err(|_| refused(value, "double")),
        _ => Err(EvalError::no_such("double", given)),
    }
}

fn int<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    const MOST: f64 = 9_223_372_036_854_775_808.0;
    match given {
        [Val::Int(_)] => same(given),
        [Val::Uint(a)] => i64::try_from(*a).map(Val::Int).map_err(|_| overflow("integer")),
        [Val::Double(a)] if a.is_finite() && *a > -MOST && *a < MOST => Ok(Val::Int(*a as i64)),
        [Val::Double(_)] => Err(overflow("integer")),
        [value @ Val::Text(text)] => text.parse().map(Val::Int).map_err(|_| refused(value, "int")),
        [Val::Timestamp(at)] => Ok(Val::Int(at.as_nanosecond().div_euclid(1_000_000_000) as i64)),
        [Val::Duration(nanos)] => Ok(Val::Int(*nanos)),
        _ => Err(EvalError::no_such("int", given)),
    }
}

fn uint<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    const MOST: f64 = 18_446_744_073_709_551_616.0;
    match given {
        [Val::Uint(_)] => same(given),
        [Val::Int(a)] => u64::try_from(*a).map(Val::Uint).map_err(|_| overflow("unsigned integer")),
        [Val::Double(a)] if *a >= 0.0 && *a < MOST => Ok(Val::Uint(*a as u64)),
        [Val::Double(_)] => Err(overflow("unsigned integer")),
        [value @ Val::Text(text)] => text.parse().map(Val::Uint).map_err(|_| refused(value, "uint")),
        _ => Err(EvalError::no_such("uint", given)),
    }
}

pub(super) fn string_of(value: &Val<'_>) -> Option<String> {
    Some(match value {
        Val::Text(text) => text.to_string(),
        Val::Bool(b) => b.to_string(),
        Val::Int(a) => a.to_string(),
        Val::Uint(a) => a.to_string(),
        Val::Double(a) => double_text(*a),
        Val::Timestamp(at) => timestamp_text(*at),
        Val::Duration(nanos) => duration_text(*nanos),
        Val::Type(name) => name.to_string(),
        Val::Ip(ip) => ip.to_string(),
        Val::Cidr(cidr) => cidr.to_string(),
        _ => return None,
    })
}

fn double_text(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".into(),
        number if number.is_infinite() => if number > 0.0 { "+Inf" } else { "-Inf" }.into(),
        number => go_float(number),
    }
}

fn string<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Bytes(bytes)] => match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Ok(Val::text(text)),
            Err(_) => Err(EvalError::new("invalid UTF-8 in bytes, cannot convert to string")),
        },
        [Val::Text(_)] => same(given),
        [value] => string_of(value).map(Val::text).ok_or_else(|| EvalError::no_such("string", given)),
        _ => Err(EvalError::no_overload()),
    }
}

fn duration<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Duration(_)] => same(given),
        [Val::Int(nanos)] => Ok(Val::Duration(*nanos)),
        [value @ Val::Text(text)] => {
            parse_duration(text).map(Val::Duration).ok_or_else(|| refused(value, "google.protobuf.Duration"))
        }
        _ => Err(EvalError::no_such("duration", given)),
    }
}

fn timestamp<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Timestamp(_)] => same(given),
        [Val::Int(seconds)] => {
            jiff::Timestamp::from_second(*seconds).map(Val::Timestamp).map_err(|_| overflow("timestamp"))
        }
        [value @ Val::Text(text)] => {
            parse_timestamp(text).map(Val::Timestamp).ok_or_else(|| refused(value, "google.protobuf.Timestamp"))
        }
        _ => Err(EvalError::no_such("timestamp", given)),
    }
}

fn size<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [value @ (Val::Text(_) | Val::Bytes(_) | Val::List(_) | Val::Map(_))] => Ok(Val::Int(value.size() as i64)),
        _ => Err(EvalError::new("no such overload: size")),
    }
}
