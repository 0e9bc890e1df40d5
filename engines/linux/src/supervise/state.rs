//! Everything the supervisor knows, and one turn of its loop.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rustix::event::epoll;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use super::output::{LogFile, Sink, Stream};
use super::peers::Peer;
use super::protocol::{Ended, Reply};
use super::{CONTAINERS_DIR, SOCKET};
use crate::launch::{self, EXIT_FILE, Exit};
use crate::namespaces::Handles;
use crate::seccomp::Instruction;
use crate::{cgroup, process, seccomp};

const EVENTS_A_TURN: usize = 32;
/// Read at once from one container, so that a talkative one does not hold up the others.
const READ_A_TURN: usize = 64 * 1024;

/// Whoever removes the socket is given this time to remove the rest.
const REMOVAL_TAKES: Duration = Duration::from_secs(1);

/// What a readable descriptor means.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Listener,
    Children,
    /// The socket was removed.
    Removals,
    Peer,
    ContainerStatus(String),
    ExecStatus(Pid),
    Output(String, Stream),
    /// The handle of a container that is not our child.
    Adopted(String),
}

#[derive(Debug, Clone)]
pub(super) enum Child {
    Container(String),
    Exec,
    PodInit(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The program does not run yet; that peer waits for the outcome.
    Starting(u64),
    Running,
    Failed,
}

pub(super) struct Member {
    pub pid: Pid,
    pub phase: Phase,
    pub cgroup: launch::Cgroup,
    /// Its first process ends the whole namespace; otherwise the group is killed after it.
    pub owns_pids: bool,
    pub stdin_once: bool,
    pub status: Option<(u64, OwnedFd)>,
    pub outputs: Vec<(u64, OwnedFd, Stream)>,
    pub stdin: Option<OwnedFd>,
    pub master: Option<OwnedFd>,
    pub log: Option<LogFile>,
    pub sinks: Vec<Sink>,
    pub adopted: Option<(u64, OwnedFd)>,
}

pub(super) struct Execution {
    pub peer: u64,
    pub phase: Phase,
    pub status: Option<(u64, OwnedFd)>,
    pub master: Option<OwnedFd>,
    pub bound: bool,
}

pub(super) struct Pins {
    pub handles: Handles,
    pub init: Option<Pid>,
}

pub(super) struct State {
    root: OwnedFd,
    /// Of containers, below the root.
    pub directory: PathBuf,
    epoll: OwnedFd,
    listener: OwnedFd,
    signals: OwnedFd,
    removals: OwnedFd,
    sources: HashMap<u64, Source>,
    next: u64,
    pub peers: HashMap<u64, Peer>,
    pub members: HashMap<String, Member>,
    pub executions: HashMap<Pid, Execution>,
    pub sandboxes: HashMap<String, Pins>,
    pub children: HashMap<Pid, Child>,
    /// Compiled default filters by the capabilities they are for.
    filters: HashMap<u64, Filter>,
    pub quit: bool,
}

pub(super) type Filter = Rc<[Instruction]>;

impl State {
    pub fn new(
        root: OwnedFd,
        directory: PathBuf,
        listener: OwnedFd,
        signals: OwnedFd,
        removals: OwnedFd,
    ) -> io::Result<State> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut state = State {
            root,
            directory,
            epoll,
            listener: listener.try_clone()?,
            signals: signals.try_clone()?,
            removals: removals.try_clone()?,
            sources: HashMap::new(),
            next: 0,
            peers: HashMap::new(),
            members: HashMap::new(),
            executions: HashMap::new(),
            sandboxes: HashMap::new(),
            children: HashMap::new(),
            filters: HashMap::new(),
            quit: false,
        };
        state.listen_to(listener.as_fd(), Source::Listener)?;
        state.listen_to(signals.as_fd(), Source::Children)?;
        state.listen_to(removals.as_fd(), Source::Removals)?;
        Ok(state)
    }

