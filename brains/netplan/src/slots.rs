//! Endpoints to slots. A packet draws a random slot; the kernel wants the bound of the draw as a constant, so there is
//! one chain for each of the sizes below, however many services there are.

use crate::rows::Backend;
use std::collections::HashMap;

/// Up to here every size exists, and each endpoint has exactly one slot.
const EXACT: u32 = 128;
/// Beyond, an endpoint has at least eight slots, and the fullest one at most an eighth more than the emptiest.
const SHARE: u32 = 8;
const LADDER: [u32; 7] = [2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];

/// Every size that `slots_for` can answer.
pub fn sizes() -> impl Iterator<Item = u32> {
    (1..=EXACT).chain(LADDER)
}

/// How many slots `endpoints` endpoints take.
pub fn slots_for(endpoints: usize) -> u32 {
    let endpoints = u32::try_from(endpoints).unwrap_or(u32::MAX);
    if endpoints <= EXACT {
        return endpoints;
    }
    let wanted = endpoints.saturating_mul(SHARE);
    LADDER.into_iter().find(|size| *size >= wanted).unwrap_or(LADDER[LADDER.len() - 1])
}

/// Fills the slots evenly with `members`, leaving as many as possible what they were: one endpoint that goes rewrites
/// its own slots, not all of them.
pub(crate) fn assign(before: &[Backend], members: &[Backend]) -> Vec<Backend> {
    let size = slots_for(members.len()) as usize;
    let mut quotas = Quotas::new(members, size);
    let mut slots: Vec<Option<Backend>> = vec![None; size];
    for (slot, backend) in slots.iter_mut().zip(before) {
        *slot = quotas.take(*backend).then_some(*backend);
    }
    let mut missing = quotas.rest(members).into_iter();
    slots.into_iter().filter_map(|slot| slot.or_else(|| missing.next())).collect()
}

/// How many slots each member may still get.
struct Quotas {
    left: HashMap<Backend, usize>,
    /// Members that may get one more than the others, since slots rarely divide evenly.
    extra: usize,
}

impl Quotas {
    fn new(members: &[Backend], size: usize) -> Self {
        let even = size.checked_div(members.len()).unwrap_or(0);
        let extra = size - even * members.len();
        Self { left: members.iter().map(|member| (*member, even)).collect(), extra }
    }

    fn take(&mut self, member: Backend) -> bool {
        match self.left.get_mut(&member) {
            Some(left @ 1..) => {
                *left -= 1;
                true
            }
            // Used up: one of the extras, and none after it.
            Some(_) if self.extra > 0 => {
                self.extra -= 1;
                self.left.remove(&member);
                true
            }
            _ => false,
        }
    }

    /// What is still to be placed, in the members' order.
    fn rest(mut self, members: &[Backend]) -> Vec<Backend> {
        let mut rest = Vec::new();
        for member in members {
            while self.left.get(member).is_some_and(|left| *left > 0) && self.take(*member) {
                rest.push(*member);
            }
        }
        let last: Vec<_> = members.iter().filter(|member| self.left.contains_key(member)).collect();
        rest.extend(last.into_iter().take(self.extra));
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn backend(number: u32) -> Backend {
        Backend { address: Ipv4Addr::from(0x0a00_0000 + number).into(), port: 80 }
    }

    fn members(numbers: impl IntoIterator<Item = u32>) -> Vec<Backend> {
        numbers.into_iter().map(backend).collect()
    }

    fn check(before: &[Backend], now: &[Backend], changed_at_most: usize) -> Vec<Backend> {
        let slots = assign(before, now);
        assert_eq!(slots.len(), slots_for(now.len()) as usize);
        let counts: Vec<_> = now.iter().map(|m| slots.iter().filter(|slot| *slot == m).count()).collect();
        if let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max()) {
            assert!(most - least <= 1, "uneven: {counts:?}");
        }
        let changed = slots.iter().zip(before).filter(|(a, b)| a != b).count();
        assert!(changed <= changed_at_most, "{changed} slots changed");
        slots
    }

    #[test]
    fn sizes_are_what_slots_for_answers() {
        for endpoints in [0, 1, 2, 127, 128, 129, 256, 257, 5_000, 200_000] {
            let slots = slots_for(endpoints);
            assert!(slots == 0 || sizes().any(|size| size == slots), "{endpoints} -> {slots}");
        }
    }

    #[test]
    fn one_slot_each_and_few_changes() {
        let three = check(&[], &members(0..3), 0);
        check(&three, &members([0, 2]), 1);
        check(&three, &members([1, 2]), 1);
        check(&three, &members(0..4), 0);
        check(&three, &members([0, 1, 9]), 1);
        check(&three, &[], 0);
        check(&[], &members([5]), 0);
    }

    #[test]
    fn many_share_evenly_and_keep_their_slots() {
        let all = check(&[], &members(0..200), 0);
        let without = check(&all, &members((0..200).filter(|n| *n != 77)), 30);
        check(&without, &members(0..200), 30);
        // Across a change of size everything may move, but stays even.
        check(&all, &members(0..100), usize::MAX);
        check(&all, &members(0..300), usize::MAX);
    }
}
