//! What else a subject is called: the names of hosts, of mailboxes, addresses and URIs. Names of other kinds are passed
//! over, as upstream does.

use crate::Malformed;
use crate::der::{self, Reader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alternatives {
    pub dns: Vec<String>,
    pub emails: Vec<String>,
    pub addresses: Vec<IpAddr>,
    pub uris: Vec<String>,
}

impl Alternatives {
    pub fn is_empty(&self) -> bool {
        *self == Alternatives::default()
    }

    pub(crate) fn read(extension: &[u8]) -> Result<Alternatives, Malformed> {
        let mut read = Alternatives::default();
        let mut outer = Reader::new(extension);
        let mut names = outer.inner(der::SEQUENCE)?;
        outer.end()?;
        while !names.is_empty() {
            let name = names.any()?;
            match name.tag {
                DNS => read.dns.push(ascii(name.content, "dNSName")?),
                EMAIL => read.emails.push(ascii(name.content, "rfc822Name")?),
                URI => read.uris.push(uri(name.content)?),
                IP => read.addresses.push(address(name.content)?),
                _ => {}
            }
        }
        Ok(read)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let text = |tag, texts: &[String]| -> Vec<Vec<u8>> {
            texts.iter().map(|text| der::element(tag, text.as_bytes())).collect()
        };
        let address = |address: &IpAddr| match address {
            IpAddr::V4(address) => der::element(IP, &address.octets()),
            IpAddr::V6(address) => der::element(IP, &address.octets()),
        };
        let addresses = self.addresses.iter().map(address).collect();
        der::sequence(&[text(DNS, &self.dns), text(EMAIL, &self.emails), addresses, text(URI, &self.uris)].concat())
    }
}

fn ascii(content: &[u8], kind: &str) -> Result<String, Malformed> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.is_ascii());
    text.map(Into::into).ok_or_else(|| Malformed::new(format!("x509: SAN {kind} is malformed")))
}

fn uri(content: &[u8]) -> Result<String, Malformed> {
    let text = ascii(content, "uniformResourceIdentifier")?;
    match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text),
        false => Err(Malformed::new(format!("x509: cannot parse URI {text:?}"))),
    }
}

fn address(content: &[u8]) -> Result<IpAddr, Malformed> {
    let four = |octets: [u8; 4]| IpAddr::V4(Ipv4Addr::from(octets));
    let sixteen = |octets: [u8; 16]| IpAddr::V6(Ipv6Addr::from(octets));
    let read = content.try_into().map(four).or_else(|_| content.try_into().map(sixteen));
    read.map_err(|_| Malformed::new(format!("x509: cannot parse IP address of length {}", content.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_and_read() {
        let all = Alternatives {
            dns: vec!["a.example".into(), "b.example".into()],
            emails: vec!["a@example.com".into()],
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            uris: vec!["spiffe://cluster/a".into()],
        };
        assert_eq!(Alternatives::read(&all.write()), Ok(all));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for (tag, content, expect) in [
            (IP, &[1, 2, 3][..], "x509: cannot parse IP address of length 3"),
            (DNS, &[0xc3, 0xa4], "x509: SAN dNSName is malformed"),
            (URI, b"a b", "x509: cannot parse URI \"a b\""),
        ] {
            let written = der::sequence(&[der::element(tag, content)]);
            assert_eq!(Alternatives::read(&written).unwrap_err().to_string(), expect);
        }
    }
}
