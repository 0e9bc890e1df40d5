//! Expressions of webhooks and policies: what they may name, and what they must result in.

use cel::{CompileError, Decl, Environment, Program, Shape, Type};
use meta::{Cursor, ErrorList, FieldError};
use std::sync::LazyLock;

/// What one expression may cost.
pub const BUDGET: u64 = 1_000_000;
/// What all expressions of a policy may cost together, about one request.
pub const POLICY_BUDGET: u64 = 10_000_000;
pub const CONDITIONS_BUDGET: u64 = 2_500_000;

/// The variables that not all expressions have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names {
    pub params: bool,
    pub authorizer: bool,
}

pub const REQUEST_RESOURCE: &str = "authorizer.requestResource";

fn text() -> Decl {
    Decl::new(Shape::Text)
}

fn texts() -> Decl {
    Decl::list(text())
}

fn words<const N: usize>(name: &str, fields: [&'static str; N]) -> Decl {
    Decl::object(name, fields.map(|field| (field, text())))
}

/// The request, as expressions see it.
pub static REQUEST: LazyLock<Decl> = LazyLock::new(|| {
    let kind = || words("kubernetes.GroupVersionKind", ["group", "version", "kind"]);
    let resource = || words("kubernetes.GroupVersionResource", ["group", "version", "resource"]);
    let user = [("username", text()), ("uid", text()), ("groups", texts()), ("extra", Decl::map(texts()))];
    Decl::object(
        "kubernetes.AdmissionRequest",
        [
            ("kind", kind()),
            ("resource", resource()),
            ("subResource", text()),
            ("requestKind", kind()),
            ("requestResource", resource()),
            ("requestSubResource", text()),
            ("name", text()),
            ("namespace", text()),
            ("operation", text()),
            ("userInfo", Decl::object("kubernetes.UserInfo", user)),
            ("dryRun", Decl::new(Shape::Bool)),
            ("options", Decl::new(Shape::Dyn)),
        ],
    )
});

/// The request's namespace, as expressions see it.
pub static NAMESPACE: LazyLock<Decl> = LazyLock::new(|| {
    let (time, number, labels) =
        (|| Decl::new(Shape::Timestamp), || Decl::new(Shape::Int), || Decl::map(Decl::new(Shape::Text)));
    let condition =
        [("status", text()), ("type", text()), ("lastTransitionTime", time()), ("message", text()), ("reason", text())];
    let conditions = Decl::list(Decl::object("kubernetes.NamespaceCondition", condition));
    let metadata = [
        ("name", text()),
        ("generateName", text()),
        ("namespace", text()),
        ("labels", labels()),
        ("annotations", labels()),
        ("UID", text()),
        ("creationTimestamp", time()),
        ("deletionGracePeriodSeconds", number()),
        ("deletionTimestamp", time()),
        ("generation", number()),
        ("resourceVersion", text()),
        ("finalizers", texts()),
    ];
    Decl::object(
        "kubernetes.Namespace",
        [
            ("metadata", Decl::object("kubernetes.NamespaceMetadata", metadata)),
            ("spec", Decl::object("kubernetes.NamespaceSpec", [("finalizers", texts())])),
            ("status", Decl::object("kubernetes.NamespaceStatus", [("conditions", conditions), ("phase", text())])),
        ],
    )
});

pub fn environment(names: Names) -> Environment {
    let opaque = |name: &str| Decl::new(Shape::Made(Type::opaque(name)));
    let mut environment = Environment::default()
        .with_any("object")
        .with_any("oldObject")
        .with("namespaceObject", NAMESPACE.clone())
        .with("request", REQUEST.clone());
    if names.params {
        environment = environment.with_any("params");
    }
    if names.authorizer {
        environment = environment
            .with("authorizer", opaque("kubernetes.authorization.Authorizer"))
            .with(REQUEST_RESOURCE, opaque("kubernetes.authorization.ResourceCheck"));
    }
    environment
}

/// What is wrong with an expression.
pub enum Refusal {
    Invalid(String),
    /// It can never be evaluated.
    Broken(String),
}

impl Refusal {
    pub fn why(&self) -> &str {
        match self {
            Refusal::Invalid(why) | Refusal::Broken(why) => why,
        }
    }
}

/// An expression that results in one of these types; in any with none.
pub fn compile(expression: &str, environment: &Environment, wanted: &[Type]) -> Result<Program, Refusal> {
    let told = |error: CompileError| Refusal::Invalid(format!("compilation failed: {error}"));
    let program = Program::compile(expression, environment).map_err(told)?;
    let found = program.kind();
    if !wanted.is_empty() && !wanted.contains(found) {
        let names: Vec<String> = wanted.iter().map(Type::declared).collect();
        let wanted = match &names[..] {
            [one] => one.clone(),
            several => format!("one of [{}]", several.join(" ")),
        };
        return Err(Refusal::Invalid(format!("must evaluate to {wanted} but got {}", found.declared())));
    }
    match program.broken() {
        Some(why) => Err(Refusal::Broken(format!("program instantiation failed: {why}"))),
        None => Ok(program),
    }
}

/// A policy's variables, each of which sees those before it.
#[derive(Default)]
pub struct Variables {
    fields: Vec<(String, Decl)>,
    pub programs: Vec<(String, Program)>,
}

impl Variables {
    pub fn environment(&self, names: Names, any: bool) -> Environment {
        let environment = environment(names);
        if !any {
            return environment;
        }
        environment.with("variables", Decl::made_of("kubernetes.variables", self.fields.clone()))
    }

    pub fn add(&mut self, name: &str, expression: &str, names: Names) -> Result<(), Refusal> {
        let compiled = compile(expression, &self.environment(names, true), &[]);
        let kind = compiled.as_ref().map_or(Type::Dyn, |program| program.kind().clone());
        self.fields.push((name.into(), Decl::new(Shape::Made(kind))));
        self.programs.push((name.into(), compiled?));
        Ok(())
    }
}

/// Tells what is wrong with an expression that stands there.
pub fn judge(at: &Cursor<'_>, compiled: Result<(), Refusal>, out: &mut ErrorList) {
    match compiled {
        Ok(()) => {}
        Err(Refusal::Invalid(why)) => out.push(FieldError::invalid(&at.path, at.str(), why)),
        Err(Refusal::Broken(why)) => out.push(FieldError::internal(&at.path, why)),
    }
}
