//! Lists, and lists as sets.

use crate::compare::contains;
use crate::signatures::Row;
use crate::value::{EvalError, List, Outcome, Val};
use std::cmp::Ordering;

pub(crate) static ROWS: &[Row] = &[
    Row {
        name: "@sortByAssociatedKeys",
        run: sort_by_keys,
        overloads: &[
            ".list_int_sortByAssociatedKeys(list(T), list(int)) list(T)",
            ".list_uint_sortByAssociatedKeys(list(T), list(uint)) list(T)",
            ".list_double_sortByAssociatedKeys(list(T), list(double)) list(T)",
            ".list_bool_sortByAssociatedKeys(list(T), list(bool)) list(T)",
            ".list_Duration_sortByAssociatedKeys(list(T), list(duration)) list(T)",
            ".list_Timestamp_sortByAssociatedKeys(list(T), list(timestamp)) list(T)",
            ".list_string_sortByAssociatedKeys(list(T), list(string)) list(T)",
            ".list_bytes_sortByAssociatedKeys(list(T), list(bytes)) list(T)",
        ],
    },
    Row { name: "distinct", run: distinct, overloads: &[".list_distinct(list(T)) list(T)"] },
    Row { name: "first", run: first, overloads: &[".list_first(list(V)) optional_type(V)"] },
    Row {
        name: "flatten",
        run: flatten,
        overloads: &[".list_flatten(list(list(T))) list(T)", ".list_flatten_int(list(dyn), int) list(dyn)"],
    },
    Row {
        name: "isSorted",
        run: is_sorted,
        overloads: &[
            ".list_int_is_sorted_bool(list(int)) bool",
            ".list_uint_is_sorted_bool(list(uint)) bool",
            ".list_double_is_sorted_bool(list(double)) bool",
            ".list_bool_is_sorted_bool(list(bool)) bool",
            ".list_duration_is_sorted_bool(list(duration)) bool",
            ".list_timestamp_is_sorted_bool(list(timestamp)) bool",
            ".list_string_is_sorted_bool(list(string)) bool",
            ".list_bytes_is_sorted_bool(list(bytes)) bool",
        ],
    },
    Row { name: "last", run: last, overloads: &[".list_last(list(V)) optional_type(V)"] },
    Row { name: "lists.range", run: range, overloads: &["lists_range(int) list(int)"] },
    Row {
        name: "max",
        run: max,
        overloads: &[
            ".list_int_max_int(list(int)) int",
            ".list_uint_max_uint(list(uint)) uint",
            ".list_double_max_double(list(double)) double",
            ".list_bool_max_bool(list(bool)) bool",
            ".list_duration_max_duration(list(duration)) duration",
            ".list_timestamp_max_timestamp(list(timestamp)) timestamp",
            ".list_string_max_string(list(string)) string",
            ".list_bytes_max_bytes(list(bytes)) bytes",
        ],
    },
    Row {
        name: "min",
        run: min,
        overloads: &[
            ".list_int_min_int(list(int)) int",
            ".list_uint_min_uint(list(uint)) uint",
            ".list_double_min_double(list(double)) double",
            ".list_bool_min_bool(list(bool)) bool",
            ".list_duration_min_duration(list(duration)) duration",
            ".list_timestamp_min_timestamp(list(timestamp)) timestamp",
            ".list_string_min_string(list(string)) string",
            ".list_bytes_min_bytes(list(bytes)) bytes",
        ],
    },
    Row { name: "reverse", run: reverse, overloads: &[".list_reverse(list(T)) list(T)"] },
    Row { name: "sets.contains", run: sets_contains, overloads: &["list_sets_contains_list(list(T), list(T)) bool"] },
    Row {
        name: "sets.equivalent",
        run: sets_equivalent,
        overloads: &["list_sets_equivalent_list(list(T), list(T)) bool"],
    },
    Row {
        name: "sets.intersects",
        run: sets_intersects,
        overloads: &["list_sets_intersects_list(list(T), list(T)) bool"],
    },
    Row { name: "slice", run: slice, overloads: &[".list_slice(list(T), int, int) list(T)"] },
    Row {
        name: "sort",
        run: sort,
        overloads: &[
            ".list_int_sort(list(int)) list(int)",
            ".list_uint_sort(list(uint)) list(uint)",
            ".list_double_sort(list(double)) list(double)",
            ".list_bool_sort(list(bool)) list(bool)",
            ".list_Duration_sort(list(duration)) list(duration)",
            ".list_Timestamp_sort(list(timestamp)) list(timestamp)",
            ".list_string_sort(list(string)) list(string)",
            ".list_bytes_sort(list(bytes)) list(bytes)",
        ],
    },
    Row {
        name: "sum",
        run: sum,
        overloads: &[
            ".list_int_sum_int(list(int)) int",
            ".list_uint_sum_uint(list(uint)) uint",
            ".list_double_sum_double(list(double)) double",
            ".list_duration_sum_duration(list(duration)) duration",
        ],
    },
];

