//! What a new supervisor finds of its predecessor's: running containers become its own, as far as the kernel lets it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::process::Pid;

use super::output::{LogFile, Stream};
use super::spawn::open_reader;
use super::state::{Member, Phase, Pins, Source, State};
use crate::launch::{self, EXIT_FILE, Exit, LAUNCH_FILE, Launch, PidShare, STARTED_FILE, Share, Started};
use crate::namespaces::{self, Kind};
use crate::process;

/// `PIDFD_GET_INFO` with the structure of its first version.
const GET_INFO: u64 = 3 << 30 | 64 << 16 | 0xff << 8 | 11;
const INFO_EXIT: u64 = 1 << 3;
/// The kernel tells the code once the process has been reaped, by whoever is its parent now.
const REAP_RETRIES: u32 = 20;
const REAP_PAUSE: Duration = Duration::from_millis(5);

#[repr(C)]
#[derive(Default)]
struct ProcessInfo {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

impl State {
    pub fn adopt_survivors(&mut self) -> io::Result<()> {
        for entry in std::fs::read_dir(self.directory.clone())? {
            let directory = entry?.path();
            let Some(id) = directory.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
            if let Err(error) = self.adopt(&id, &directory) {
                eprintln!("container {id}: cannot be adopted: {error}");
            }
        }
        Ok(())
    }

    fn adopt(&mut self, id: &str, directory: &Path) -> io::Result<()> {
        let started: Option<Started> = launch::read_record(&directory.join(STARTED_FILE))?;
        let order: Option<Launch> = launch::read_record(&directory.join(LAUNCH_FILE))?;
        let ended: Option<Exit> = launch::read_record(&directory.join(EXIT_FILE))?;
        let (Some(started), Some(order), None) = (started, order, ended) else { return Ok(()) };
        let Some(handle) = process::open(&started)? else {
            return launch::write_record(&directory.join(EXIT_FILE), &Exit::unseen(process::wall_clock()));
        };
        self.pin_from(started.pid, &order)?;
        let token = self.listen_to(handle.as_fd(), Source::Adopted(id.to_owned()))?;
        let pid = Pid::from_raw(started.pid).ok_or(io::ErrorKind::InvalidData)?;
        let member = Member {
            pid,
            phase: Phase::Running,
            cgroup: order.cgroup,
            owns_pids: order.namespaces.pid == PidShare::Own,
            stdin_once: false,
            status: None,
            outputs: Vec::new(),
            stdin: None,
            master: None,
            log: order.stdio.log_path.as_deref().map(LogFile::open).transpose()?,
            sinks: Vec::new(),
            adopted: Some((token, handle)),
        };
        self.members.insert(id.to_owned(), member);
        for stream in [Stream::Stdout, Stream::Stderr].into_iter().filter(|_| !order.stdio.tty) {
            self.add_output(id, open_reader(&directory.join(stream.name()))?, stream)?;
        }
        Ok(())
    }

    /// The namespaces live on in their processes; from there they are pinned anew.
    fn pin_from(&mut self, pid: i32, order: &Launch) -> io::Result<()> {
        if self.sandboxes.contains_key(&order.sandbox) {
            return Ok(());
        }
        let spaces = &order.namespaces;
        let mut kinds = vec![(Kind::Net, spaces.net), (Kind::Ipc, spaces.ipc), (Kind::Uts, spaces.uts)];
        kinds.retain(|(_, share)| *share == Share::Pod);
        if spaces.pid == PidShare::Pod {
            kinds.push((Kind::Pid, Share::Pod));
        }
        let open = |(kind, _)| Ok((kind, namespaces::open(&pid.to_string(), kind)?));
        let handles = kinds.into_iter().map(open).collect::<io::Result<_>>()?;
        self.sandboxes.insert(order.sandbox.clone(), Pins { handles, init: None });
        Ok(())
    }

    pub fn adopted_ended(&mut self, id: &str) {
        let Some((_, handle)) = self.members.get(id).and_then(|member| member.adopted.as_ref()) else { return };
        let exit = match exit_status(handle) {
            Some(status) => {
                let (code, signal) = (status >> 8 & 0xff, status & 0x7f);
                let code = if signal == 0 { code } else { 128 + signal };
                Exit::of_code(code, false, process::wall_clock())
            }
            None => Exit::unseen(process::wall_clock()),
        };
        self.end(id, exit);
    }
}

/// What `wait` would have told its parent; kernels before 6.15 do not say.
fn exit_status(handle: &OwnedFd) -> Option<i32> {
    for _ in 0..REAP_RETRIES {
        let mut info = ProcessInfo { mask: INFO_EXIT, ..ProcessInfo::default() };
        // SAFETY: the structure has the size that the request number states and lives through the call.
        let answer = unsafe { libc::ioctl(handle.as_raw_fd(), GET_INFO as _, &mut info) };
        if answer == 0 && info.mask & INFO_EXIT != 0 {
            return Some(info.exit_code);
        }
        std::thread::sleep(REAP_PAUSE);
    }
    None
}
