//! The part of an address after its question mark.

use jiff::Timestamp;

#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Query {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Query(pairs.collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
    }

    /// Under any of these names.
    pub fn flag(&self, names: &[&str]) -> bool {
        names.iter().any(|name| matches!(self.get(name), Some("1" | "true" | "True" | "TRUE")))
    }

    pub fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let value = self.get(name).filter(|value| !value.is_empty());
        value.map(|v| v.parse().map_err(|_| format!("invalid {name} {v:?}"))).transpose()
    }

    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, String> {
        let value = self.get(name).filter(|value| !value.is_empty());
        value.map(|v| v.parse().map_err(|_| format!("invalid {name} {v:?}"))).transpose()
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = bytes.get(index + 1..index + 3).and_then(|h| std::str::from_utf8(h).ok());
        let escaped = hex.filter(|_| bytes[index] == b'%').and_then(|h| u8::from_str_radix(h, 16).ok());
        match (escaped, bytes[index]) {
            (Some(byte), _) => {
                out.push(byte);
                index += 2;
            }
            (None, b'+') => out.push(b' '),
            (None, byte) => out.push(byte),
        }
        index += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let query = Query::parse("command=sh&command=-c&command=a%20b+c%2&tty=1&tailLines=5&x");
        assert_eq!(query.all("command"), ["sh", "-c", "a b c%2"]);
        assert!(query.flag(&["tty"]));
        assert!(!query.flag(&["x"]));
        assert_eq!(query.number("tailLines"), Ok(Some(5)));
        assert!(Query::parse("tailLines=-1").number("tailLines").is_err());
    }
}
