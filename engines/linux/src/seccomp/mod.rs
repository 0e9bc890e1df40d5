//! System call filters: from a profile to a BPF program, by hand.
//!
//! The program is a binary search over ranges of numbers: about nine comparisons a call, where a list takes hundreds.

mod filter;
mod names;
mod oci;
mod profile;

use std::io;

use crate::launch::Seccomp;
pub use filter::{Instruction, compile};
pub use oci::{OciProfileError, parse as parse_oci_profile};
pub use profile::{Action, Check, Operator, Profile, Rule, runtime_default};

/// What the process installs; `None` when nothing is filtered.
pub fn program(wanted: &Seccomp, capabilities: u64) -> Result<Option<Vec<Instruction>>, OciProfileError> {
    Ok(match wanted {
        Seccomp::Unconfined => None,
        Seccomp::RuntimeDefault => Some(compile(&runtime_default(capabilities))),
        Seccomp::Profile(text) => Some(compile(&parse_oci_profile(text)?)),
    })
}

/// Filters this thread and everything it starts. Needs no-new-privileges or CAP_SYS_ADMIN.
pub fn install(program: &[Instruction]) -> io::Result<()> {
    let head = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut().cast() };
    // SAFETY: `Instruction` has the layout of `sock_filter`; the kernel copies the program before the call returns.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &head) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
