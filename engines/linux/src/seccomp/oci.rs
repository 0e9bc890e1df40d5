//! Profiles from files, in the JSON form that container runtimes share.

use serde::Deserialize;

use super::profile::{Action, Check, Operator, Profile, Rule};

#[derive(Debug)]
pub enum OciProfileError {
    Json(serde_json::Error),
    Action(String),
    Operator(String),
}

impl std::fmt::Display for OciProfileError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(source) => write!(out, "seccomp profile is not valid: {source}"),
            Self::Action(name) => write!(out, "unknown seccomp action {name:?}"),
            Self::Operator(name) => write!(out, "unknown seccomp operator {name:?}"),
        }
    }
}

impl std::error::Error for OciProfileError {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    default_action: String,
    default_errno_ret: Option<u16>,
    #[serde(default)]
    syscalls: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    names: Vec<String>,
    action: String,
    errno_ret: Option<u16>,
    #[serde(default)]
    args: Vec<Argument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u8,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

pub fn parse(text: &str) -> Result<Profile, OciProfileError> {
    let document: Document = serde_json::from_str(text).map_err(OciProfileError::Json)?;
    Ok(Profile {
        default: action(&document.default_action, document.default_errno_ret)?,
        rules: document.syscalls.into_iter().map(rule).collect::<Result<_, _>>()?,
    })
}

fn rule(entry: Entry) -> Result<Rule, OciProfileError> {
    let action = action(&entry.action, entry.errno_ret)?;
    let checks = entry.args.iter().map(check).collect::<Result<_, _>>()?;
    Ok(Rule { names: entry.names, action, checks })
}

fn action(name: &str, code: Option<u16>) -> Result<Action, OciProfileError> {
    let code = code.unwrap_or(libc::EPERM as u16);
    Ok(match name {
        "SCMP_ACT_ALLOW" => Action::Allow,
        "SCMP_ACT_ERRNO" => Action::Errno(code),
        "SCMP_ACT_KILL_PROCESS" => Action::KillProcess,
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => Action::KillThread,
        "SCMP_ACT_TRAP" => Action::Trap,
        "SCMP_ACT_TRACE" => Action::Trace(code),
        "SCMP_ACT_LOG" => Action::Log,
        _ => return Err(OciProfileError::Action(name.to_owned())),
    })
}

fn check(argument: &Argument) -> Result<Check, OciProfileError> {
    let (operator, value) = match argument.op.as_str() {
        "SCMP_CMP_EQ" => (Operator::Equal, argument.value),
        "SCMP_CMP_NE" => (Operator::NotEqual, argument.value),
        "SCMP_CMP_LT" => (Operator::Less, argument.value),
        "SCMP_CMP_LE" => (Operator::LessOrEqual, argument.value),
        "SCMP_CMP_GE" => (Operator::GreaterOrEqual, argument.value),
        "SCMP_CMP_GT" => (Operator::Greater, argument.value),
        "SCMP_CMP_MASKED_EQ" => (Operator::Masked(argument.value), argument.value_two),
        _ => return Err(OciProfileError::Operator(argument.op.clone())),
    };
    Ok(Check { argument: argument.index, operator, value })
}
