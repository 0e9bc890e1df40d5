//! Amounts by resource name.

use meta::{CompactString, Quantity, Value};
use std::collections::BTreeMap;

pub type Amounts = BTreeMap<CompactString, Quantity>;

/// A ResourceList. What is no quantity cannot have passed validation.
pub fn of_list(list: &Value) -> Amounts {
    let entries = list
        .as_map()
        .into_iter()
        .flat_map(|map| map.iter())
        .filter_map(|(name, amount)| Some((name.clone(), amount_of(amount)?)));
    entries.collect()
}

fn amount_of(value: &Value) -> Option<Quantity> {
    match value {
        Value::Str(text) => Quantity::parse(text).ok(),
        Value::Int(number) => Some(crate::whole(*number)),
        _ => None,
    }
}

pub fn to_value(amounts: &Amounts) -> Value {
    let mut list = Value::map();
    for (name, amount) in amounts {
        *list.entry(name) = Value::from(amount.to_string());
    }
    list
}

/// Adds to each name of `into` what `more` has of it; names that only `more` has are added.
pub fn sum(into: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let total = into.get(name).copied().unwrap_or(Quantity::ZERO) + *amount;
        into.insert(name.clone(), total);
    }
}

/// What `new` takes beyond `old`; never less than nothing.
pub fn surplus(new: &Amounts, old: &Amounts) -> Amounts {
    let before = |name: &CompactString| old.get(name).copied().unwrap_or(Quantity::ZERO);
    let more = new.iter().map(|(name, amount)| (name.clone(), *amount - before(name)));
    more.filter(|(_, amount)| !amount.is_negative() && !amount.is_zero()).collect()
}

/// The names of which more would be used than there may be.
pub fn exceeded(requested: &Amounts, used: &Amounts, hard: &Amounts) -> Vec<CompactString> {
    let over = |(name, more): &(&CompactString, &Quantity)| {
        let total = used.get(*name).copied().unwrap_or(Quantity::ZERO) + **more;
        hard.get(*name).is_some_and(|most| total > *most)
    };
    requested.iter().filter(over).map(|(name, _)| name.clone()).collect()
}

/// As refusals show them: `cpu=1,pods=2`.
pub fn shown(amounts: &Amounts) -> String {
    amounts.iter().map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(text: &str) -> Amounts {
        let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, amount)| (name.into(), Quantity::parse(amount).unwrap())).collect()
    }

    #[test]
    fn what_is_over_is_named() {
        let hard = amounts("cpu=1,pods=2");
        for (requested, used, expect) in [
            ("cpu=500m,pods=1", "cpu=500m,pods=1", ""),
            ("cpu=600m,pods=1", "cpu=500m,pods=1", "cpu"),
            ("cpu=1,pods=1,memory=1Gi", "cpu=500m,pods=2", "cpu pods"),
        ] {
            let found = exceeded(&amounts(requested), &amounts(used), &hard).join(" ");
            assert_eq!(found, expect, "{requested} over {used}");
        }
    }

    #[test]
    fn an_update_takes_only_what_it_adds() {
        let found = surplus(&amounts("cpu=2,pods=1,memory=1Gi"), &amounts("cpu=500m,pods=1,memory=2Gi"));
        assert_eq!(shown(&found), "cpu=1500m");
    }
}