fn items<'v>(name: &str, given: &[Val<'v>]) -> Result<Vec<Val<'v>>, EvalError> {
    match given {
        [Val::List(list), ..] => Ok(list.iter().collect()),
        _ => Err(EvalError::no_such(name, given)),
    }
}

pub(super) fn first_place<'v>(list: &List<'v>, item: &Val<'v>) -> Val<'v> {
    Val::Int(list.iter().position(|known| known.equals(item)).map_or(-1, |at| at as i64))
}

pub(super) fn last_place<'v>(list: &List<'v>, item: &Val<'v>) -> Val<'v> {
    let at = (0..list.len()).rev().find(|at| list.get(*at).is_some_and(|known| known.equals(item)));
    Val::Int(at.map_or(-1, |at| at as i64))
}

fn is_sorted<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let items = items("isSorted", given)?;
    for pair in items.windows(2) {
        match pair[0].order(&pair[1]) {
            None => return Err(EvalError::no_overload()),
            Some(Ordering::Greater) => return Ok(Val::Bool(false)),
            Some(_) => {}
        }
    }
    Ok(Val::Bool(true))
}

fn sum<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let items = items("sum", given)?;
    let overflow = |what: &str| EvalError::new(format!("{what} overflow"));
    let add = |a: Val<'v>, b: &Val<'v>| match (a, b) {
        (Val::Int(a), Val::Int(b)) => a.checked_add(*b).map(Val::Int).ok_or_else(|| overflow("integer")),
        (Val::Uint(a), Val::Uint(b)) => a.checked_add(*b).map(Val::Uint).ok_or_else(|| overflow("unsigned integer")),
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(a + b)),
        (Val::Duration(a), Val::Duration(b)) => {
            a.checked_add(*b).map(Val::Duration).ok_or_else(|| overflow("duration"))
        }
        _ => Err(EvalError::no_such("sum", given)),
    };
    let zero = match items.first() {
        Some(Val::Uint(_)) => Val::Uint(0),
        Some(Val::Double(_)) => Val::Double(0.0),
        Some(Val::Duration(_)) => Val::Duration(0),
        _ => Val::Int(0),
    };
    items.iter().try_fold(zero, add)
}

fn extreme<'v>(name: &str, given: &[Val<'v>], better: Ordering) -> Outcome<'v> {
    let items = items(name, given)?;
    let mut rest = items.into_iter();
    let Some(mut best) = rest.next() else { return Err(EvalError::new(format!("{name} called on empty list"))) };
    for item in rest {
        if item.order(&best) == Some(better) {
            best = item;
        }
    }
    Ok(best)
}

fn min<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    extreme("min", given, Ordering::Less)
}

fn max<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    extreme("max", given, Ordering::Greater)
}

fn first<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    Ok(Val::optional(items("first", given)?.into_iter().next()))
}

fn last<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    Ok(Val::optional(items("last", given)?.pop()))
}

