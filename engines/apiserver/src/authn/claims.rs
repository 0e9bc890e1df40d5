//! What a service-account token says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Clocks of machines differ; upstream forgives a minute.
const LEEWAY: i64 = 60;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    pub aud: Vec<String>,
    pub exp: i64,
    pub iat: i64,
    pub iss: String,
    pub jti: String,
    #[serde(rename = "kubernetes.io")]
    pub kubernetes: Bound,
    pub nbf: i64,
    pub sub: String,
}

/// Whom the token stands for, and what it lives and dies with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    pub namespace: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Reference>,
    pub serviceaccount: Reference,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnafter: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

impl Claims {
    pub fn check_time(&self, now: Timestamp) -> Result<(), &'static str> {
        let now = now.as_second();
        if now + LEEWAY < self.nbf {
            return Err("service account token is not valid yet");
        }
        if now - LEEWAY > self.exp {
            return Err("service account token has expired");
        }
        if now + LEEWAY < self.iat {
            return Err("service account token is issued in the future");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(nbf: i64, iat: i64, exp: i64) -> Claims {
        let text = String::new;
        let kubernetes = Bound::default();
        Claims { aud: vec![], exp, iat, iss: text(), jti: text(), kubernetes, nbf, sub: text() }
    }

    #[test]
    fn a_token_has_its_time() {
        for (nbf, iat, exp, expect) in [
            (1000, 1000, 1600, Ok(())),
            (1060, 1060, 1600, Ok(())),
            (1061, 1000, 1600, Err("service account token is not valid yet")),
            (1000, 1061, 1600, Err("service account token is issued in the future")),
            (0, 0, 940, Ok(())),
            (0, 0, 939, Err("service account token has expired")),
        ] {
            let now = Timestamp::from_second(1000).unwrap();
            assert_eq!(claims(nbf, iat, exp).check_time(now), expect, "{nbf} {iat} {exp}");
        }
    }

    #[test]
    fn claims_are_named_as_upstream_names_them() {
        let mut claims = claims(1, 2, 3);
        claims.kubernetes.pod = Some(Reference { name: "p".into(), uid: "u".into() });
        claims.kubernetes.warnafter = Some(9);
        let text = serde_json::to_string(&claims).unwrap();
        let expect = r#"{"aud":[],"exp":3,"iat":2,"iss":"","jti":"","kubernetes.io":{"namespace":"","pod":{"name":"p","uid":"u"},"serviceaccount":{"name":""},"warnafter":9},"nbf":1,"sub":""}"#;
        assert_eq!(text, expect);
    }
}