    /// Compiling takes longer than starting a process: the default is compiled once.
    pub fn filter_of(&mut self, process: &launch::Process) -> io::Result<Option<Filter>> {
        let compile = || seccomp::program(&process.seccomp, process.capabilities).map_err(io::Error::other);
        if process.seccomp != launch::Seccomp::RuntimeDefault {
            return Ok(compile()?.map(Filter::from));
        }
        if let Some(known) = self.filters.get(&process.capabilities) {
            return Ok(Some(known.clone()));
        }
        let filter = compile()?.map(Filter::from);
        self.filters.extend(filter.clone().map(|filter| (process.capabilities, filter)));
        Ok(filter)
    }

    pub fn listen_to(&mut self, descriptor: BorrowedFd<'_>, source: Source) -> io::Result<u64> {
        let token = self.next;
        self.next += 1;
        epoll::add(&self.epoll, descriptor, epoll::EventData::new_u64(token), epoll::EventFlags::IN)?;
        self.sources.insert(token, source);
        Ok(token)
    }

    /// Not every descriptor is still in the set: a closed one left by itself.
    pub fn forget(&mut self, token: u64, descriptor: BorrowedFd<'_>) {
        let _ = epoll::delete(&self.epoll, descriptor);
        self.sources.remove(&token);
    }

    /// One wait and what it brought; false when told to end.
    pub fn step(&mut self) -> io::Result<bool> {
        let mut space = [MaybeUninit::<epoll::Event>::uninit(); EVENTS_A_TURN];
        let ready: Vec<u64> = match epoll::wait(&self.epoll, &mut space, None) {
            Ok((events, _)) => events.iter().map(|event| event.data.u64()).collect(),
            Err(rustix::io::Errno::INTR) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        for token in ready {
            // An earlier event of this turn may have closed it.
            if let Some(source) = self.sources.get(&token).cloned() {
                self.serve(token, source);
            }
        }
        Ok(!self.quit)
    }

    fn serve(&mut self, token: u64, source: Source) {
        match source {
            Source::Listener => self.accept(),
            Source::Children => self.reap(),
            Source::Removals => self.leave_if_removed(),
            Source::Peer => self.hear(token),
            Source::ContainerStatus(id) => self.hear_container(&id),
            Source::ExecStatus(pid) => self.hear_exec(pid),
            Source::Output(id, stream) => self.read_output(&id, stream, token),
            Source::Adopted(id) => self.adopted_ended(&id),
        }
    }

    fn accept(&mut self) {
        let flags = rustix::net::SocketFlags::CLOEXEC;
        // A client that is gone again, or want of descriptors: the next event tries anew.
        let Ok(socket) = rustix::net::accept_with(&self.listener, flags) else { return };
        if let Ok(token) = self.listen_to(socket.as_fd(), Source::Peer) {
            self.peers.insert(token, Peer::new(socket));
        }
    }

    /// A successor may take over what still has records; what has none is beyond anybody's reach and ends.
    fn leave_if_removed(&mut self) {
        let mut unread = [0; 512];
        while rustix::io::read(&self.removals, &mut unread).is_ok() {}
        if self.is_there(Path::new(SOCKET)) {
            return;
        }
        std::thread::sleep(REMOVAL_TAKES);
        for (id, member) in &self.members {
            if !self.is_there(&Path::new(CONTAINERS_DIR).join(id).join(launch::STARTED_FILE)) {
                let _ = rustix::process::kill_process(member.pid, rustix::process::Signal::KILL); // it may just have ended
            }
        }
        self.quit = true;
    }

    /// In the directory that this supervisor began in: another one may bear its name by now.
    fn is_there(&self, path: &Path) -> bool {
        rustix::fs::statat(&self.root, path, rustix::fs::AtFlags::empty()).is_ok()
    }

    fn reap(&mut self) {
        let mut unread = [0; 512];
        while rustix::io::read(&self.signals, &mut unread).is_ok() {}
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            match self.children.remove(&pid) {
                Some(Child::Container(id)) => self.container_ended(&id, code_of(status)),
                Some(Child::Exec) => self.exec_ended(pid, code_of(status)),
                Some(Child::PodInit(sandbox)) => drop(self.sandboxes.remove(&sandbox)),
                None => {}
            }
        }
    }

