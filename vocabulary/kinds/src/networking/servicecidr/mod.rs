//! ServiceCIDR: ranges from which services get addresses.

use crate::cells;
use crate::{Context, KindDef, Row, Rules, check};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("networking.k8s.io", "ServiceCIDR", || Arc::new(ServiceCIDR));

struct ServiceCIDR;

impl Rules for ServiceCIDR {
    /// Upstream names a group here that there is not, and so takes nothing away.
    fn resets(&self, _def: &KindDef, _subresource: &str) -> &[&'static str] {
        &[]
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let ranges = cells::joined(object.at("spec.cidrs"), ",");
        vec![cells::name(object), ranges.into(), cells::age(object, now)]
    }

    fn check(&self, _context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
        let ranges = Cursor::root(new).at("spec.cidrs");
        let Some(old) = old else { return families(&ranges, out) };
        let before = old.items("spec.cidrs");
        let is_extended = before.len() == 1 && ranges.items().count() == 2;
        if !is_extended {
            // What may not change is not judged by what it should be.
            out.0.retain(|error| !error.field.starts_with("spec.cidrs"));
        }
        if !is_extended && ranges.items().count() != before.len() {
            return check::invalid(&ranges, check::IMMUTABLE, out);
        }
        for (range, before) in ranges.items().zip(before) {
            check::immutable(&range, &Cursor::new(before, range.path.clone()), out);
        }
        if is_extended {
            families(&ranges, out);
        }
    }
}

fn families(ranges: &Cursor<'_>, out: &mut ErrorList) {
    let six = ranges.items().filter(|range| range.str().contains(':')).count();
    let count = ranges.items().count();
    if count > 2 || (count == 2 && six != 1) {
        let why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        check::invalid(ranges, why, out);
    }
}
