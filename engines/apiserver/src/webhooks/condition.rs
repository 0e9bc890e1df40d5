//! An expression of a webhook or a policy, compiled when its configuration is read.

use cel::{Environment, Program, Type};
use kinds::expressions::{Names, compile, environment};
use meta::Value;

pub(crate) struct Condition {
    pub expression: String,
    pub program: Result<Program, String>,
}

impl Condition {
    pub fn of(expression: &str, environment: &Environment, wanted: &[Type]) -> Condition {
        let program = compile(expression, environment, wanted).map_err(|refusal| refusal.why().to_string());
        Condition { expression: expression.into(), program }
    }

    /// Under which conditions a webhook or a policy is for a request.
    pub fn all(conditions: &[Value], params: bool) -> Vec<Condition> {
        let environment = environment(Names { params, authorizer: true });
        let one = |value: &Value| Condition::of(value.str("expression").trim(), &environment, &[Type::Bool]);
        conditions.iter().map(one).collect()
    }
}
