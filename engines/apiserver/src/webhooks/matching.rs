//! Whether a webhook is to be called for a request, and about which version of its resource.

use super::Hook;
use super::rule::{Place, Rule};
use meta::selector::LabelSelector;
use meta::{Gvk, Gvr, Labels, Status, Value};

/// A request as webhooks and policies are matched against it.
pub(crate) struct About<'a> {
    pub operation: &'static str,
    pub resource: Gvr,
    pub kind: Gvk,
    pub subresource: &'a str,
    /// Of a request about a namespace, that namespace.
    pub namespace: &'a str,
    pub name: &'a str,
    /// The same objects under other versions, with the kind they have there.
    pub equivalents: Vec<(Gvr, Gvk)>,
    /// The labels of the request's namespace; None where it is of the cluster.
    pub namespace_labels: Option<Result<Labels, Box<Status>>>,
    pub object: Option<&'a Value>,
    pub old: Option<&'a Value>,
}

/// A webhook that is to be called, and how it sees the resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Invocation {
    pub resource: Gvr,
    pub kind: Gvk,
}

impl About<'_> {
    pub fn matches(&self, hook: &Hook) -> Result<Option<Invocation>, Status> {
        if !self.selects_object(&hook.objects) {
            return Ok(None);
        }
        let found = self.invocation(&hook.rules, hook.equivalent);
        match found {
            Some(found) => Ok(self.selects_namespace(&hook.namespaces)?.then_some(found)),
            None => Ok(None),
        }
    }

    pub fn invocation(&self, rules: &[Rule], equivalent: bool) -> Option<Invocation> {
        if rules.iter().any(|rule| rule.holds(&self.place(&self.resource))) {
            return Some(Invocation { resource: self.resource.clone(), kind: self.kind.clone() });
        }
        let mut others = rules
            .iter()
            .filter(|_| equivalent)
            .flat_map(|rule| self.equivalents.iter().filter(move |(resource, _)| rule.holds(&self.place(resource))));
        others.next().map(|(resource, kind)| Invocation { resource: resource.clone(), kind: kind.clone() })
    }

    fn place<'p>(&'p self, resource: &'p Gvr) -> Place<'p> {
        let (operation, subresource) = (self.operation, self.subresource);
        Place { operation, resource, subresource, namespace: self.namespace, name: self.name }
    }

    pub fn selects_namespace(&self, selector: &LabelSelector) -> Result<bool, Status> {
        match &self.namespace_labels {
            _ if selector.is_everything() => Ok(true),
            None => Ok(true), // what is of the cluster is never exempted
            Some(Ok(labels)) => Ok(selector.matches(labels)),
            Some(Err(status)) => Err(Status::clone(status)),
        }
    }

    pub fn selects_object(&self, selector: &LabelSelector) -> bool {
        let holds = |value: Option<&Value>| value.and_then(labels_of).is_some_and(|labels| selector.matches(&labels));
        selector.is_everything() || holds(self.object) || holds(self.old)
    }
}

/// None: it is no object with metadata.
pub(crate) fn labels_of(object: &Value) -> Option<Labels> {
    object.get("metadata").as_map()?;
    let labels = object.fields("metadata.labels");
    Some(labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.into()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    fn about<'a>(object: &'a Value, labels: &[(&str, &str)]) -> About<'a> {
        let equivalents = vec![(Gvr::new("apps", "v1beta1", "deployments"), Gvk::new("apps", "v1beta1", "Deployment"))];
        let labels = labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        About {
            operation: "CREATE",
            resource: Gvr::new("apps", "v1", "deployments"),
            kind: Gvk::new("apps", "v1", "Deployment"),
            subresource: "",
            namespace: "d",
            name: "web",
            equivalents,
            namespace_labels: Some(Ok(labels)),
            object: Some(object),
            old: None,
        }
    }

    fn rules(version: &str) -> Vec<Rule> {
        vec![Rule::of(&value!({"operations": ["*"], "apiGroups": ["apps"], "apiVersions": [version],
            "resources": ["deployments"]}))]
    }

    #[test]
    fn another_version_of_the_same_is_found_where_that_is_wanted() {
        let object = value!({"metadata": {}});
        let about = about(&object, &[]);
        for (version, equivalent, expect) in
            [("v1", false, "v1"), ("v1beta1", true, "v1beta1"), ("v1beta1", false, ""), ("v2", true, "")]
        {
            let found = about.invocation(&rules(version), equivalent);
            assert_eq!(found.map_or(String::new(), |i| i.kind.version.to_string()), expect, "{version} {equivalent}");
        }
    }

    #[test]
    fn selectors_look_at_the_object_and_its_namespace() {
        let object = value!({"metadata": {"labels": {"app": "web"}}});
        let about = about(&object, &[("team", "a")]);
        let chosen = |text: &str| LabelSelector::parse(text).unwrap();
        assert!(about.selects_object(&chosen("app=web")) && !about.selects_object(&chosen("app=db")));
        assert!(about.selects_namespace(&chosen("team=a")).unwrap());
        assert!(!about.selects_namespace(&chosen("team=b")).unwrap());
        let bare = value!({"stdin": true});
        let bare = About { object: Some(&bare), ..about };
        assert!(bare.selects_object(&chosen("")) && !bare.selects_object(&chosen("!x")));
    }
}
