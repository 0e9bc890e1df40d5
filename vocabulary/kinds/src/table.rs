//! THE TABLE: every built-in kind, in discovery's order. A kind is a folder and a line here.

use crate::facts::{self, Fact};
use crate::{KindDef, Rules, Version};
use crate::{
    admissionregistration, apiextensions, apiregistration, apps, authentication, authorization, autoscaling, batch,
    certificates, coordination, core, discovery, events, flowcontrol, networking, node, policy, rbac, resource,
    scheduling, storage,
};
use meta::Gvk;
use std::collections::HashMap;
use std::sync::Arc;

pub const TABLE: &[&Row] = &[
    &core::binding::ROW,
    &core::componentstatus::ROW,
    &core::configmap::ROW,
    &core::endpoints::ROW,
    &core::event::ROW,
    &core::limitrange::ROW,
    &core::namespace::ROW,
    &core::node::ROW,
    &core::persistentvolumeclaim::ROW,
    &core::persistentvolume::ROW,
    &core::pod::ROW,
    &core::podtemplate::ROW,
    &core::replicationcontroller::ROW,
    &core::resourcequota::ROW,
    &core::secret::ROW,
    &core::serviceaccount::ROW,
    &core::service::ROW,
    &apiregistration::apiservice::ROW,
    &apps::controllerrevision::ROW,
    &apps::daemonset::ROW,
    &apps::deployment::ROW,
    &apps::replicaset::ROW,
    &apps::statefulset::ROW,
    &events::event::ROW,
    &authentication::selfsubjectreview::ROW,
    &authentication::tokenreview::ROW,
    &authorization::localsubjectaccessreview::ROW,
    &authorization::selfsubjectaccessreview::ROW,
    &authorization::selfsubjectrulesreview::ROW,
    &authorization::subjectaccessreview::ROW,
    &autoscaling::horizontalpodautoscaler::ROW,
    &batch::cronjob::ROW,
    &batch::job::ROW,
    &certificates::certificatesigningrequest::ROW,
    &networking::ingressclass::ROW,
    &networking::ingress::ROW,
    &networking::ipaddress::ROW,
    &networking::networkpolicy::ROW,
    &networking::servicecidr::ROW,
    &policy::poddisruptionbudget::ROW,
    &rbac::clusterrolebinding::ROW,
    &rbac::clusterrole::ROW,
    &rbac::rolebinding::ROW,
    &rbac::role::ROW,
    &storage::csidriver::ROW,
    &storage::csinode::ROW,
    &storage::csistoragecapacity::ROW,
    &storage::storageclass::ROW,
    &storage::volumeattachment::ROW,
    &storage::volumeattributesclass::ROW,
    &admissionregistration::mutatingwebhookconfiguration::ROW,
    &admissionregistration::validatingadmissionpolicy::ROW,
    &admissionregistration::validatingadmissionpolicybinding::ROW,
    &admissionregistration::validatingwebhookconfiguration::ROW,
    &apiextensions::customresourcedefinition::ROW,
    &scheduling::priorityclass::ROW,
    &coordination::lease::ROW,
    &node::runtimeclass::ROW,
    &discovery::endpointslice::ROW,
    &resource::deviceclass::ROW,
    &resource::resourceclaim::ROW,
    &resource::resourceclaimtemplate::ROW,
    &resource::resourceslice::ROW,
    &flowcontrol::flowschema::ROW,
    &flowcontrol::prioritylevelconfiguration::ROW,
];

/// What a kind adds to its facts.
pub struct Row {
    pub group: &'static str,
    pub kind: &'static str,
    pub rules: fn() -> Arc<dyn Rules>,
    /// Group, version and kind of the form in which another row stores the same objects.
    pub stored_as: Option<(&'static str, &'static str, &'static str)>,
}

impl Row {
    pub const fn new(group: &'static str, kind: &'static str, rules: fn() -> Arc<dyn Rules>) -> Row {
        Row { group, kind, rules, stored_as: None }
    }

    pub const fn stored_as(
        group: &'static str,
        kind: &'static str,
        stored_as: (&'static str, &'static str, &'static str),
        rules: fn() -> Arc<dyn Rules>,
    ) -> Row {
        Row { group, kind, rules, stored_as: Some(stored_as) }
    }
}

/// Every built-in kind: its row joined with its facts.
pub fn builtin() -> Vec<Arc<KindDef>> {
    let facts = facts::facts();
    let by_name: HashMap<(&str, &str), &Fact> = facts.iter().map(|f| ((f.group, f.names.kind.as_str()), f)).collect();
    TABLE.iter().map(|row| Arc::new(join(row, by_name[&(row.group, row.kind)]))).collect()
}

fn join(row: &Row, fact: &Fact) -> KindDef {
    let versions = fact.versions.iter().map(|version| self::version(row, fact, version)).collect();
    KindDef {
        group: fact.group.into(),
        names: fact.names.clone(),
        scope: fact.scope,
        versions,
        verbs: fact.verbs.clone(),
        subresources: fact.subresources.clone(),
        storage_prefix: fact.store.unwrap_or_default().into(),
        stored_as: row.stored_as.map(|(group, version, kind)| Gvk::new(group, version, kind)),
        rules: (row.rules)(),
        custom: false,
    }
}

/// Every group keeps its objects in the version that it prefers.
fn version(row: &Row, fact: &Fact, name: &str) -> Version {
    let group = if fact.group.is_empty() { "core" } else { fact.group.split('.').next().unwrap_or_default() };
    let short = format!("{group}.{name}.{}", row.kind);
    Version {
        name: name.into(),
        served: true,
        storage: fact.versions.first() == Some(&name),
        schema: facts::schema_of(&short).unwrap_or_else(|| panic!("the tables of facts name no type {short}")),
        columns: facts::columns(fact.group, name, &fact.names.plural),
        deprecation: fact.deprecated.iter().find(|(version, _)| *version == name).map(|(_, text)| (*text).into()),
    }
}
