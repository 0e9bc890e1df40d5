//! A node's range of pod addresses, one bit each.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// No node has more pods than this; a /64 must not ask for a bitmap of its size.
const MOST: u128 = 1 << 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted(pub IpNet);

impl std::fmt::Display for Exhausted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "no address is left in {}", self.0)
    }
}

impl std::error::Error for Exhausted {}

#[derive(Clone, Debug)]
pub struct NodeAddresses {
    range: IpNet,
    first: u128,
    used: Vec<u64>,
    size: usize,
    /// Addresses are given round and round: one that was freed rests as long as possible, because somebody may still
    /// be talking to its last holder.
    next: usize,
}

impl NodeAddresses {
    /// The first and, for IPv4, the last address of the range are never given.
    pub fn new(range: IpNet) -> Self {
        let range = range.trunc();
        let bits = u32::from(range.max_prefix_len() - range.prefix_len());
        let all = 1_u128.checked_shl(bits).unwrap_or(u128::MAX);
        let kept = if all <= 2 { 0 } else { 1 + u128::from(range.addr().is_ipv4()) };
        let size = (all - kept).min(MOST) as usize;
        let first = number(range.network()) + u128::from(kept > 0);
        Self { range, first, used: vec![0; size.div_ceil(64)], size, next: 0 }
    }

    pub fn range(&self) -> IpNet {
        self.range
    }

    pub fn take(&mut self) -> Result<IpAddr, Exhausted> {
        let free = (self.next..self.size).chain(0..self.next).find(|index| !self.is_used(*index));
        let index = free.ok_or(Exhausted(self.range))?;
        self.set(index, true);
        self.next = (index + 1) % self.size;
        Ok(address(self.first + index as u128, self.range.addr().is_ipv4()))
    }

    /// Marks an address that somebody already has. False: it is not of this range.
    pub fn keep(&mut self, address: IpAddr) -> bool {
        let index = self.index(address);
        if let Some(index) = index {
            self.set(index, true);
            self.next = self.next.max((index + 1) % self.size);
        }
        index.is_some()
    }

    pub fn free(&mut self, address: IpAddr) {
        if let Some(index) = self.index(address) {
            self.set(index, false);
        }
    }

    fn index(&self, address: IpAddr) -> Option<usize> {
        if address.is_ipv4() != self.range.addr().is_ipv4() {
            return None;
        }
        let index = usize::try_from(number(address).checked_sub(self.first)?).ok()?;
        (index < self.size).then_some(index)
    }

    fn is_used(&self, index: usize) -> bool {
        self.used[index / 64] & (1 << (index % 64)) != 0
    }

    fn set(&mut self, index: usize, used: bool) {
        let bit = 1 << (index % 64);
        if used {
            self.used[index / 64] |= bit;
        } else {
            self.used[index / 64] &= !bit;
        }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(number: u128, v4: bool) -> IpAddr {
    if v4 { Ipv4Addr::from(number as u32).into() } else { Ipv6Addr::from(number).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> NodeAddresses {
        NodeAddresses::new(text.parse().unwrap())
    }

    fn check(text: &str, count: usize, first: &str) {
        let mut range = range(text);
        let mut all: Vec<_> = std::iter::from_fn(|| range.take().ok()).take(count + 1).collect();
        assert_eq!((all.len(), all[0].to_string().as_str()), (count, first), "{text}");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "an address was given twice");
    }

    #[test]
    fn sizes() {
        check("10.244.1.0/24", 254, "10.244.1.1");
        check("10.244.1.7/30", 2, "10.244.1.5");
        check("10.244.1.8/32", 1, "10.244.1.8");
        check("10.0.0.0/8", 1 << 16, "10.0.0.1");
        check("fd00:10::/64", 1 << 16, "fd00:10::1");
        check("fd00:10::/126", 3, "fd00:10::1");
    }

    #[test]
    fn freed_addresses_rest() {
        let mut range = range("10.0.0.0/29");
        let first = range.take().unwrap();
        range.free(first);
        let others: Vec<_> = (0..5).map(|_| range.take().unwrap()).collect();
        assert!(!others.contains(&first));
        assert_eq!(range.take().unwrap(), first);
        assert!(range.take().is_err());
    }

    #[test]
    fn what_is_kept_is_not_given() {
        let mut range = range("10.0.0.0/29");
        assert!(range.keep("10.0.0.2".parse().unwrap()));
        assert!(!range.keep("10.0.0.0".parse().unwrap()), "the network's own");
        assert!(!range.keep("10.0.1.2".parse().unwrap()) && !range.keep("fd00::2".parse().unwrap()));
        let all: Vec<_> = std::iter::from_fn(|| range.take().ok()).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(all[0].to_string(), "10.0.0.3", "those before the kept one come last");
    }
}