    fn container_ended(&mut self, id: &str, code: i32) {
        self.hear_container(id);
        let Some(member) = self.members.get(id) else { return };
        if member.phase == Phase::Failed {
            self.close(id);
            return;
        }
        let out_of_memory = code == 128 + libc::SIGKILL && cgroup::oom_kills(&member.cgroup) > 0;
        self.end(id, Exit::of_code(code, out_of_memory, process::wall_clock()));
    }

    /// Writes the end down, then tells it.
    pub fn end(&mut self, id: &str, exit: Exit) {
        self.kill_remains(id);
        self.drain(id);
        if let Err(error) = launch::write_record(&self.directory.join(id).join(EXIT_FILE), &exit) {
            eprintln!("container {id}: its end cannot be written: {error}");
        }
        self.close(id);
        self.tell_watchers(&Reply::Ended(Ended { container: id.to_owned(), exit }));
    }

    /// A container in a PID namespace that is not its own leaves processes behind.
    fn kill_remains(&self, id: &str) {
        let Some(member) = self.members.get(id).filter(|member| !member.owns_pids) else { return };
        if let Some(unified) = &member.cgroup.unified {
            let _ = std::fs::write(unified.join("cgroup.kill"), "1"); // gone already, or nothing left in it
        }
    }

    fn close(&mut self, id: &str) {
        let Some(mut member) = self.members.remove(id) else { return };
        if let Some(log) = &mut member.log
            && let Err(error) = log.finish(process::wall_clock())
        {
            eprintln!("container {id}: log: {error}");
        }
        for (token, descriptor, _) in &member.outputs {
            self.forget(*token, descriptor.as_fd());
        }
        for (token, descriptor) in member.status.iter().chain(&member.adopted) {
            self.forget(*token, descriptor.as_fd());
        }
    }

    /// Takes what is still in the pipes; nobody writes there any more.
    fn drain(&mut self, id: &str) {
        let outputs = self.members.get(id).map(|member| &member.outputs);
        let streams: Vec<_> = outputs.into_iter().flatten().map(|(token, _, stream)| (*token, *stream)).collect();
        for (token, stream) in streams {
            while self.read_some(id, stream, token) {}
        }
    }

    fn read_output(&mut self, id: &str, stream: Stream, token: u64) {
        self.read_some(id, stream, token);
    }

    /// True when there may be more.
    fn read_some(&mut self, id: &str, stream: Stream, token: u64) -> bool {
        let Some(member) = self.members.get_mut(id) else { return false };
        let Some(place) = member.outputs.iter().position(|(known, ..)| *known == token) else { return false };
        let mut buffer = vec![0; READ_A_TURN];
        match rustix::io::read(&member.outputs[place].1, &mut buffer) {
            Ok(length @ 1..) => {
                spread(id, member, stream, &buffer[..length]);
                true
            }
            Err(rustix::io::Errno::AGAIN) => false,
            Err(rustix::io::Errno::INTR) => true,
            // The end, or a terminal whose other side is closed.
            Ok(_) | Err(_) => {
                let (token, descriptor, _) = member.outputs.swap_remove(place);
                member.sinks.retain(|sink| sink.stream != stream);
                self.forget(token, descriptor.as_fd());
                false
            }
        }
    }
}

fn spread(id: &str, member: &mut Member, stream: Stream, bytes: &[u8]) {
    if let Some(log) = &mut member.log
        && let Err(error) = log.write(stream, bytes, process::wall_clock())
    {
        // A full disk must stop neither the container nor the supervisor.
        eprintln!("container {id}: log: {error}");
    }
    member.sinks.retain(|sink| sink.write(stream, bytes));
}

fn code_of(status: WaitStatus) -> i32 {
    let signalled = status.terminating_signal().map(|signal| 128 + signal);
    status.exit_status().or(signalled).unwrap_or(launch::EXIT_UNKNOWN)
}
