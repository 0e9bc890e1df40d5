//! MutatingWebhookConfiguration: webhooks that may change what is written.

use crate::Row;
use crate::admissionregistration::webhooks::WebhookConfiguration;
use std::sync::Arc;

pub const ROW: Row =
    Row::new("admissionregistration.k8s.io", "MutatingWebhookConfiguration", || Arc::new(WebhookConfiguration));
