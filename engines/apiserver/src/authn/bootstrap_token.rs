//! Bootstrap tokens: whoever holds one may ask to join, for as long as its Secret stands.

use super::Verified;
use crate::engine::Api;
use crate::identity::Identity;
use bootstrap::{NAMESPACE, TokenSecret, halves, secret_name};
use meta::Key;

/// Such tokens are for this server and nobody else.
pub(super) fn verify(api: &Api, token: &str, audiences: &[String]) -> Option<Verified> {
    let (id, secret) = halves(token)?;
    let own: Vec<String> = api.tokens.audiences().into_iter().filter(|own| audiences.contains(own)).collect();
    let key = Key::new(NAMESPACE, secret_name(id));
    let stored = api.rows.table().get("", "secrets")?.hub.get(&key)?;
    let read = TokenSecret::read(&stored.decode_value()).filter(|_| !own.is_empty())?;
    match read.authenticate(id, secret, api.clock.now()) {
        Ok((user, groups)) => {
            let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
            Some(Verified { identity: Identity::new(user, &groups), audiences: own })
        }
        Err(why) => {
            tracing::debug!(secret = %key, why, "a bootstrap token was refused");
            None
        }
    }
}
