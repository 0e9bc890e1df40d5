//! Addresses and ranges of them.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use meta::quote;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(crate) static ROWS: &[Row] = &[
    Row { name: "cidr", run: cidr, overloads: &["string_to_cidr(string) net.CIDR"] },
    Row {
        name: "containsCIDR",
        run: contains_cidr,
        overloads: &[
            ".cidr_contains_cidr_string(net.CIDR, string) bool",
            ".cidr_contains_cidr(net.CIDR, net.CIDR) bool",
        ],
    },
    Row {
        name: "containsIP",
        run: contains_ip,
        overloads: &[".cidr_contains_ip_string(net.CIDR, string) bool", ".cidr_contains_ip_ip(net.CIDR, net.IP) bool"],
    },
    Row { name: "family", run: family, overloads: &[".ip_family(net.IP) int"] },
    Row { name: "ip", run: ip, overloads: &["string_to_ip(string) net.IP", ".cidr_ip(net.CIDR) net.IP"] },
    Row { name: "ip.isCanonical", run: is_canonical, overloads: &["ip_is_canonical(string) bool"] },
    Row { name: "isCIDR", run: is_cidr, overloads: &["is_cidr(string) bool"] },
    Row { name: "isGlobalUnicast", run: is_global_unicast, overloads: &[".ip_is_global_unicast(net.IP) bool"] },
    Row { name: "isIP", run: is_ip, overloads: &["is_ip(string) bool"] },
    Row {
        name: "isLinkLocalMulticast",
        run: is_link_local_multicast,
        overloads: &[".ip_is_link_local_multicast(net.IP) bool"],
    },
    Row {
        name: "isLinkLocalUnicast",
        run: is_link_local_unicast,
        overloads: &[".ip_is_link_local_unicast(net.IP) bool"],
    },
    Row { name: "isLoopback", run: is_loopback, overloads: &[".ip_is_loopback(net.IP) bool"] },
    Row { name: "isUnspecified", run: is_unspecified, overloads: &[".ip_is_unspecified(net.IP) bool"] },
    Row { name: "masked", run: masked_cidr, overloads: &[".cidr_masked(net.CIDR) net.CIDR"] },
    Row { name: "prefixLength", run: prefix_length, overloads: &[".cidr_prefix_length(net.CIDR) int"] },
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cidr {
    pub address: IpAddr,
    pub length: u8,
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl Cidr {
    fn masked(&self) -> Cidr {
        Cidr { address: masked(self.address, self.length), ..*self }
    }

    fn contains(&self, ip: IpAddr) -> bool {
        ip.is_ipv4() == self.address.is_ipv4() && masked(ip, self.length) == masked(self.address, self.length)
    }
}

fn masked(ip: IpAddr, length: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
    }
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

fn parse_ip(text: &str) -> Result<IpAddr, String> {
    let shown = quote(text);
    if let Some((address, _)) = text.split_once('%')
        && address.parse::<Ipv6Addr>().is_ok()
    {
        return Err(format!("IP address {shown} with zone value is not allowed"));
    }
    let ip: IpAddr = text.parse().map_err(|_| {
        format!("IP Address {shown} parse error during conversion from string: ParseAddr({shown}): unable to parse IP")
    })?;
    match is_mapped(ip) {
        true => Err(format!("IPv4-mapped IPv6 address {shown} is not allowed")),
        false => Ok(ip),
    }
}

fn parse_cidr(text: &str) -> Result<Cidr, String> {
    const ERROR: &str = "network address parse error during conversion from string: ";
    let shown = quote(text);
    let wrong = |why: &str| format!("{ERROR}{ERROR}netip.ParsePrefix({shown}): {why}");
    let (address, length) = text.rsplit_once('/').ok_or_else(|| wrong("no '/'"))?;
    let address: IpAddr =
        address.parse().map_err(|_| wrong(&format!("ParseAddr({}): unable to parse IP", quote(address))))?;
    let plain = !length.is_empty()
        && length.bytes().all(|digit| digit.is_ascii_digit())
        && !(length.len() > 1 && length.starts_with('0'));
    let length: u8 = Some(length)
        .filter(|_| plain)
        .and_then(|length| length.parse().ok())
        .ok_or_else(|| wrong(&format!("bad bits after slash: {}", quote(length))))?;
    if length > if address.is_ipv4() { 32 } else { 128 } {
        return Err(wrong("prefix length out of range"));
    }
    if is_mapped(address) {
        return Err(format!("{ERROR}IPv4-mapped IPv6 address {shown} is not allowed"));
    }
    Ok(Cidr { address, length })
}

fn ip<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Text(text)] => parse_ip(text).map(Val::Ip).map_err(EvalError::new),
        [Val::Cidr(cidr)] => Ok(Val::Ip(cidr.address)),
        _ => Err(EvalError::no_such("ip", given)),
    }
}

