//! ValidatingWebhookConfiguration: webhooks that may refuse what is written.

use crate::admissionregistration::webhooks;
use crate::cells;
use crate::{Context, Row, Rules};
use jiff::Timestamp;
use meta::{Cursor, ErrorList, Value};
use std::sync::Arc;

pub const ROW: Row = Row::new("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", || {
    Arc::new(ValidatingWebhookConfiguration)
});

struct ValidatingWebhookConfiguration;

impl Rules for ValidatingWebhookConfiguration {
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
        Cursor::root(new).at("webhooks").items().for_each(|webhook| webhooks::judge(&webhook, out));
    }
}
