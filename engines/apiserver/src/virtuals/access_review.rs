//! Reviews of access: may this user do that, and what may I do.

use super::{Answering, Told, Virtual, answered, body, own};
use crate::authz::{Attributes, Decision};
use crate::engine::{Api, Call, Outcome};
use crate::identity::{Identity, MASTERS};
use meta::{Cursor, ErrorList, FieldError, Gvk, Path, Status, Value, value};

/// The three reviews differ in whom they ask about and where.
pub(super) struct AccessReview {
    resource: &'static str,
    kind: &'static str,
    about_self: bool,
    local: bool,
}

pub(super) static SUBJECT: AccessReview =
    AccessReview { resource: "subjectaccessreviews", kind: "SubjectAccessReview", about_self: false, local: false };
pub(super) static SELF_SUBJECT: AccessReview = AccessReview {
    resource: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    about_self: true,
    local: false,
};
pub(super) static LOCAL_SUBJECT: AccessReview = AccessReview {
    resource: "localsubjectaccessreviews",
    kind: "LocalSubjectAccessReview",
    about_self: false,
    local: true,
};

const GROUP: &str = "authorization.k8s.io";

impl Virtual for AccessReview {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        (GROUP, self.resource, "")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(async move { self.review(api, call, told) })
    }
}

impl AccessReview {
    fn review(&self, api: &Api, call: &Call, told: &mut Told) -> Result<Outcome, Status> {
        let name = format!("authorization.v1.{}", self.kind);
        let mut review = body(call, told, &name, &["authorization.k8s.io/v1"])?;
        self.judge(&review, call)?;
        review.set("apiVersion", format!("{GROUP}/v1"));
        review.set("kind", self.kind);
        own(api, call, &name, &mut review)?;
        let asked = match self.about_self {
            true => (*call.identity).clone(),
            false => asked_about(review.get("spec")),
        };
        let spec = review.get("spec");
        let status = match api.authorizer.decide(&asked, &attributes(spec)) {
            Decision::Allow(reason) => status(true, &reason),
            Decision::NoOpinion(reason) => status(false, &reason),
        };
        review.set("status", status);
        if self.local {
            review.set("metadata.namespace", &call.request.key.namespace);
        }
        answered(review)
    }

    fn judge(&self, review: &Value, call: &Call) -> Result<(), Status> {
        let spec = Path::new("spec");
        let mut errors = ErrorList::default();
        let (resource, path) = (review.at("spec.resourceAttributes"), review.at("spec.nonResourceAttributes"));
        match (resource.is_null(), path.is_null()) {
            (false, false) => {
                let why = "cannot be specified in combination with resourceAttributes";
                errors.push(self.as_go_shows(&spec.field("nonResourceAttributes"), path, why)?);
            }
            (true, true) => {
                let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
                errors.push(FieldError::invalid(&spec.field("resourceAttributes"), resource.clone(), why));
            }
            _ => {}
        }
        if !self.about_self && review.str("spec.user").is_empty() && review.items("spec.groups").is_empty() {
            let why = "at least one of user or group must be specified";
            errors.push(FieldError::invalid(&spec.field("user"), "", why));
        }
        let elsewhere = review.str("spec.resourceAttributes.namespace") != call.request.key.namespace;
        if self.local && !resource.is_null() && elsewhere {
            let path = spec.field("resourceAttributes").field("namespace");
            let why = "must match metadata.namespace";
            errors.push(FieldError::invalid(&path, review.str("spec.resourceAttributes.namespace"), why));
        }
        if errors.is_empty() {
            return Ok(());
        }
        // Upstream does not name the kind here.
        Err(Status::invalid(&Gvk::new(GROUP, "", ""), "", &errors))
    }

    fn as_go_shows(&self, path: &Path, attributes: &Value, why: &str) -> Result<FieldError, Status> {
        let name = "authorization.v1.NonResourceAttributes";
        let schema =
            kinds::schema_of(name).ok_or_else(|| Status::internal(format!("the tables do not know {name}")))?;
        let at = Cursor::new(attributes, path.clone());
        Ok(kinds::go_form::invalid(&schema.types, schema.root, &at, why))
    }
}

fn status(allowed: bool, reason: &str) -> Value {
    let mut status = value!({"allowed": allowed});
    if !reason.is_empty() {
        status.set("reason", reason);
    }
    status
}

fn asked_about(spec: &Value) -> Identity {
    let texts = |value: &Value| {
        let items = value.as_list().unwrap_or(&[]).iter();
        items.filter_map(Value::as_str).map(str::to_string).collect::<Vec<_>>()
    };
    Identity {
        name: spec.str("user").into(),
        uid: spec.str("uid").into(),
        groups: texts(spec.get("groups")),
        extra: spec.fields("extra").map(|(name, values)| (name.to_string(), texts(values))).collect(),
    }
}

fn attributes(spec: &Value) -> Attributes<'_> {
    let resource = spec.get("resourceAttributes");
    if resource.is_null() {
        return Attributes::of_path(spec.str("nonResourceAttributes.verb"), spec.str("nonResourceAttributes.path"));
    }
    Attributes {
        verb: resource.str("verb"),
        group: resource.str("group"),
        version: resource.str("version"),
        resource: resource.str("resource"),
        subresource: resource.str("subresource"),
        namespace: resource.str("namespace"),
        name: resource.str("name"),
        path: None,
    }
}

/// `kubectl auth can-i --list`.
pub(super) struct SelfSubjectRules;

impl Virtual for SelfSubjectRules {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        (GROUP, "selfsubjectrulesreviews", "")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(async move {
            let mut review = body(call, told, "authorization.v1.SelfSubjectRulesReview", &["authorization.k8s.io/v1"])?;
            let namespace = review.str("spec.namespace").to_string();
            if namespace.is_empty() {
                return Err(Status::bad_request("no namespace on request"));
            }
            review.set("apiVersion", format!("{GROUP}/v1"));
            review.set("kind", "SelfSubjectRulesReview");
            review.set("spec", Value::map());
            review.set("status", rules(api, &call.identity, &namespace));
            answered(review)
        })
    }
}

fn rules(api: &Api, identity: &Identity, namespace: &str) -> Value {
    let (mut resources, mut paths) = (Vec::new(), Vec::new());
    if identity.is_in(MASTERS) {
        resources.push(value!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
        paths.push(value!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
    }
    for ruling in api.authorizer.rbac.rulings(identity, namespace) {
        for rule in ruling.rules.iter() {
            if !rule.resources.is_empty() {
                let mut shown = value!({"verbs": (rule.verbs.clone()), "apiGroups": (rule.groups.clone()),
                    "resources": (rule.resources.clone())});
                if !rule.names.is_empty() {
                    shown.set("resourceNames", rule.names.clone());
                }
                resources.push(shown);
            }
            if !rule.paths.is_empty() {
                paths.push(value!({"verbs": (rule.verbs.clone()), "nonResourceURLs": (rule.paths.clone())}));
            }
        }
    }
    value!({"resourceRules": (Value::List(resources)), "nonResourceRules": (Value::List(paths)), "incomplete": false})
}
