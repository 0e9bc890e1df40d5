//! Starting containers and further processes in them.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, openat};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::output::{LogFile, Stream};
use super::protocol::Reply;
use super::state::{Child, Execution, Member, Phase, Source, State};
use crate::child::{self, Lines, Streams};
use crate::clone::{self, Fork};
use crate::launch::{self, EXIT_FILE, Exec, Exit, LAUNCH_FILE, Launch, PidShare, STARTED_FILE, Share, Started};
use crate::namespaces::{self, Kind};
use crate::{channel, process};

/// Both ends of what a child and the supervisor say to each other.
struct Line {
    near: OwnedFd,
    far: OwnedFd,
    go: OwnedFd,
    wait: OwnedFd,
}

impl Line {
    fn new() -> io::Result<Line> {
        let (near, far) = channel::pair()?;
        rustix::io::ioctl_fionbio(&near, true)?;
        let (wait, go) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        Ok(Line { near, far, go, wait })
    }
}

/// The supervisor's ends of a container's streams.
#[derive(Default)]
struct Ends {
    stdin: Option<OwnedFd>,
    outputs: Vec<(OwnedFd, Stream)>,
}

impl State {
    pub fn launch(&mut self, peer: u64, id: &str) -> io::Result<()> {
        if self.members.contains_key(id) {
            return Err(io::Error::other("container is already started"));
        }
        let directory = self.directory.join(id);
        let order: Launch = launch::read_record(&directory.join(LAUNCH_FILE))?
            .ok_or_else(|| io::Error::other("the launch order is missing"))?;
        match self.try_launch(peer, id, &directory, &order) {
            Ok(()) => Ok(()),
            Err(error) => {
                let exit = Exit::cannot_start(&error.to_string(), process::wall_clock());
                launch::write_record(&directory.join(EXIT_FILE), &exit)?;
                Err(error)
            }
        }
    }

    fn try_launch(&mut self, peer: u64, id: &str, directory: &Path, order: &Launch) -> io::Result<()> {
        let log = order.stdio.log_path.as_deref().map(LogFile::open).transpose()?;
        let (streams, ends) = if order.stdio.tty { Default::default() } else { make_streams(directory, order)? };
        let (pid, line) = self.fork_container(order, streams)?;
        let started = Started {
            pid: pid.as_raw_nonzero().get(),
            start_ticks: process::start_ticks(pid.as_raw_nonzero().get())?,
            boot_id: process::boot_id()?,
            started_at: process::wall_clock(),
        };
        launch::write_record(&directory.join(STARTED_FILE), &started)?;
        let token = self.listen_to(line.near.as_fd(), Source::ContainerStatus(id.to_owned()))?;
        let member = Member {
            pid,
            phase: Phase::Starting(peer),
            cgroup: order.cgroup.clone(),
            owns_pids: order.namespaces.pid == PidShare::Own,
            stdin_once: order.stdio.stdin_once,
            status: Some((token, line.near)),
            outputs: Vec::new(),
            stdin: ends.stdin,
            master: None,
            log,
            sinks: Vec::new(),
            adopted: None,
        };
        self.members.insert(id.to_owned(), member);
        self.children.insert(pid, Child::Container(id.to_owned()));
        ends.outputs.into_iter().try_for_each(|(descriptor, stream)| self.add_output(id, descriptor, stream))?;
        drop(line.go);
        Ok(())
    }

    pub fn add_output(&mut self, id: &str, descriptor: OwnedFd, stream: Stream) -> io::Result<()> {
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        let token = self.listen_to(descriptor.as_fd(), Source::Output(id.to_owned(), stream))?;
        if let Some(member) = self.members.get_mut(id) {
            member.outputs.push((token, descriptor, stream));
        }
        Ok(())
    }

    fn fork_container(&mut self, order: &Launch, streams: Streams) -> io::Result<(Pid, NearEnds)> {
        let filter = self.filter_of(&order.process)?;
        let line = Line::new()?;
        let joined = self.joined(order)?;
        let group = order.cgroup.unified.as_deref().map(open_directory).transpose()?;
        let mut flags = libc::CLONE_NEWNS as u64;
        if order.namespaces.pid == PidShare::Own {
            flags |= libc::CLONE_NEWPID as u64;
        }
        let pids = self.pid_namespace(&order.sandbox, &order.namespaces.pid)?;
        match fork_into(pids.as_ref(), flags, group.as_ref())? {
            Fork::Parent(pid) => Ok((pid, line.without_far_ends())),
            Fork::Child => {
                let Line { near, far, go, wait } = line;
                drop((near, go));
                let joined = joined.iter().map(AsFd::as_fd).collect();
                let lines = Lines { status: &far, go: &wait, filter: filter.as_deref() };
                child::run_container(order, &joined, streams, &lines)
            }
        }
    }