fn distinct<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let mut kept: Vec<Val<'v>> = Vec::new();
    for item in items("distinct", given)? {
        if !kept.iter().any(|known| known.equals(&item)) {
            kept.push(item);
        }
    }
    Ok(Val::list(kept))
}

fn reverse<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let mut items = items("reverse", given)?;
    items.reverse();
    Ok(Val::list(items))
}

fn flatten<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let depth = match given {
        [_] => 1,
        [_, Val::Int(depth)] => *depth,
        _ => return Err(EvalError::no_such("flatten", given)),
    };
    if depth < 0 {
        return Err(EvalError::new("level must be non-negative"));
    }
    Ok(Val::list(flat(items("flatten", given)?, depth)))
}

fn flat(items: Vec<Val<'_>>, depth: i64) -> Vec<Val<'_>> {
    let inner = |item| match item {
        Val::List(list) if depth > 0 => flat(list.iter().collect(), depth - 1),
        item => vec![item],
    };
    items.into_iter().flat_map(inner).collect()
}

/// As long as a range may be.
const LONGEST: i64 = 1_000_000;

fn range<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Int(end)] if *end > LONGEST => Err(EvalError::too_costly()),
        [Val::Int(end)] => Ok(Val::list((0..*end).map(Val::Int).collect())),
        _ => Err(EvalError::no_such("lists.range", given)),
    }
}

fn slice<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::List(list), Val::Int(from), Val::Int(to)] = given else { return Err(EvalError::no_such("slice", given)) };
    let refused = |why: String| EvalError::new(format!("cannot slice({from}, {to}), {why}"));
    match (usize::try_from(*from), usize::try_from(*to)) {
        (Ok(from), Ok(to)) if from > to => Err(refused("start index must be less than or equal to end index".into())),
        (Ok(_), Ok(to)) if to > list.len() => Err(refused(format!("list is length {}", list.len()))),
        (Ok(from), Ok(to)) => Ok(Val::list((from..to).filter_map(|at| list.get(at)).collect())),
        _ => Err(refused("negative indexes not supported".into())),
    }
}

/// Items in the order of their keys.
fn by_keys<'v>(items: Vec<Val<'v>>, keys: &[Val<'v>]) -> Outcome<'v> {
    let Some(first) = keys.first() else { return Ok(Val::list(items)) };
    if keys.iter().any(|key| key.type_name() != first.type_name()) {
        return Err(EvalError::new("list elements must have the same type"));
    }
    if first.order(first).is_none() && !matches!(first, Val::Double(_)) {
        return Err(EvalError::new("list elements must be comparable"));
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| keys[*a].order(&keys[*b]).unwrap_or(Ordering::Equal));
    Ok(Val::list(order.into_iter().map(|at| items[at].clone()).collect()))
}

fn sort<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let items = items("sort", given)?;
    by_keys(items.clone(), &items)
}

fn sort_by_keys<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::List(list), Val::List(keys)] = given else { return Err(EvalError::no_such("sortBy", given)) };
    by_keys(list.iter().collect(), &keys.iter().collect::<Vec<_>>())
}

fn sets<'g, 'v>(name: &str, given: &'g [Val<'v>]) -> Result<(&'g List<'v>, &'g List<'v>), EvalError> {
    match given {
        [Val::List(a), Val::List(b)] => Ok((a, b)),
        _ => Err(EvalError::no_such(name, given)),
    }
}

fn sets_contains<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (a, b) = sets("sets.contains", given)?;
    Ok(Val::Bool(b.iter().all(|item| contains(a, &item))))
}

fn sets_equivalent<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (a, b) = sets("sets.equivalent", given)?;
    Ok(Val::Bool(b.iter().all(|item| contains(a, &item)) && a.iter().all(|item| contains(b, &item))))
}

fn sets_intersects<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (a, b) = sets("sets.intersects", given)?;
    Ok(Val::Bool(b.iter().any(|item| contains(a, &item))))
}
