//! What a namespace says while it ends: one condition each for what may hold it up, false where nothing does.

use k8s_openapi::api::core::v1::{Namespace, NamespaceCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use meta::CompactString;
use plan::{Catalog, Moment, Served, View};
use std::collections::BTreeMap;

/// type, and its reason and message while all is well
const ALL: [(&str, &str, &str); 5] = [
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];

/// What is left in a namespace.
#[derive(Default)]
pub(super) struct Remains {
    objects: BTreeMap<String, usize>,
    finalizers: BTreeMap<CompactString, usize>,
}

impl Remains {
    pub(super) fn count(kinds: &[&Served], namespace: &str, seen: &View) -> Remains {
        let mut remains = Remains::default();
        for served in kinds {
            let Some(kind) = seen.kind(&served.resource) else { continue };
            for object in kind.in_namespace(namespace) {
                let name = format!("{}.{}", served.resource.resource, served.resource.group);
                *remains.objects.entry(name).or_default() += 1;
                for finalizer in &object.header.finalizers {
                    *remains.finalizers.entry(finalizer.clone()).or_default() += 1;
                }
            }
        }
        remains
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.objects.is_empty()
    }

    fn objects_text(&self) -> String {
        let counts: Vec<String> =
            self.objects.iter().map(|(resource, count)| format!("{resource} has {count} resource instances")).collect();
        format!("Some resources are remaining: {}", counts.join(", "))
    }

    fn finalizers_text(&self) -> String {
        let counts: Vec<String> = self
            .finalizers
            .iter()
            .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
            .collect();
        format!("Some content in the namespace has finalizers remaining: {}", counts.join(", "))
    }
}

/// The namespace with the status that it should have.
pub(super) fn show(namespace: &Namespace, remains: &Remains, catalog: &Catalog, moment: &Moment) -> Namespace {
    let mut shown = namespace.clone();
    let status = shown.status.get_or_insert_default();
    status.phase = Some("Terminating".into());
    let conditions = status.conditions.get_or_insert_default();
    for (kind, reason, message) in ALL {
        let trouble = trouble(kind, remains, catalog, moment);
        let (told, reason, message) = match trouble {
            Some((reason, message)) => ("True", reason, message),
            None => ("False", reason, message.to_owned()),
        };
        set(conditions, kind, told, reason, message, moment);
    }
    shown
}

fn trouble(kind: &str, remains: &Remains, catalog: &Catalog, moment: &Moment) -> Option<(&'static str, String)> {
    match kind {
        "NamespaceDeletionDiscoveryFailure" if !catalog.failed.is_empty() => {
            let groups: Vec<&str> = catalog.failed.iter().map(CompactString::as_str).collect();
            let message = format!(
                "Discovery failed for some groups, {} failing: unable to retrieve the complete list of server APIs: {}",
                groups.len(),
                groups.join(", ")
            );
            Some(("DiscoveryFailed", message))
        }
        "NamespaceDeletionContentFailure" => {
            let refused = moment.refused.as_ref().filter(|refused| refused.verb.starts_with("delete"))?;
            let message = format!("Failed to delete all resource types, 1 remaining: {}", refused.message);
            Some(("ContentDeletionFailed", message))
        }
        "NamespaceContentRemaining" if !remains.objects.is_empty() => {
            Some(("SomeResourcesRemain", remains.objects_text()))
        }
        "NamespaceFinalizersRemaining" if !remains.finalizers.is_empty() => {
            Some(("SomeFinalizersRemain", remains.finalizers_text()))
        }
        _ => None,
    }
}

fn set(
    conditions: &mut Vec<NamespaceCondition>,
    kind: &str,
    status: &str,
    reason: &str,
    message: String,
    moment: &Moment,
) {
    let known = conditions.iter().position(|condition| condition.type_ == kind);
    let place = known.unwrap_or_else(|| {
        conditions.push(NamespaceCondition { type_: kind.into(), ..NamespaceCondition::default() });
        conditions.len() - 1
    });
    let condition = &mut conditions[place];
    if condition.status != status {
        condition.last_transition_time = Some(Time(moment.now));
    }
    condition.status = status.into();
    condition.reason = Some(reason.into());
    condition.message = Some(message);
}
