//! The compiler: a profile becomes a search tree over ranges of call numbers with one decision each.

use std::collections::BTreeMap;

use super::names::{AUDIT_ARCH, number};
use super::profile::{Action, Check, Operator, Profile};

const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCH: u32 = 4;
const OFFSET_ARGUMENTS: u32 = 16;

const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const RETURN: u16 = 0x06;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_GREATER_OR_EQUAL: u16 = 0x35;

/// One BPF instruction, laid out as the kernel's `sock_filter`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    pub code: u16,
    pub if_true: u8,
    pub if_false: u8,
    pub operand: u32,
}

const fn plain(code: u16, operand: u32) -> Instruction {
    Instruction { code, if_true: 0, if_false: 0, operand }
}

fn verdict(action: Action) -> Instruction {
    plain(
        RETURN,
        match action {
            Action::KillProcess => 0x8000_0000,
            Action::KillThread => 0,
            Action::Trap => 0x0003_0000,
            Action::Errno(code) => 0x0005_0000 | u32::from(code),
            Action::Trace(code) => 0x7ff0_0000 | u32::from(code),
            Action::Log => 0x7ffc_0000,
            Action::Allow => 0x7fff_0000,
        },
    )
}

pub fn compile(profile: &Profile) -> Vec<Instruction> {
    let foreign = verdict(Action::Errno(libc::ENOSYS as u16));
    let mut program = vec![
        plain(LOAD, OFFSET_ARCH),
        Instruction { code: JUMP_EQUAL, if_true: 1, if_false: 0, operand: AUDIT_ARCH },
        foreign,
        plain(LOAD, OFFSET_NUMBER),
    ];
    program.extend(tree(&ranges(profile)));
    program
}

/// From that number up to the next range's.
struct Range {
    from: u32,
    body: Vec<Instruction>,
}

fn ranges(profile: &Profile) -> Vec<Range> {
    let bodies = bodies(profile);
    let otherwise = vec![verdict(profile.default)];
    let mut found = vec![Range { from: 0, body: otherwise.clone() }];
    let mut begin = |from: u32, body: &Vec<Instruction>| match found.last_mut() {
        Some(last) if last.body == *body => {}
        Some(last) if last.from == from => last.body = body.clone(),
        _ => found.push(Range { from, body: body.clone() }),
    };
    for (number, body) in &bodies {
        begin(*number, body);
        if !bodies.contains_key(&(number + 1)) {
            begin(number + 1, &otherwise);
        }
    }
    found
}

/// What decides each number that the profile names: rules with conditions first, in order, then the first without.
fn bodies(profile: &Profile) -> BTreeMap<u32, Vec<Instruction>> {
    let mut rules: BTreeMap<u32, Vec<(&[Check], Action)>> = BTreeMap::new();
    for rule in &profile.rules {
        for number in rule.names.iter().filter_map(|name| number(name)) {
            rules.entry(number).or_default().push((&rule.checks, rule.action));
        }
    }
    rules.into_iter().map(|(number, rules)| (number, body(&rules, profile.default))).collect()
}

fn body(rules: &[(&[Check], Action)], default: Action) -> Vec<Instruction> {
    let last = rules.iter().find(|(checks, _)| checks.is_empty()).map_or(default, |(_, action)| *action);
    let guarded = rules.iter().filter(|(checks, _)| !checks.is_empty());
    guarded.flat_map(|(checks, action)| guard(checks, *action)).chain([verdict(last)]).collect()
}

fn tree(ranges: &[Range]) -> Vec<Instruction> {
    let [only] = ranges else {
        let (low, high) = ranges.split_at(ranges.len() / 2);
        let (border, low, high) = (high[0].from, tree(low), tree(high));
        return [branch(border, low.len()), low, high].concat();
    };
    only.body.clone()
}