    /// The pod's namespaces that this container shares.
    fn joined(&self, order: &Launch) -> io::Result<Vec<OwnedFd>> {
        let spaces = &order.namespaces;
        let wanted = [(Kind::Net, spaces.net), (Kind::Ipc, spaces.ipc), (Kind::Uts, spaces.uts)];
        let wanted = wanted.into_iter().filter(|(_, share)| *share == Share::Pod);
        wanted.map(|(kind, _)| self.pinned(&order.sandbox, kind)).collect()
    }

    fn pinned(&self, sandbox: &str, kind: Kind) -> io::Result<OwnedFd> {
        let pins = self.sandboxes.get(sandbox).ok_or_else(|| io::Error::other("the sandbox is not running"))?;
        let handle = pins.handles.iter().find(|(known, _)| *known == kind);
        handle.ok_or_else(|| io::Error::other("the sandbox lacks a namespace"))?.1.try_clone()
    }

    fn pid_namespace(&self, sandbox: &str, share: &PidShare) -> io::Result<Option<OwnedFd>> {
        match share {
            PidShare::Own | PidShare::Host => Ok(None),
            PidShare::Pod => self.pinned(sandbox, Kind::Pid).map(Some),
            PidShare::Of(id) => {
                let target =
                    self.members.get(id).ok_or_else(|| io::Error::other("the target container is not running"))?;
                namespaces::open(&target.pid.as_raw_nonzero().to_string(), Kind::Pid).map(Some)
            }
        }
    }

    /// The child tells a terminal, a fault, or (by closing) that the program runs.
    pub fn hear_container(&mut self, id: &str) {
        while let Some(Phase::Starting(peer)) = self.members.get(id).map(|member| member.phase) {
            let Some((_, status)) = self.members.get(id).and_then(|member| member.status.as_ref()) else { return };
            match channel::receive(status.as_fd()) {
                Ok(Some(message)) => match message.descriptors.into_iter().next() {
                    Some(master) => self.take_master(id, master),
                    None => self.start_failed(id, peer, &String::from_utf8_lossy(&message.body)),
                },
                Ok(None) => self.start_succeeded(id, peer),
                Err(_) => return, // nothing yet
            }
        }
    }

    fn take_master(&mut self, id: &str, master: OwnedFd) {
        let output = master.try_clone().and_then(|output| self.add_output(id, output, Stream::Stdout));
        if let Err(error) = output {
            eprintln!("container {id}: its terminal cannot be read: {error}");
        }
        if let Some(member) = self.members.get_mut(id) {
            member.master = Some(master);
        }
    }

    fn start_failed(&mut self, id: &str, peer: u64, message: &str) {
        let exit = Exit::cannot_start(message, process::wall_clock());
        if let Err(error) = launch::write_record(&self.directory.join(id).join(EXIT_FILE), &exit) {
            eprintln!("container {id}: its end cannot be written: {error}");
        }
        self.set_phase(id, Phase::Failed);
        self.say(peer, &Reply::Failed { message: message.to_owned() }, &[]);
    }

    fn start_succeeded(&mut self, id: &str, peer: u64) {
        self.set_phase(id, Phase::Running);
        let pid = self.members.get(id).map_or(0, |member| member.pid.as_raw_nonzero().get());
        self.say(peer, &Reply::Started { pid }, &[]);
    }

    fn set_phase(&mut self, id: &str, phase: Phase) {
        let Some(member) = self.members.get_mut(id) else { return };
        member.phase = phase;
        if let Some((token, status)) = member.status.take() {
            self.forget(token, status.as_fd());
        }
    }

