//! Which calls may pass: the terms of a profile, and the profile of a container that asks for none of its own.

use crate::capabilities;

/// `always NAMES...` or `CAPABILITY NAMES...` a line.
const DEFAULT_TABLE: &str = include_str!("default.txt");

const EPERM: u16 = libc::EPERM as u16;
const ENOSYS: u16 = libc::ENOSYS as u16;

/// Every `CLONE_NEW*` flag: a new namespace is a new privilege.
const CLONE_NAMESPACES: u64 = 0x7E02_0000;
const FAMILY_ALG: u64 = 38;
const FAMILY_VSOCK: u64 = 40;
/// The personalities that change nothing dangerous; the last one only asks.
const PERSONALITIES: [u64; 5] = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Allow,
    Errno(u16),
    KillProcess,
    KillThread,
    Trap,
    Trace(u16),
    Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    GreaterOrEqual,
    Greater,
    /// The argument's bits under the mask equal the value.
    Masked(u64),
}

/// A condition on one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    pub argument: u8,
    pub operator: Operator,
    pub value: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub names: Vec<String>,
    pub action: Action,
    /// All must hold.
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub default: Action,
    pub rules: Vec<Rule>,
}

fn rule(names: &[&str], action: Action, checks: &[(u8, Operator, u64)]) -> Rule {
    Rule {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        action,
        checks: checks.iter().map(|&(argument, operator, value)| Check { argument, operator, value }).collect(),
    }
}

/// The profile named RuntimeDefault; what it lets pass depends on the capabilities held.
pub fn runtime_default(held: u64) -> Profile {
    let holds = |name: &str| name == "always" || capabilities::bit(name).is_some_and(|bit| held & bit != 0);
    let mut rules: Vec<Rule> = DEFAULT_TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .filter(|(condition, _)| holds(condition))
        .map(|(_, names)| rule(&names.split(' ').collect::<Vec<_>>(), Action::Allow, &[]))
        .collect();
    rules.extend(PERSONALITIES.map(|value| rule(&["personality"], Action::Allow, &[(0, Operator::Equal, value)])));
    let family = |value| (0, Operator::NotEqual, value);
    rules.push(rule(&["socket"], Action::Allow, &[family(FAMILY_ALG), family(FAMILY_VSOCK)]));
    if !holds("SYS_ADMIN") {
        rules.push(rule(&["clone"], Action::Allow, &[(0, Operator::Masked(CLONE_NAMESPACES), 0)]));
        // Its flags lie in memory, out of a filter's sight: C libraries fall back to clone.
        rules.push(rule(&["clone3"], Action::Errno(ENOSYS), &[]));
    }
    Profile { default: Action::Errno(EPERM), rules }
}
