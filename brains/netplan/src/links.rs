//! Names of links. Derived from the sandbox, so that nothing has to be remembered to find one again.

use sha2::{Digest, Sha256};

pub const LINK_PREFIX: &str = "k1s";

/// The node's end; interface names have at most 15 bytes.
pub fn link_name(sandbox: &str) -> String {
    let digest = Sha256::digest(sandbox);
    digest[..6].iter().fold(LINK_PREFIX.to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// The MACs of the node's end and the pod's end: locally administered, unicast, never the same.
pub fn link_macs(sandbox: &str) -> ([u8; 6], [u8; 6]) {
    let digest = Sha256::digest(sandbox);
    let mac = |from: usize, first: u8| {
        [first, digest[from], digest[from + 1], digest[from + 2], digest[from + 3], digest[from + 4]]
    };
    (mac(8, 0x02), mac(16, 0x06))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_macs_differ() {
        let name = link_name("0123456789abcdef");
        assert_eq!(name.len(), 15);
        assert_ne!(name, link_name("0123456789abcdeg"));
        let (node, pod) = link_macs("x");
        assert_ne!(node, pod);
        assert_eq!((node[0] & 3, pod[0] & 3), (2, 2));
    }
}
