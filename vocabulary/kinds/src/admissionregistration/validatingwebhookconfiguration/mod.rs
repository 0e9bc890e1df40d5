//! ValidatingWebhookConfiguration: webhooks that may refuse what is written.

use crate::Row;
use crate::admissionregistration::webhooks::WebhookConfiguration;
use std::sync::Arc;

pub const ROW: Row =
    Row::new("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", || Arc::new(WebhookConfiguration));
