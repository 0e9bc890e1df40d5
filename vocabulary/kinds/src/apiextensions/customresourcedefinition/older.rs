//! Upstream still stores definitions in their first form, where what all versions share stands beside them.

use meta::Value;

const OLDER: &str = "apiextensions.k8s.io/v1beta1";
/// What may stand beside the versions, and its name in each of them.
const SHARED: [(&str, &str); 4] = [
    ("validation", "schema"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
];

/// The definition in the form that is served, whichever it was stored in.
pub fn renewed(mut stored: Value) -> Value {
    if stored.str("apiVersion") != OLDER {
        return stored;
    }
    stored.set("apiVersion", "apiextensions.k8s.io/v1");
    if let Some(spec) = stored.get_mut("spec") {
        renew_versions(spec);
        renew_conversion(spec);
        if !spec.bool("preserveUnknownFields") {
            spec.remove("preserveUnknownFields");
        }
    }
    stored
}

fn renew_versions(spec: &mut Value) {
    let only = spec.remove("version");
    if let (Some(name), true) = (only, spec.items("versions").is_empty()) {
        spec.set("versions", vec![meta::value!({"name": name, "served": true, "storage": true})]);
    }
    let shared = SHARED.map(|(beside, within)| (within, spec.remove(beside)));
    for version in spec.get_mut("versions").and_then(Value::as_list_mut).into_iter().flatten() {
        for (within, value) in shared.iter().filter_map(|(within, value)| Some((within, value.as_ref()?))) {
            version.set(within, value.clone());
        }
        for column in version.get_mut("additionalPrinterColumns").and_then(Value::as_list_mut).into_iter().flatten() {
            if let Some(path) = column.remove("JSONPath") {
                column.set("jsonPath", path);
            }
        }
    }
}

fn renew_conversion(spec: &mut Value) {
    let Some(conversion) = spec.get_mut("conversion") else { return };
    let client = conversion.remove("webhookClientConfig");
    let reviewed = conversion.remove("conversionReviewVersions");
    if let Some(client) = client {
        conversion.set("webhook.clientConfig", client);
        if let Some(reviewed) = reviewed {
            conversion.set("webhook.conversionReviewVersions", reviewed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn check(older: Value, expect: Value) {
        let stored = value!({"apiVersion": "apiextensions.k8s.io/v1beta1", "spec": older});
        assert_eq!(renewed(stored), value!({"apiVersion": "apiextensions.k8s.io/v1", "spec": expect}));
    }

    #[test]
    fn what_versions_share_moves_into_them() {
        check(
            value!({
                "version": "v1", "preserveUnknownFields": false, "versions": [{"name": "v1"}, {"name": "v2"}],
                "validation": {"openAPIV3Schema": {"type": "object"}}, "subresources": {"status": {}},
            }),
            value!({"versions": [
                {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object"}}, "subresources": {"status": {}}},
                {"name": "v2", "schema": {"openAPIV3Schema": {"type": "object"}}, "subresources": {"status": {}}},
            ]}),
        );
        check(
            value!({"version": "v1", "additionalPrinterColumns": [{"name": "A", "JSONPath": ".a"}]}),
            value!({"versions": [{"name": "v1", "served": true, "storage": true,
                "additionalPrinterColumns": [{"name": "A", "jsonPath": ".a"}]}]}),
        );
    }

    #[test]
    fn a_webhook_gets_a_place_of_its_own() {
        check(
            value!({"versions": [], "conversion": {"strategy": "Webhook", "webhookClientConfig": {"url": "u"},
                "conversionReviewVersions": ["v1"]}}),
            value!({"versions": [], "conversion": {"strategy": "Webhook",
                "webhook": {"clientConfig": {"url": "u"}, "conversionReviewVersions": ["v1"]}}}),
        );
        check(value!({"conversion": {"strategy": "None"}}), value!({"conversion": {"strategy": "None"}}));
    }

    #[test]
    fn the_served_form_stays() {
        let served = value!({"apiVersion": "apiextensions.k8s.io/v1", "spec": {"validation": 1i64}});
        assert_eq!(renewed(served.clone()), served);
    }
}
