//! What the node has, and how much of it pods may use.

use super::machine::Machine;
use crate::config::Config;
use meta::Quantity;
use meta::quantity::Format;
use podplan::resources::Amounts;

/// Memory is kept back so that the machine itself does not run out.
const MEMORY_KEPT: i64 = 100 << 20;
/// Percent of the disk below which pods would be evicted.
const DISK_KEPT_PERCENT: i64 = 10;

pub fn capacity(config: &Config, machine: &Machine, disk_bytes: u64) -> Amounts {
    let count = |n: u64| Quantity::units(signed(n), Format::DecimalSi);
    let kibi = |bytes: u64| Quantity::units(signed(bytes / 1024 * 1024), Format::BinarySi);
    let mut all = Amounts::from([
        ("cpu".to_owned(), count(machine.cpus)),
        ("memory".to_owned(), kibi(machine.memory_bytes)),
        ("ephemeral-storage".to_owned(), kibi(disk_bytes)),
        ("pods".to_owned(), count(config.most_pods.into())),
    ]);
    all.extend(machine.huge_pages.iter().map(|(size, bytes)| (format!("hugepages-{size}"), kibi(*bytes))));
    for size in ["1Gi", "2Mi"] {
        all.entry(format!("hugepages-{size}")).or_insert(Quantity::ZERO);
    }
    all.extend(config.capacity.clone());
    all
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub fn allocatable(config: &Config, capacity: &Amounts) -> Amounts {
    let mut rest = capacity.clone();
    for (name, quantity) in &mut rest {
        let kept = match name.as_str() {
            "memory" => Quantity::units(MEMORY_KEPT, Format::BinarySi),
            "ephemeral-storage" => Quantity::units(quantity.value() / 100 * DISK_KEPT_PERCENT, Format::DecimalSi),
            _ => Quantity::ZERO,
        };
        let reserved = config.reserved.get(name).copied().unwrap_or(Quantity::ZERO);
        let left = *quantity - kept - reserved;
        // Storage is told in plain bytes, as evictions count it.
        *quantity = match name.as_str() {
            "ephemeral-storage" => Quantity::units(left.value().max(0), Format::DecimalSi),
            _ => left.max(Quantity::ZERO),
        };
    }
    let huge: i64 = capacity.iter().filter(|(n, _)| n.starts_with("hugepages-")).map(|(_, q)| q.value()).sum();
    if let Some(memory) = rest.get_mut("memory") {
        *memory = (*memory - Quantity::units(huge, Format::BinarySi)).max(Quantity::ZERO);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_is_kept_back() {
        let config = Config::new("n", "/tmp/x");
        let machine = Machine { cpus: 4, memory_bytes: 8 << 30, ..Machine::default() };
        let capacity = capacity(&config, &machine, 100 << 30);
        let allocatable = allocatable(&config, &capacity);
        let text = |list: &Amounts| list.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
        assert_eq!(
            text(&capacity),
            "cpu=4 ephemeral-storage=100Gi hugepages-1Gi=0 hugepages-2Mi=0 memory=8Gi pods=110"
        );
        assert_eq!(
            text(&allocatable),
            "cpu=4 ephemeral-storage=96636764160 hugepages-1Gi=0 hugepages-2Mi=0 memory=8092Mi pods=110"
        );
    }
}