fn is_ip<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("isIP", given)) };
    Ok(Val::Bool(parse_ip(text).is_ok()))
}

fn is_canonical<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("ip.isCanonical", given)) };
    let ip = parse_ip(text).map_err(EvalError::new)?;
    Ok(Val::Bool(ip.to_string() == **text))
}

fn asked<'v>(name: &str, given: &[Val<'v>], of: impl Fn(IpAddr) -> bool) -> Outcome<'v> {
    let [Val::Ip(ip)] = given else { return Err(EvalError::no_such(name, given)) };
    Ok(Val::Bool(of(*ip)))
}

fn family<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Ip(ip)] = given else { return Err(EvalError::no_such("family", given)) };
    Ok(Val::Int(if ip.is_ipv4() { 4 } else { 6 }))
}

fn is_unspecified<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    asked("isUnspecified", given, |ip| ip.is_unspecified())
}

fn is_loopback<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    asked("isLoopback", given, |ip| ip.is_loopback())
}

fn link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[..3] == [224, 0, 0],
        IpAddr::V6(ip) => ip.segments()[0] & 0xff0f == 0xff02,
    }
}

fn link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn is_link_local_multicast<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    asked("isLinkLocalMulticast", given, link_local_multicast)
}

fn is_link_local_unicast<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    asked("isLinkLocalUnicast", given, link_local)
}

fn is_global_unicast<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let broadcast = |ip| matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    asked("isGlobalUnicast", given, |ip| {
        !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || link_local(ip) || broadcast(ip))
    })
}

fn cidr<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("cidr", given)) };
    parse_cidr(text).map(Val::Cidr).map_err(EvalError::new)
}

fn is_cidr<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Text(text)] = given else { return Err(EvalError::no_such("isCIDR", given)) };
    Ok(Val::Bool(parse_cidr(text).is_ok()))
}

fn contains_ip<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (cidr, ip) = match given {
        [Val::Cidr(cidr), Val::Ip(ip)] => (cidr, Some(*ip)),
        [Val::Cidr(cidr), Val::Text(text)] => (cidr, parse_ip(text).ok()),
        _ => return Err(EvalError::no_such("containsIP", given)),
    };
    ip.map(|ip| Val::Bool(cidr.contains(ip))).ok_or_else(EvalError::no_overload)
}

fn contains_cidr<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let (cidr, other) = match given {
        [Val::Cidr(cidr), Val::Cidr(other)] => (cidr, Some(*other)),
        [Val::Cidr(cidr), Val::Text(text)] => (cidr, parse_cidr(text).ok()),
        _ => return Err(EvalError::no_such("containsCIDR", given)),
    };
    let inside = |other: Cidr| other.length >= cidr.length && cidr.contains(other.address);
    other.map(|other| Val::Bool(inside(other))).ok_or_else(EvalError::no_overload)
}

fn masked_cidr<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Cidr(cidr)] = given else { return Err(EvalError::no_such("masked", given)) };
    Ok(Val::Cidr(cidr.masked()))
}

fn prefix_length<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Cidr(cidr)] = given else { return Err(EvalError::no_such("prefixLength", given)) };
    Ok(Val::Int(cidr.length.into()))
}