/// Falls through below the border, else jumps over the lower half. A conditional jump reaches 255 at most.
fn branch(border: u32, skip: usize) -> Vec<Instruction> {
    match u8::try_from(skip) {
        Ok(near) => {
            vec![Instruction { code: JUMP_GREATER_OR_EQUAL, if_true: near, if_false: 0, operand: border }]
        }
        Err(_) => vec![
            Instruction { code: JUMP_GREATER_OR_EQUAL, if_true: 0, if_false: 1, operand: border },
            plain(JUMP, skip as u32),
        ],
    }
}

#[derive(Clone, Copy)]
enum To {
    Next,
    Pass,
    Fail,
}

type Step = (u16, u32, To, To);

/// The conditions one after the other and the verdict; a broken one jumps behind it.
fn guard(checks: &[Check], action: Action) -> Vec<Instruction> {
    let steps: Vec<Vec<Step>> = checks.iter().map(steps).collect();
    let whole: usize = steps.iter().map(Vec::len).sum();
    let (mut program, mut pass) = (Vec::new(), 0);
    for check in &steps {
        pass += check.len();
        for (code, operand, if_true, if_false) in check {
            let behind = program.len() + 1;
            let distance = |to: &To| match to {
                To::Next => 0,
                To::Pass => (pass - behind) as u8,
                To::Fail => (whole + 1 - behind) as u8,
            };
            let (if_true, if_false) = (distance(if_true), distance(if_false));
            program.push(Instruction { code: *code, if_true, if_false, operand: *operand });
        }
    }
    program.push(verdict(action));
    program
}

fn steps(check: &Check) -> Vec<Step> {
    let (high, low) = ((check.value >> 32) as u32, check.value as u32);
    let place = OFFSET_ARGUMENTS + 8 * u32::from(check.argument);
    let (load_low, load_high) = (step(LOAD, place), step(LOAD, place + 4));
    let compare = |code, on_more: To, on_less: To, on_equal: (To, To)| {
        vec![
            load_high,
            (JUMP_GREATER, high, on_more, To::Next),
            (JUMP_EQUAL, high, To::Next, on_less),
            load_low,
            (code, low, on_equal.0, on_equal.1),
        ]
    };
    match check.operator {
        Operator::Equal => {
            vec![load_high, (JUMP_EQUAL, high, To::Next, To::Fail), load_low, (JUMP_EQUAL, low, To::Pass, To::Fail)]
        }
        Operator::NotEqual => {
            vec![load_high, (JUMP_EQUAL, high, To::Next, To::Pass), load_low, (JUMP_EQUAL, low, To::Fail, To::Pass)]
        }
        Operator::Masked(mask) => vec![
            load_high,
            step(AND, (mask >> 32) as u32),
            (JUMP_EQUAL, high, To::Next, To::Fail),
            load_low,
            step(AND, mask as u32),
            (JUMP_EQUAL, low, To::Pass, To::Fail),
        ],
        Operator::Greater => compare(JUMP_GREATER, To::Pass, To::Fail, (To::Pass, To::Fail)),
        Operator::GreaterOrEqual => compare(JUMP_GREATER_OR_EQUAL, To::Pass, To::Fail, (To::Pass, To::Fail)),
        Operator::Less => compare(JUMP_GREATER_OR_EQUAL, To::Fail, To::Pass, (To::Fail, To::Pass)),
        Operator::LessOrEqual => compare(JUMP_GREATER, To::Fail, To::Pass, (To::Fail, To::Pass)),
    }
}

const fn step(code: u16, operand: u32) -> Step {
    (code, operand, To::Next, To::Next)
}

#[cfg(test)]
mod tests {
    use super::super::{Rule, runtime_default};
    use super::*;
    use crate::capabilities;

