//! Conversations: requests in, replies out.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::process::{Signal, kill_process};

use super::output::{Sink, Stream};
use super::protocol::{Ended, Listing, PinnedSandbox, Reply, Request, RunningContainer};
use super::state::{Phase, State};
use crate::channel::{self, Message};
use crate::launch::Exit;
use crate::process;

pub(super) struct Peer {
    socket: OwnedFd,
    watches: bool,
}

impl Peer {
    pub fn new(socket: OwnedFd) -> Peer {
        Peer { socket, watches: false }
    }
}

/// `None`: the answer comes later.
type Answer = io::Result<Option<(Reply, Vec<OwnedFd>)>>;

fn done() -> Answer {
    Ok(Some((Reply::Done, Vec::new())))
}

impl State {
    pub fn hear(&mut self, token: u64) {
        let Some(peer) = self.peers.get(&token) else { return };
        let message = match channel::receive(peer.socket.as_fd()) {
            Ok(Some(message)) => message,
            Ok(None) | Err(_) => return self.hang_up(token),
        };
        match self.answer(token, message) {
            Ok(Some((reply, descriptors))) => self.say(token, &reply, &descriptors),
            Ok(None) => {}
            Err(error) => self.say(token, &Reply::Failed { message: error.to_string() }, &[]),
        }
    }

    fn answer(&mut self, token: u64, message: Message) -> Answer {
        let request: Request = serde_json::from_slice(&message.body)?;
        let descriptors = message.descriptors;
        match request {
            Request::Pin { sandbox, kinds, shared_pid } => {
                self.pin(&sandbox, kinds.into_iter().zip(descriptors).collect(), shared_pid)?;
                done()
            }
            Request::Unpin { sandbox } => {
                self.unpin(&sandbox);
                done()
            }
            Request::Launch { container } => self.launch(token, &container).map(|()| None),
            Request::Exec { exec, stdin, stdout, stderr } => {
                let streams = streams(descriptors, [stdin, stdout, stderr]);
                self.exec(token, &exec, streams).map(|()| None)
            }
            Request::Attach { container, stdout, stderr } => self.attach(&container, descriptors, stdout, stderr),
            Request::Detach { container } => self.detach(&container),
            Request::ReopenLog { container } => self.reopen_log(&container),
            Request::List => Ok(Some((Reply::Listing(self.listing()), Vec::new()))),
            Request::Watch => self.watch(token),
            Request::Quit => {
                self.quit = true;
                done()
            }
        }
    }

    fn watch(&mut self, token: u64) -> Answer {
        if let Some(peer) = self.peers.get_mut(&token) {
            peer.watches = true;
        }
        done()
    }

    fn attach(&mut self, id: &str, descriptors: Vec<OwnedFd>, stdout: bool, stderr: bool) -> Answer {
        let member = self.members.get_mut(id).ok_or_else(|| io::Error::other("container is not running"))?;
        let wanted = [(stdout, Stream::Stdout), (stderr, Stream::Stderr)];
        let streams = wanted.into_iter().filter(|(wanted, _)| *wanted).map(|(_, stream)| stream);
        for (stream, to) in streams.zip(descriptors) {
            rustix::io::ioctl_fionbio(&to, true)?;
            member.sinks.push(Sink { stream, to });
        }
        let way_in = member.master.as_ref().or(member.stdin.as_ref());
        let way_in = way_in.map(OwnedFd::try_clone).transpose()?;
        Ok(Some((Reply::Done, way_in.into_iter().collect())))
    }

    fn detach(&mut self, id: &str) -> Answer {
        if let Some(member) = self.members.get_mut(id).filter(|member| member.stdin_once) {
            member.stdin = None;
        }
        done()
    }

    fn reopen_log(&mut self, id: &str) -> Answer {
        if let Some(log) = self.members.get_mut(id).and_then(|member| member.log.as_mut()) {
            log.reopen()?;
        }
        done()
    }

    fn listing(&self) -> Listing {
        use std::os::fd::AsRawFd;
        let running = self.members.iter().filter(|(_, member)| member.phase != Phase::Failed);
        let namespaces =
            |pins: &super::state::Pins| pins.handles.iter().map(|(kind, handle)| (*kind, handle.as_raw_fd())).collect();
        Listing {
            supervisor: rustix::process::getpid().as_raw_nonzero().get(),
            containers: running
                .map(|(id, member)| RunningContainer { id: id.clone(), pid: member.pid.as_raw_nonzero().get() })
                .collect(),
            sandboxes: self
                .sandboxes
                .iter()
                .map(|(id, pins)| PinnedSandbox { id: id.clone(), namespaces: namespaces(pins) })
                .collect(),
        }
    }

    pub fn say(&mut self, token: u64, reply: &Reply, descriptors: &[OwnedFd]) {
        let Some(peer) = self.peers.get(&token) else { return };
        let borrowed: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        let sent = serde_json::to_vec(reply)
            .map_err(io::Error::from)
            .and_then(|body| channel::send(peer.socket.as_fd(), &body, &borrowed));
        if sent.is_err() {
            self.hang_up(token);
        }
    }

    /// A watcher that does not read would block the loop: it is hung up on, and lists when it comes back.
    pub fn tell_watchers(&mut self, reply: &Reply) {
        let watchers: Vec<u64> = self.peers.iter().filter(|(_, peer)| peer.watches).map(|(token, _)| *token).collect();
        for token in watchers {
            let Some(peer) = self.peers.get(&token) else { continue };
            match rustix::io::ioctl_fionbio(&peer.socket, true) {
                Ok(()) => self.say(token, reply, &[]),
                Err(_) => self.hang_up(token),
            }
        }
    }

    fn hang_up(&mut self, token: u64) {
        let Some(peer) = self.peers.remove(&token) else { return };
        self.forget(token, peer.socket.as_fd());
        let bound = self.executions.iter().filter(|(_, it)| it.peer == token && it.bound);
        for (pid, _) in bound {
            let _ = kill_process(*pid, Signal::KILL); // it may end by itself at this moment
        }
    }

    pub fn exec_ended(&mut self, pid: rustix::process::Pid, code: i32) {
        self.hear_exec(pid);
        let Some(execution) = self.executions.remove(&pid) else { return };
        if let Some((token, status)) = &execution.status {
            self.forget(*token, status.as_fd());
        }
        if execution.phase == Phase::Running {
            let exit = Exit::of_code(code, false, process::wall_clock());
            self.say(execution.peer, &Reply::Ended(Ended { container: String::new(), exit }), &[]);
        }
    }
}

/// The descriptors of a message, by which of the three streams were sent.
fn streams(descriptors: Vec<OwnedFd>, sent: [bool; 3]) -> crate::child::Streams {
    let mut descriptors = descriptors.into_iter();
    let [stdin, stdout, stderr] = sent.map(|sent| if sent { descriptors.next() } else { None });
    crate::child::Streams { stdin, stdout, stderr }
}
