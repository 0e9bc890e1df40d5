//! Continue tokens: where a list left off, and at which revision all its pages are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meta::{Key, Status};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Token {
    #[serde(rename = "v")]
    version: String,
    #[serde(rename = "rv")]
    pub revision: i64,
    /// The first key of the next page: `namespace/name` or `name`, then a zero byte.
    #[serde(rename = "start")]
    pub start: String,
}

const VERSION: &str = "meta.k8s.io/v1";

impl Token {
    pub fn after(key: &Key, revision: u64) -> String {
        let token = Token { version: VERSION.into(), revision: revision as i64, start: format!("{key}\0") };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).expect("a token is plain JSON"))
    }

    /// From the same place at whatever the newest revision is then.
    pub fn inconsistent(start: &str) -> String {
        let token = Token { version: VERSION.into(), revision: -1, start: start.into() };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).expect("a token is plain JSON"))
    }

    pub fn parse(text: &str) -> Result<Token, Status> {
        let bad = |why: &str| Status::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let json = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|error| bad(&format!("illegal base64 data at input byte {}", broken_at(text, &error))))?;
        let token: Token = serde_json::from_slice(&json).map_err(|e| bad(&e.to_string()))?;
        if token.version != VERSION {
            return Err(bad(&format!("server does not recognize this encoded version {}", token.version)));
        }
        if token.revision == 0 {
            return Err(bad("incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
        }
        if token.start.is_empty() {
            return Err(bad("encoded start key empty (version meta.k8s.io/v1)"));
        }
        if token.start.split('/').any(|part| part == "..") {
            return Err(bad("the start key is outside its prefix"));
        }
        Ok(token)
    }
}

/// Where Go stops reading: at the first byte that cannot be, or at the end of groups of four.
fn broken_at(text: &str, error: &base64::DecodeError) -> usize {
    match error {
        base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => *at,
        _ => text.len() - text.len() % 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_others_are_refused() {
        let token = Token::parse(&Token::after(&Key::new("default", "web"), 7)).unwrap();
        assert_eq!((token.revision, token.start.as_str()), (7, "default/web\0"));
        for broken in ["", "x", "e30", "!!!"] {
            assert_eq!(Token::parse(broken).unwrap_err().code, 400, "{broken}");
        }
    }
}
