//! The namespaces of pods, held open.

use std::io;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

use super::state::{Child, Pins, State};
use crate::namespaces::{self, Handles, Kind};
use crate::{clone, process};

impl State {
    pub fn pin(&mut self, sandbox: &str, mut handles: Handles, shared_pid: bool) -> io::Result<()> {
        let init = if shared_pid { Some(start_pod_init()?) } else { None };
        if let Some(pid) = init {
            self.children.insert(pid, Child::PodInit(sandbox.to_owned()));
            handles.push((Kind::Pid, namespaces::open(&pid.as_raw_nonzero().to_string(), Kind::Pid)?));
        }
        self.sandboxes.insert(sandbox.to_owned(), Pins { handles, init });
        Ok(())
    }

    pub fn unpin(&mut self, sandbox: &str) {
        let Some(pins) = self.sandboxes.remove(sandbox) else { return };
        if let Some(pid) = pins.init {
            let _ = kill_process(pid, Signal::KILL); // it may be gone already
        }
    }
}

/// The first process of a PID namespace that a pod's containers share. Orphans of all containers become its children:
/// it waits for each of them, and costs nothing in between.
fn start_pod_init() -> io::Result<Pid> {
    match clone::fork(libc::CLONE_NEWPID as u64, None)? {
        clone::Fork::Parent(pid) => Ok(pid),
        clone::Fork::Child => {
            let _ = rustix::thread::set_name(c"pod"); // for people only
            loop {
                while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
                process::wait_for_child_signal();
            }
        }
    }
}
