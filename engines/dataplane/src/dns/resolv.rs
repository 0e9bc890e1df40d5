//! The node's resolvers.

use std::net::{IpAddr, SocketAddr};

/// No stub resolver asks more than three.
const MOST: usize = 3;

/// The name servers of a resolv.conf, without those that are this server: asking them would never end.
pub fn upstreams(resolv_conf: &str, own: &[SocketAddr]) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())?;
        // A zone (`fe80::1%eth0`) names a link of the node; such servers are left out.
        let address: IpAddr = address.parse().ok()?;
        Some(SocketAddr::new(address, 53))
    };
    resolv_conf.lines().filter_map(server).filter(|server| !own.contains(server)).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let own = ["10.96.0.10:53".parse().unwrap()];
        let found: Vec<_> = upstreams(text, &own).iter().map(|server| server.ip().to_string()).collect();
        assert_eq!(found, expect, "{text:?}");
    }

    #[test]
    fn name_servers() {
        check("", &[]);
        check("# x\nsearch a b\nnameserver 1.1.1.1\n nameserver\t8.8.8.8 # y\n", &["1.1.1.1", "8.8.8.8"]);
        check("nameserver\nnameserver x\nnameserver fe80::1%eth0\nnameserver 2001:db8::1", &["2001:db8::1"]);
        check("nameserver 10.96.0.10\nnameserver 9.9.9.9", &["9.9.9.9"]);
        check(
            "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4",
            &["1.0.0.1", "1.0.0.2", "1.0.0.3"],
        );
    }
}
