//! Pure: bootstrap tokens, by which machines that are not yet of a cluster find it and join it: what a Secret says of one,
//! whom it stands for, and what is signed with it.

mod signature;

pub use signature::detached_signature;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gotext::time::{Layout, parse};
use jiff::Timestamp;
use meta::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where the Secrets are.
pub const NAMESPACE: &str = "kube-system";
pub const SECRET_TYPE: &str = "bootstrap.kubernetes.io/token";
const NAME: &str = "bootstrap-token-";
const USER: &str = "system:bootstrap:";
const GROUP: &str = "system:bootstrappers";
const ID_LENGTH: usize = 6;
const SECRET_LENGTH: usize = 16;
/// What a group's name may be long behind that of all who join.
const GROUP_LENGTH_MOST: usize = 256;

/// The two halves of `id.secret`, where it has that form.
pub fn halves(token: &str) -> Option<(&str, &str)> {
    let (id, secret) = token.split_once('.')?;
    let fits = is_of(id, ID_LENGTH) && is_of(secret, SECRET_LENGTH);
    fits.then_some((id, secret))
}

fn is_of(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

pub fn secret_name(id: &str) -> String {
    format!("{NAME}{id}")
}

/// When a token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Never,
    At(Timestamp),
    /// It says so in no form that can be read: it counts as ended.
    Unreadable,
}

impl End {
    pub fn has_come(self, now: Timestamp) -> bool {
        match self {
            End::Never => false,
            End::At(end) => end <= now,
            End::Unreadable => true,
        }
    }
}

/// A Secret that holds a token.
pub struct TokenSecret {
    name: String,
    data: BTreeMap<String, Vec<u8>>,
    deleted: bool,
}

impl TokenSecret {
    pub fn read(secret: &Value) -> Option<TokenSecret> {
        if secret.str("type") != SECRET_TYPE {
            return None;
        }
        let entries = secret.get("data").as_map().into_iter().flat_map(|data| data.iter());
        let data = entries.filter_map(|(key, value)| Some((key.to_string(), STANDARD.decode(value.as_str()?).ok()?)));
        let deleted = !secret.at("metadata.deletionTimestamp").is_null();
        Some(TokenSecret { name: secret.str("metadata.name").into(), data: data.collect(), deleted })
    }

    fn bytes(&self, key: &str) -> &[u8] {
        self.data.get(key).map_or(&[], Vec::as_slice)
    }

    fn text(&self, key: &str) -> &str {
        std::str::from_utf8(self.bytes(key)).unwrap_or("")
    }

    fn is_for(&self, usage: &str) -> bool {
        self.bytes(&format!("usage-bootstrap-{usage}")) == b"true"
    }

    pub fn end(&self) -> End {
        if self.bytes("expiration").is_empty() {
            return End::Never;
        }
        match parse(self.text("expiration"), Layout::Seconds) {
            Ok(Some(end)) => End::At(end.0),
            Ok(None) | Err(_) => End::Unreadable,
        }
    }

    /// The user and the groups that somebody with both halves of a token counts as, else why he counts as nobody.
    pub fn authenticate(&self, id: &str, secret: &str, now: Timestamp) -> Result<(String, Vec<String>), &'static str> {
        if self.deleted {
            return Err("is deleted and awaiting removal");
        }
        if verify_slices_are_equal(self.bytes("token-secret"), secret.as_bytes()).is_err() {
            return Err("has invalid value for key token-secret");
        }
        if self.bytes("token-id") != id.as_bytes() {
            return Err("has invalid value for key token-id");
        }
        if self.end().has_come(now) {
            return Err("has ended");
        }
        if !self.is_for("authentication") {
            return Err("is not marked usage-bootstrap-authentication=true");
        }
        let groups = self.groups().ok_or("has invalid value for key auth-extra-groups")?;
        Ok((format!("{USER}{id}"), groups))
    }

    fn groups(&self) -> Option<Vec<String>> {
        let extra = self.bytes("auth-extra-groups");
        let mut groups = BTreeSet::from([GROUP.to_string()]);
        if !extra.is_empty() {
            for group in std::str::from_utf8(extra).ok()?.split(',') {
                groups.insert(group_of(group)?);
            }
        }
        Some(groups.into_iter().collect())
    }

    /// The halves with which it signs what machines look for, if it may.
    pub fn signing(&self, now: Timestamp) -> Option<(&str, &str)> {
        let (id, secret) = (self.text("token-id"), self.text("token-secret"));
        let named = self.name.strip_prefix(NAME).is_some_and(|named| named == id && is_of(id, ID_LENGTH));
        (named && !secret.is_empty() && !self.end().has_come(now) && self.is_for("signing")).then_some((id, secret))
    }
}

/// `system:bootstrappers:workers`
fn group_of(group: &str) -> Option<String> {
    let rest = group.strip_prefix(GROUP)?.strip_prefix(':')?;
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = rest.bytes().last().is_some_and(letter);
    let fits = rest.len() <= GROUP_LENGTH_MOST && rest.bytes().all(|byte| letter(byte) || b":-".contains(&byte));
    (ends && fits).then(|| group.into())
}

#[cfg(test)]
mod tests;
