//! A signature beside what it signs (RFC 7515, appendix F): who knows the token can tell that the text is the cluster's.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The content is left out between the two points.
pub fn detached_signature(content: &str, id: &str, secret: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"HS256","kid":"{id}"}}"#));
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(content));
    let signature = sign(&Key::new(HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_left_out() {
        let expect = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..5IxTJZuUi-RG4VduNRNzZYa2uID5-Tra1OrvgeNVHM4";
        assert_eq!(detached_signature("kind: Config", "abcdef", "0123456789abcdef"), expect);
    }
}
