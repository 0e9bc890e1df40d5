//! Policies and their bindings as they stand now, parsed and compiled anew only when one has changed.

use crate::hub::KindHub;
use crate::webhooks::{About, Condition, Invocation, Rule, selector};
use cel::{Program, Type};
use kinds::expressions::{Names, Variables};
use meta::selector::LabelSelector;
use meta::{Object, Status, Value};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) struct Policy {
    pub name: String,
    pub matching: Matching,
    pub ignores_failure: bool,
    pub conditions: Vec<Condition>,
    pub variables: Vec<(String, Program)>,
    pub validations: Vec<Validation>,
    pub annotations: Vec<Condition>,
    /// Its apiVersion and kind.
    pub param_kind: Option<(String, String)>,
    pub bindings: Vec<Binding>,
}

pub(crate) struct Validation {
    pub holds: Condition,
    pub message: String,
    pub spoken: Option<Condition>,
    pub reason: String,
}

pub(crate) struct Binding {
    pub name: String,
    pub matching: Matching,
    pub param: Value,
    pub actions: Vec<String>,
}

/// What a policy or a binding is for.
pub(crate) struct Matching {
    rules: Vec<Rule>,
    excluded: Vec<Rule>,
    /// The rules may also name another version of what is asked about.
    equivalent: bool,
    namespaces: LabelSelector,
    objects: LabelSelector,
}

impl Matching {
    fn of(value: &Value) -> Matching {
        let rules = |field: &str| value.items(field).iter().map(Rule::of).collect();
        Matching {
            rules: rules("resourceRules"),
            excluded: rules("excludeResourceRules"),
            equivalent: value.str("matchPolicy") != "Exact",
            namespaces: selector(value.get("namespaceSelector")),
            objects: selector(value.get("objectSelector")),
        }
    }

    /// Without rules, all that is not excluded matches.
    pub fn matches(&self, about: &About<'_>) -> Result<Option<Invocation>, Status> {
        if !about.selects_namespace(&self.namespaces)? || !about.selects_object(&self.objects) {
            return Ok(None);
        }
        if about.invocation(&self.excluded, self.equivalent).is_some() {
            return Ok(None);
        }
        if self.rules.is_empty() {
            return Ok(Some(Invocation { resource: about.resource.clone(), kind: about.kind.clone() }));
        }
        Ok(about.invocation(&self.rules, self.equivalent))
    }
}

impl Policy {
    fn of(object: &Object, bindings: &[Arc<Object>]) -> Policy {
        let value = object.value();
        let spec = value.get("spec");
        let name = object.header.name.to_string();
        let kind = spec.get("paramKind");
        let names = Names { params: !kind.is_null(), authorizer: true };
        let (variables, broken) = variables(spec.items("variables"), names);
        let any = !spec.items("variables").is_empty();
        let compile = |expression: &str, names: Names, wanted: &[Type]| match &broken {
            Some(why) => Condition { expression: expression.into(), program: Err(why.clone()) },
            None => Condition::of(expression, &variables.environment(names, any), wanted),
        };
        let validation = |value: &Value| Validation {
            holds: compile(value.str("expression"), names, &[Type::Bool]),
            message: value.str("message").trim().into(),
            spoken: Some(value.str("messageExpression"))
                .filter(|text| !text.is_empty())
                .map(|text| compile(text, Names { authorizer: false, ..names }, &[Type::Text])),
            reason: value.str("reason").into(),
        };
        let annotation = |value: &Value| compile(value.str("valueExpression"), names, &[Type::Text, Type::Null]);
        Policy {
            matching: Matching::of(spec.get("matchConstraints")),
            ignores_failure: spec.str("failurePolicy") == "Ignore",
            conditions: Condition::all(spec.items("matchConditions"), names.params),
            validations: spec.items("validations").iter().map(validation).collect(),
            annotations: spec.items("auditAnnotations").iter().map(annotation).collect(),
            param_kind: names.params.then(|| (kind.str("apiVersion").into(), kind.str("kind").into())),
            bindings: bindings
                .iter()
                .filter(|binding| *binding.value().str("spec.policyName") == *name)
                .map(|binding| Binding::of(binding))
                .collect(),
            variables: variables.programs,
            name,
        }
    }
}

/// The variables, and what is wrong with the first that does not compile.
fn variables(written: &[Value], names: Names) -> (Variables, Option<String>) {
    let (mut variables, mut broken) = (Variables::default(), None);
    for variable in written {
        let added = variables.add(variable.str("name"), variable.str("expression"), names);
        broken = broken.or(added.err().map(|refusal| refusal.why().to_string()));
    }
    (variables, broken)
}

impl Binding {
    fn of(object: &Object) -> Binding {
        let value = object.value();
        let spec = value.get("spec");
        let actions = spec.items("validationActions").iter().filter_map(Value::as_str);
        Binding {
            name: object.header.name.to_string(),
            matching: Matching::of(spec.get("matchResources")),
            param: spec.get("paramRef").clone(),
            actions: actions.map(Into::into).collect(),
        }
    }
}

/// What was read, and of which versions of policies and bindings.
type Kept = ((u64, u64), Arc<[Policy]>);

pub(crate) struct Policies {
    policies: Arc<KindHub>,
    bindings: Arc<KindHub>,
    kept: Mutex<Kept>,
}

impl Policies {
    pub fn new(policies: Arc<KindHub>, bindings: Arc<KindHub>) -> Policies {
        Policies { policies, bindings, kept: Mutex::new(((u64::MAX, u64::MAX), Arc::new([]))) }
    }

    pub fn now(&self) -> Arc<[Policy]> {
        let version = (self.policies.version(), self.bindings.version());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != version {
            let all = |hub: &KindHub| hub.list("", &LabelSelector::everything()).objects;
            let (policies, bindings) = (all(&self.policies), all(&self.bindings));
            *kept = (version, policies.iter().map(|policy| Policy::of(policy, &bindings)).collect());
        }
        kept.1.clone()
    }
}
