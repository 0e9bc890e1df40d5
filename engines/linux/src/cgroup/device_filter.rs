//! Which device nodes a container may open or make: a BPF program on its v2 group (a hybrid host has that tree too).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

const PROG_LOAD: i32 = 5;
const PROG_ATTACH: i32 = 8;
const PROG_TYPE_CGROUP_DEVICE: u32 = 15;
const ATTACH_CGROUP_DEVICE: u32 = 6;
const ALLOW_MULTI: u32 = 2;

const BLOCK: u32 = 1;
const CHARACTER: u32 = 2;
const MAKE: u32 = 1;
const READ: u32 = 2;
const WRITE: u32 = 4;

/// The nodes of every container's `/dev`, all character devices; the terminals behind `pts` have any minor.
const COMMON: [(u32, Option<u32>); 9] = [
    (1, Some(3)),
    (1, Some(5)),
    (1, Some(7)),
    (1, Some(8)),
    (1, Some(9)),
    (5, Some(0)),
    (5, Some(1)),
    (5, Some(2)),
    (136, None),
];

/// One permission; absent numbers match any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceRule {
    kind: u32,
    major: Option<u32>,
    minor: Option<u32>,
    access: u32,
}

impl DeviceRule {
    /// What every container may do: use the common nodes, make any node (not open it).
    pub fn common() -> Vec<DeviceRule> {
        let make = |kind| DeviceRule { kind, major: None, minor: None, access: MAKE };
        let node = |&(major, minor): &(u32, Option<u32>)| DeviceRule {
            kind: CHARACTER,
            major: Some(major),
            minor,
            access: MAKE | READ | WRITE,
        };
        [make(CHARACTER), make(BLOCK)].into_iter().chain(COMMON.iter().map(node)).collect()
    }

    /// For a node of the host, with any of `r`, `w`, `m`.
    pub fn of_node(path: &Path, permissions: &str) -> io::Result<DeviceRule> {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let node = std::fs::metadata(path)?;
        let kind = if node.file_type().is_block_device() { BLOCK } else { CHARACTER };
        let bits = [('r', READ), ('w', WRITE), ('m', MAKE)];
        let access = bits.iter().filter(|(letter, _)| permissions.contains(*letter)).map(|(_, bit)| bit).sum();
        let (major, minor) = (rustix::fs::major(node.rdev()), rustix::fs::minor(node.rdev()));
        Ok(DeviceRule { kind, major: Some(major), minor: Some(minor), access })
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    operand: i32,
}

const fn op(code: u8, destination: u8, source: u8, offset: i16, operand: i32) -> Instruction {
    Instruction { code, registers: destination | source << 4, offset, operand }
}

const LOAD_WORD: u8 = 0x61;
const MOVE_REGISTER: u8 = 0xbf;
const MOVE: u8 = 0xb7;
const AND: u8 = 0x57;
const SHIFT_RIGHT: u8 = 0x77;
const JUMP_NOT_EQUAL: u8 = 0x55;
const JUMP_NOT_EQUAL_REGISTER: u8 = 0x5d;
const EXIT: u8 = 0x95;

/// r2 kind, r3 access, r4 major, r5 minor; r1 is scratch once the context has been read.
fn assemble(rules: &[DeviceRule]) -> Vec<Instruction> {
    let mut program = vec![
        op(LOAD_WORD, 2, 1, 0, 0),
        op(MOVE_REGISTER, 3, 2, 0, 0),
        op(AND, 2, 0, 0, 0xffff),
        op(SHIFT_RIGHT, 3, 0, 0, 16),
        op(LOAD_WORD, 4, 1, 4, 0),
        op(LOAD_WORD, 5, 1, 8, 0),
    ];
    rules.iter().for_each(|rule| program.extend(block(rule)));
    program.extend([op(MOVE, 0, 0, 0, 0), op(EXIT, 0, 0, 0, 0)]);
    program
}

fn block(rule: &DeviceRule) -> Vec<Instruction> {
    let mut tests = vec![
        op(JUMP_NOT_EQUAL, 2, 0, 0, rule.kind as i32),
        op(MOVE_REGISTER, 1, 3, 0, 0),
        op(AND, 1, 0, 0, rule.access as i32),
        op(JUMP_NOT_EQUAL_REGISTER, 1, 3, 0, 0),
    ];
    for (register, number) in [(4, rule.major), (5, rule.minor)] {
        tests.extend(number.map(|number| op(JUMP_NOT_EQUAL, register, 0, 0, number as i32)));
    }
    let behind = tests.len() as i16 + 2;
    for (place, test) in tests.iter_mut().enumerate() {
        if matches!(test.code, JUMP_NOT_EQUAL | JUMP_NOT_EQUAL_REGISTER) {
            test.offset = behind - place as i16 - 1;
        }
    }
    tests.extend([op(MOVE, 0, 0, 0, 1), op(EXIT, 0, 0, 0, 0)]);
    tests
}

#[repr(C)]
#[derive(Default)]
struct LoadAttributes {
    program_type: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buffer: u64,
}

#[repr(C)]
struct AttachAttributes {
    target: u32,
    program: u32,
    attach_type: u32,
    flags: u32,
}

fn bpf<T>(command: i32, attributes: &T) -> io::Result<i32> {
    // SAFETY: the attributes are a live structure of the stated size whose pointers outlive the call.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size_of::<T>()) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer as i32) }
}

/// A loaded program; one may serve any number of groups.
#[derive(Debug)]
pub struct DeviceFilter {
    program: OwnedFd,
}

impl DeviceFilter {
    pub fn load(rules: &[DeviceRule]) -> io::Result<DeviceFilter> {
        let program = assemble(rules);
        let attributes = LoadAttributes {
            program_type: PROG_TYPE_CGROUP_DEVICE,
            count: program.len() as u32,
            instructions: program.as_ptr() as u64,
            license: c"Apache-2.0".as_ptr() as u64,
            ..LoadAttributes::default()
        };
        let descriptor = bpf(PROG_LOAD, &attributes)?;
        // SAFETY: the call succeeded, so this is a new descriptor that nobody else owns.
        Ok(DeviceFilter { program: unsafe { OwnedFd::from_raw_fd(descriptor) } })
    }

    pub fn attach(&self, group: BorrowedFd<'_>) -> io::Result<()> {
        let attributes = AttachAttributes {
            target: group.as_raw_fd() as u32,
            program: self.program.as_raw_fd() as u32,
            attach_type: ATTACH_CGROUP_DEVICE,
            flags: ALLOW_MULTI,
        };
        bpf(PROG_ATTACH, &attributes).map(drop)
    }
}
