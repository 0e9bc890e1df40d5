//! Whether the one who asks, or a service account, may do something else: a question put together step by step.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use std::fmt;
use std::rc::Rc;

pub(crate) static ROWS: &[Row] = &[
    Row { name: "allowed", run: allowed, overloads: &[".decision_allowed(kubernetes.authorization.Decision) bool"] },
    Row {
        name: "check",
        run: check,
        overloads: &[
            ".pathcheck_check(kubernetes.authorization.PathCheck, string) kubernetes.authorization.Decision",
            ".resourcecheck_check(kubernetes.authorization.ResourceCheck, string) kubernetes.authorization.Decision",
        ],
    },
    Row { name: "error", run: error, overloads: &[".decision_error(kubernetes.authorization.Decision) string"] },
    Row { name: "errored", run: errored, overloads: &[".decision_errored(kubernetes.authorization.Decision) bool"] },
    Row {
        name: "fieldSelector",
        run: field_selector,
        overloads: &[
            ".authorizer_fieldselector(kubernetes.authorization.ResourceCheck, string) kubernetes.authorization.ResourceCheck",
        ],
    },
    Row {
        name: "group",
        run: group,
        overloads: &[
            ".authorizer_group(kubernetes.authorization.Authorizer, string) kubernetes.authorization.GroupCheck",
        ],
    },
    Row {
        name: "labelSelector",
        run: label_selector,
        overloads: &[
            ".authorizer_labelselector(kubernetes.authorization.ResourceCheck, string) kubernetes.authorization.ResourceCheck",
        ],
    },
    Row {
        name: "name",
        run: name,
        overloads: &[
            ".resourcecheck_name(kubernetes.authorization.ResourceCheck, string) kubernetes.authorization.ResourceCheck",
        ],
    },
    Row {
        name: "namespace",
        run: namespace,
        overloads: &[
            ".resourcecheck_namespace(kubernetes.authorization.ResourceCheck, string) kubernetes.authorization.ResourceCheck",
        ],
    },
    Row {
        name: "path",
        run: path,
        overloads: &[
            ".authorizer_path(kubernetes.authorization.Authorizer, string) kubernetes.authorization.PathCheck",
        ],
    },
    Row { name: "reason", run: reason, overloads: &[".decision_reason(kubernetes.authorization.Decision) string"] },
    Row {
        name: "resource",
        run: resource,
        overloads: &[
            ".groupcheck_resource(kubernetes.authorization.GroupCheck, string) kubernetes.authorization.ResourceCheck",
        ],
    },
    Row {
        name: "serviceAccount",
        run: service_account,
        overloads: &[
            ".authorizer_serviceaccount(kubernetes.authorization.Authorizer, string, string) kubernetes.authorization.Authorizer",
        ],
    },
    Row {
        name: "subresource",
        run: subresource,
        overloads: &[
            ".resourcecheck_subresource(kubernetes.authorization.ResourceCheck, string) kubernetes.authorization.ResourceCheck",
        ],
    },
];

/// Who decides.
pub trait Authorizer: fmt::Debug {
    fn decide(&self, question: &Question) -> Decision;
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// Namespace and name of who asks, where it is not the one of the request.
    pub service_account: Option<(String, String)>,
    /// Of what is no resource.
    pub path: Option<String>,
    pub group: String,
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    pub field_selector: String,
    pub label_selector: String,
    pub verb: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub allowed: bool,
    pub reason: String,
    pub error: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Asking<'v> {
    stage: Stage,
    by: &'v dyn Authorizer,
    question: Question,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Who,
    Path,
    Group,
    Resource,
}

impl<'v> Asking<'v> {
    pub(crate) fn new(by: &'v dyn Authorizer) -> Asking<'v> {
        Asking { stage: Stage::Who, by, question: Question::default() }
    }

    pub(crate) fn about(by: &'v dyn Authorizer, question: Question) -> Asking<'v> {
        Asking { stage: Stage::Resource, by, question }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self.stage {
            Stage::Who => "kubernetes.authorization.Authorizer",
            Stage::Path => "kubernetes.authorization.PathCheck",
            Stage::Group => "kubernetes.authorization.GroupCheck",
            Stage::Resource => "kubernetes.authorization.ResourceCheck",
        }
    }
}

/// One more thing said: at a stage, with a text, going on to another stage.
fn said<'v>(name: &str, given: &[Val<'v>], from: Stage, to: Stage, say: impl Fn(&mut Question, String)) -> Outcome<'v> {
    match given {
        [Val::Asking(asking), Val::Text(text)] if asking.stage == from => {
            let mut next = Asking { stage: to, ..Asking::clone(asking) };
            say(&mut next.question, text.to_string());
            Ok(Val::Asking(Rc::new(next)))
        }
        _ => Err(EvalError::no_such(name, given)),
    }
}

fn path<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    if let [_, Val::Text(text)] = given
        && text.is_empty()
    {
        return Err(EvalError::new("path must not be empty"));
    }
    said("path", given, Stage::Who, Stage::Path, |question, text| question.path = Some(text))
}

fn group<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    said("group", given, Stage::Who, Stage::Group, |question, text| question.group = text)
}

fn resource<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    said("resource", given, Stage::Group, Stage::Resource, |question, text| question.resource = text)
}

fn detail<'v>(name: &str, given: &[Val<'v>], say: impl Fn(&mut Question, String)) -> Outcome<'v> {
    said(name, given, Stage::Resource, Stage::Resource, say)
}

fn subresource<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    detail("subresource", given, |question, text| question.subresource = text)
}

fn namespace<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    detail("namespace", given, |question, text| question.namespace = text)
}

fn name<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    detail("name", given, |question, text| question.name = text)
}

fn field_selector<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    detail("fieldSelector", given, |question, text| question.field_selector = text)
}

fn label_selector<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    detail("labelSelector", given, |question, text| question.label_selector = text)
}

fn service_account<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    let [Val::Asking(asking), Val::Text(namespace), Val::Text(name)] = given else {
        return Err(EvalError::no_such("serviceAccount", given));
    };
    let mut next = Asking::clone(asking);
    next.question.service_account = Some((namespace.to_string(), name.to_string()));
    Ok(Val::Asking(Rc::new(next)))
}

fn check<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    match given {
        [Val::Asking(asking), Val::Text(verb)] if matches!(asking.stage, Stage::Path | Stage::Resource) => {
            let question = Question { verb: verb.to_string(), ..asking.question.clone() };
            Ok(Val::Decision(Rc::new(asking.by.decide(&question))))
        }
        _ => Err(EvalError::no_such("check", given)),
    }
}

fn told<'v>(name: &str, given: &[Val<'v>], tell: impl Fn(&Decision) -> Val<'v>) -> Outcome<'v> {
    let [Val::Decision(decision)] = given else { return Err(EvalError::no_such(name, given)) };
    Ok(tell(decision))
}

fn allowed<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    told("allowed", given, |decision| Val::Bool(decision.allowed))
}

fn reason<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    told("reason", given, |decision| Val::text(decision.reason.clone()))
}

fn errored<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    told("errored", given, |decision| Val::Bool(decision.error.is_some()))
}

fn error<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    told("error", given, |decision| Val::text(decision.error.clone().unwrap_or_default()))
}
