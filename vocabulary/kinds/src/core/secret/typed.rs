//! Secrets of upstream's own types hold what their users look for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::{Cursor, ErrorList, FieldError};

const ACCOUNT: &str = "kubernetes.io/service-account.name";

pub fn judge(secret: &Cursor<'_>, out: &mut ErrorList) {
    let data = secret.at("data");
    match secret.at("type").str() {
        "kubernetes.io/service-account-token" => {
            let name = secret.at("metadata.annotations").key(ACCOUNT);
            if name.str().is_empty() {
                out.push(FieldError::required(&name.path, ""));
            }
        }
        "kubernetes.io/dockercfg" => json(&data, ".dockercfg", out),
        "kubernetes.io/dockerconfigjson" => json(&data, ".dockerconfigjson", out),
        "kubernetes.io/basic-auth" if data.key("username").is_null() && data.key("password").is_null() => {
            required(&data, &["username", "password"], out);
        }
        "kubernetes.io/ssh-auth" if data.key("ssh-privatekey").str().is_empty() => {
            out.push(FieldError::required(&data.path.key("ssh-privatekey"), ""));
        }
        "kubernetes.io/tls" => required(&data, &["tls.crt", "tls.key"], out),
        _ => {}
    }
}

fn required(data: &Cursor<'_>, keys: &[&str], out: &mut ErrorList) {
    for key in keys.iter().filter(|key| data.key(key).is_null()) {
        out.push(FieldError::required(&data.path.key(key), ""));
    }
}

fn json(data: &Cursor<'_>, key: &str, out: &mut ErrorList) {
    let entry = data.key(key);
    if entry.is_null() {
        return out.push(FieldError::required(&entry.path, ""));
    }
    let text = STANDARD.decode(entry.str()).unwrap_or_default();
    let complaint = match meta::parse(&text) {
        Ok(value) if value.as_map().is_some() => return,
        Ok(value) => {
            format!("json: cannot unmarshal {} into Go value of type map[string]interface {{}}", value.type_name())
        }
        Err(_) if text.is_empty() => "unexpected end of JSON input".to_string(),
        Err(error) => as_go_says_it(&text).unwrap_or_else(|| error.to_string()),
    };
    out.push(FieldError::invalid(&entry.path, "<secret contents redacted>", complaint));
}

/// What stands where a value should begin.
fn as_go_says_it(text: &[u8]) -> Option<String> {
    let first = *text.iter().find(|b| !b.is_ascii_whitespace())?;
    let begins_a_value = b"{[\"-0123456789tfn".contains(&first);
    (!begins_a_value).then(|| format!("invalid character {:?} looking for beginning of value", char::from(first)))
}