    pub fn exec(&mut self, peer: u64, exec: &Exec, streams: Streams) -> io::Result<()> {
        let filter = self.filter_of(&exec.process)?;
        let running = |member: &&Member| member.phase == Phase::Running;
        let member = self.members.get(&exec.container).filter(running);
        let member = member.ok_or_else(|| io::Error::other("container is not running"))?;
        let container = pidfd_open(member.pid, PidfdFlags::empty())?;
        let pids = namespaces::open(&member.pid.as_raw_nonzero().to_string(), Kind::Pid)?;
        let group = member.cgroup.unified.as_deref().map(open_directory).transpose()?;
        let groups = member.cgroup.legacy.clone();
        let line = Line::new()?;
        let pid = match fork_into(Some(&pids), 0, group.as_ref())? {
            Fork::Parent(pid) => pid,
            Fork::Child => {
                let Line { near, far, go, wait } = line;
                drop((near, go));
                let lines = Lines { status: &far, go: &wait, filter: filter.as_deref() };
                child::run_exec(&exec.process, &groups, container.as_fd(), exec.tty, streams, &lines)
            }
        };
        let near = line.without_far_ends().near;
        let token = self.listen_to(near.as_fd(), Source::ExecStatus(pid))?;
        let execution = Execution {
            peer,
            phase: Phase::Starting(peer),
            status: Some((token, near)),
            master: None,
            bound: exec.bound_to_connection,
        };
        self.executions.insert(pid, execution);
        self.children.insert(pid, Child::Exec);
        Ok(())
    }

    pub fn hear_exec(&mut self, pid: Pid) {
        while let Some(execution) = self.executions.get_mut(&pid) {
            let Some((token, status)) = execution.status.take() else { return };
            match channel::receive(status.as_fd()) {
                Ok(Some(message)) if message.descriptors.is_empty() => {
                    execution.phase = Phase::Failed;
                    let (peer, message) = (execution.peer, String::from_utf8_lossy(&message.body).into_owned());
                    self.forget(token, status.as_fd());
                    self.say(peer, &Reply::Failed { message }, &[]);
                }
                Ok(Some(message)) => {
                    execution.master = message.descriptors.into_iter().next();
                    execution.status = Some((token, status));
                }
                Ok(None) => {
                    execution.phase = Phase::Running;
                    let (peer, master) = (execution.peer, execution.master.take());
                    self.forget(token, status.as_fd());
                    let started = Reply::Started { pid: pid.as_raw_nonzero().get() };
                    self.say(peer, &started, master.as_slice());
                }
                Err(_) => {
                    execution.status = Some((token, status));
                    return;
                }
            }
        }
    }
}

impl Line {
    /// The child has its own copies: as long as ours were open, its end would not show.
    fn without_far_ends(self) -> NearEnds {
        NearEnds { near: self.near, go: self.go }
    }
}

struct NearEnds {
    near: OwnedFd,
    go: OwnedFd,
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Children are born into the PID namespace that their parent points at: it points there for this moment only.
fn fork_into(pids: Option<&OwnedFd>, flags: u64, group: Option<&OwnedFd>) -> io::Result<Fork> {
    let Some(pids) = pids else { return clone::fork(flags, group.map(AsFd::as_fd)) };
    let own = namespaces::open("self", Kind::Pid)?;
    move_into_link_name_space(pids.as_fd(), Some(LinkNameSpaceType::ProcessID))?;
    let forked = clone::fork(flags, group.map(AsFd::as_fd));
    if let Ok(Fork::Child) = forked {
        return forked;
    }
    move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::ProcessID))?;
    forked
}

/// Output goes through named pipes: a successor of the supervisor finds them, and a writer always has a reader.
fn make_streams(directory: &Path, order: &Launch) -> io::Result<(Streams, Ends)> {
    let mut ends = Ends::default();
    let mut writers = Vec::new();
    for stream in [Stream::Stdout, Stream::Stderr] {
        let path = directory.join(stream.name());
        match mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0) {
            Err(error) if error != rustix::io::Errno::EXIST => return Err(error.into()),
            _ => {}
        }
        ends.outputs.push((open_reader(&path)?, stream));
        writers.push(openat(CWD, &path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?);
    }
    let (stderr, stdout) = (writers.pop(), writers.pop());
    let mut streams = Streams { stdin: None, stdout, stderr };
    if order.stdio.stdin {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        (streams.stdin, ends.stdin) = (Some(reader), Some(writer));
    }
    Ok((streams, ends))
}

pub(super) fn open_reader(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?)
}
