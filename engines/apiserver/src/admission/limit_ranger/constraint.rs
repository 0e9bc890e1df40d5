//! The constraints of a LimitRange, and upstream's words for breaking one.

use super::amounts::{self, Amounts};
use meta::{Quantity, Value};

type Check = fn(&Asked<'_>) -> Option<String>;

pub(super) fn broken(limit: &Value, given: &Amounts) -> Vec<String> {
    each(limit, given, &[("min", minimum), ("max", maximum), ("maxLimitRequestRatio", ratio)])
}

pub(super) fn broken_by_claim(limit: &Value, given: &Amounts) -> Vec<String> {
    each(limit, given, &[("min", minimum), ("max", maximum_request)])
}

fn each(limit: &Value, given: &Amounts, checks: &[(&str, Check)]) -> Vec<String> {
    let kind = limit.str("type");
    let mut broken = Vec::new();
    for (field, check) in checks {
        for (resource, bound) in amounts::list(limit, field) {
            broken.extend(check(&Asked::new(kind, &resource, bound, given)));
        }
    }
    broken
}

struct Asked<'a> {
    kind: &'a str,
    resource: &'a str,
    bound: Quantity,
    request: Option<Quantity>,
    limit: Option<Quantity>,
}

impl<'a> Asked<'a> {
    fn new(kind: &'a str, resource: &'a str, bound: Quantity, given: &Amounts) -> Asked<'a> {
        let (request, limit) = (given.requests.get(resource).copied(), given.limits.get(resource).copied());
        Asked { kind, resource, bound, request, limit }
    }

    fn says(&self, word: &str, end: &str) -> Option<String> {
        let Asked { kind, resource, bound, .. } = self;
        Some(format!("{word} {resource} usage per {kind} is {bound}{end}"))
    }
}

fn minimum(asked: &Asked<'_>) -> Option<String> {
    let Some(request) = asked.request else { return asked.says("minimum", ".  No request is specified") };
    if request < asked.bound {
        return asked.says("minimum", &format!(", but request is {request}"));
    }
    let limit = asked.limit.filter(|limit| *limit < asked.bound)?;
    asked.says("minimum", &format!(", but limit is {limit}"))
}

fn maximum(asked: &Asked<'_>) -> Option<String> {
    let Some(limit) = asked.limit else { return asked.says("maximum", ".  No limit is specified") };
    if limit > asked.bound {
        return asked.says("maximum", &format!(", but limit is {limit}"));
    }
    let request = asked.request.filter(|request| *request > asked.bound)?;
    asked.says("maximum", &format!(", but request is {request}"))
}

fn maximum_request(asked: &Asked<'_>) -> Option<String> {
    let Some(request) = asked.request else { return asked.says("maximum", ".  No request is specified") };
    match request > asked.bound {
        true => asked.says("maximum", &format!(", but request is {request}")),
        false => None,
    }
}

fn ratio(asked: &Asked<'_>) -> Option<String> {
    let Asked { kind, resource, bound, .. } = asked;
    let says = |end: &str| Some(format!("{resource} max limit to request ratio per {kind} is {bound}, but {end}"));
    let given = |amount: Option<Quantity>| amount.filter(|amount| !amount.is_zero());
    let Some(request) = given(asked.request) else { return says("no request is specified or request is 0") };
    let Some(limit) = given(asked.limit) else { return says("no limit is specified or limit is 0") };
    let observed = limit.milli_value() as f64 / request.milli_value() as f64;
    match observed * 1000.0 > bound.milli_value() as f64 {
        true => says(&format!("provided ratio is {observed:.6}")),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn broken_constraints_are_named() {
        let container = |requests: Value, limits: Value| {
            amounts::of_container(&value!({"resources": {"requests": requests, "limits": limits}}))
        };
        let cpu = |cpu: &str| value!({"cpu": cpu});
        for (field, bound, given, expect) in [
            ("min", "100m", container(cpu("100m"), cpu("1")), None),
            (
                "min",
                "100m",
                container(value!({}), value!({})),
                Some("minimum cpu usage per Container is 100m.  No request is specified"),
            ),
            (
                "min",
                "100m",
                container(cpu("50m"), value!({})),
                Some("minimum cpu usage per Container is 100m, but request is 50m"),
            ),
            (
                "max",
                "1",
                container(value!({}), value!({})),
                Some("maximum cpu usage per Container is 1.  No limit is specified"),
            ),
            ("max", "1", container(value!({}), cpu("2")), Some("maximum cpu usage per Container is 1, but limit is 2")),
            ("max", "1", container(cpu("1"), cpu("1")), None),
            (
                "maxLimitRequestRatio",
                "2",
                container(cpu("1"), cpu("3")),
                Some("cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000"),
            ),
            ("maxLimitRequestRatio", "3", container(cpu("1"), cpu("3")), None),
        ] {
            let mut limit = value!({"type": "Container"});
            limit.set(field, cpu(bound));
            let expect: Vec<&str> = expect.into_iter().collect();
            assert_eq!(broken(&limit, &given), expect, "{field} {given:?}");
        }
    }
}
