//! Webhooks that may change, or may refuse, what is written: two kinds of one form.

use super::webhook_rules;
use crate::cells;
use crate::{Context, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};

pub struct WebhookConfiguration;

impl Rules for WebhookConfiguration {
    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let webhooks = object.items("webhooks").len() as i64;
        vec![cells::name(object), webhooks.into(), cells::age(object, now)]
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn raises_generation(&self, new: &Value, old: &Value) -> bool {
        new.get("webhooks") != old.get("webhooks")
    }

    fn needs_version_on_update(&self) -> bool {
        true
    }

    fn check(&self, _context: &Context<'_>, new: &Value, _old: Option<&Value>, out: &mut ErrorList) {
        Cursor::root(new).at("webhooks").items().for_each(|webhook| webhook_rules::judge(&webhook, out));
    }
}