    /// The kernel's machine in small: what would that call get?
    fn run(program: &[Instruction], arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let word = |offset: u32| match offset {
            OFFSET_NUMBER => number,
            OFFSET_ARCH => arch,
            _ => {
                let place = offset - OFFSET_ARGUMENTS;
                (arguments[place as usize / 8] >> (8 * (place % 8))) as u32
            }
        };
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let it = program[at];
            let jump = |taken: bool| usize::from(if taken { it.if_true } else { it.if_false });
            at += 1 + match it.code {
                LOAD => {
                    accumulator = word(it.operand);
                    0
                }
                AND => {
                    accumulator &= it.operand;
                    0
                }
                JUMP => it.operand as usize,
                JUMP_EQUAL => jump(accumulator == it.operand),
                JUMP_GREATER => jump(accumulator > it.operand),
                JUMP_GREATER_OR_EQUAL => jump(accumulator >= it.operand),
                _ => return it.operand,
            };
        }
    }

    fn check_default(held: &[&str], name: &str, first: u64, expect: Action) {
        let held = held.iter().filter_map(|name| capabilities::bit(name)).sum();
        let program = compile(&runtime_default(held));
        let got = run(&program, AUDIT_ARCH, number(name).expect(name), [first, 0, 0, 0, 0, 0]);
        assert_eq!(got, verdict(expect).operand, "{name}({first:#x})");
    }

    #[test]
    fn the_default_profile_decides_as_it_says() {
        let (deny, absent) = (Action::Errno(libc::EPERM as u16), Action::Errno(libc::ENOSYS as u16));
        check_default(&[], "read", 0, Action::Allow);
        check_default(&[], "execve", 0, Action::Allow);
        check_default(&[], "openat2", 0, Action::Allow);
        check_default(&[], "mount", 0, deny);
        check_default(&["SYS_ADMIN"], "mount", 0, Action::Allow);
        check_default(&[], "keyctl", 0, deny);
        check_default(&[], "userfaultfd", 0, deny);
        check_default(&[], "io_uring_setup", 0, deny);
        check_default(&[], "chroot", 0, deny);
        check_default(&["SYS_CHROOT"], "chroot", 0, Action::Allow);
        check_default(&[], "clone", 0x11, Action::Allow);
        check_default(&[], "clone", 0x1000_0000 | 0x11, deny);
        check_default(&["SYS_ADMIN"], "clone", 0x1000_0000, Action::Allow);
        check_default(&[], "clone3", 0, absent);
        check_default(&[], "personality", 0xffff_ffff, Action::Allow);
        check_default(&[], "personality", 0x40_0000, deny);
        check_default(&[], "socket", 2, Action::Allow);
        check_default(&[], "socket", 40, deny);
        check_default(&[], "socket", 38, deny);
    }

    #[test]
    fn a_foreign_machine_has_no_calls() {
        let program = compile(&runtime_default(0));
        assert_eq!(run(&program, 0x4000_0003, 3, [0; 6]), verdict(Action::Errno(libc::ENOSYS as u16)).operand);
        assert!(program.len() < 1000, "{} instructions", program.len());
    }

    fn check_operator(operator: Operator, value: u64, argument: u64, expect: bool) {
        let checks = vec![Check { argument: 1, operator, value }];
        let rules = vec![Rule { names: vec!["read".into()], action: Action::Allow, checks }];
        let program = compile(&Profile { default: Action::KillProcess, rules });
        let got = run(&program, AUDIT_ARCH, number("read").expect("read"), [0, argument, 0, 0, 0, 0]);
        assert_eq!(got == verdict(Action::Allow).operand, expect, "{argument:#x} {operator:?} {value:#x}");
    }

    #[test]
    fn conditions_see_all_64_bits() {
        let big = 0x1_0000_0002;
        for (argument, less, equal) in
            [(2, true, false), (big, false, true), (big + 1, false, false), (u64::MAX, false, false)]
        {
            check_operator(Operator::Equal, big, argument, equal);
            check_operator(Operator::NotEqual, big, argument, !equal);
            check_operator(Operator::Less, big, argument, less);
            check_operator(Operator::LessOrEqual, big, argument, less || equal);
            check_operator(Operator::GreaterOrEqual, big, argument, !less);
            check_operator(Operator::Greater, big, argument, !less && !equal);
        }
        check_operator(Operator::Masked(0xff00_0000_0000), 0x1200_0000_0000, 0x1200_0000_0034, true);
        check_operator(Operator::Masked(0xff00_0000_0000), 0x1200_0000_0000, 0x1300_0000_0034, false);
    }
}
