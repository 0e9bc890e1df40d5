//! Messages with descriptors over a packet socket: between k1s and the supervisor, and from a child to it.
//!
//! A message too long for a packet travels in a memory file, as the first descriptor.

use std::io::{self, IoSlice, IoSliceMut, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketAddrUnix, SocketFlags, SocketType, recvmsg, sendmsg, socket_with, socketpair,
};

/// Beyond this a message goes into a memory file; the kernel's own limit is near 200 KiB.
const INLINE_LIMIT: usize = 32 * 1024;
const INLINE: u8 = b'i';
const IN_FILE: u8 = b'f';
const MOST_DESCRIPTORS: usize = 8;

#[derive(Debug, Default)]
pub struct Message {
    pub body: Vec<u8>,
    pub descriptors: Vec<OwnedFd>,
}

pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// A socket's path has room for 107 bytes; through the directory's descriptor any length fits.
fn address(directory: BorrowedFd<'_>, name: &str) -> io::Result<SocketAddrUnix> {
    use std::os::fd::AsRawFd;
    Ok(SocketAddrUnix::new(format!("/proc/self/fd/{}/{name}", directory.as_raw_fd()))?)
}

fn socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC | flags, None)?)
}

pub fn listen(directory: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    let listener = socket(SocketFlags::NONBLOCK)?;
    rustix::net::bind(&listener, &address(directory, name)?)?;
    rustix::net::listen(&listener, 1024)?;
    Ok(listener)
}

pub fn connect(directory: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    let socket = socket(SocketFlags::empty())?;
    rustix::net::connect(&socket, &address(directory, name)?)?;
    Ok(socket)
}

pub fn send(to: BorrowedFd<'_>, body: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    if body.len() <= INLINE_LIMIT {
        return send_packet(to, INLINE, body, descriptors);
    }
    let file = rustix::fs::memfd_create("message", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(file);
    file.write_all(body)?;
    let all: Vec<_> = [file.as_fd()].into_iter().chain(descriptors.iter().copied()).collect();
    send_packet(to, IN_FILE, &[], &all)
}

fn send_packet(to: BorrowedFd<'_>, kind: u8, body: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors in one message"));
    }
    let parts = [IoSlice::new(std::slice::from_ref(&kind)), IoSlice::new(body)];
    sendmsg(to, &parts, &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// `None` at the end of the conversation.
pub fn receive(from: BorrowedFd<'_>) -> io::Result<Option<Message>> {
    let mut kind = [0];
    let mut body = vec![0; INLINE_LIMIT];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(&mut kind), IoSliceMut::new(&mut body)];
    let answer = recvmsg(from, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors: Vec<OwnedFd> = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    if answer.bytes == 0 {
        return Ok(None);
    }
    body.truncate(answer.bytes - 1);
    if kind[0] == IN_FILE && !descriptors.is_empty() {
        body = read_file(descriptors.remove(0))?;
    }
    Ok(Some(Message { body, descriptors }))
}

fn read_file(file: OwnedFd) -> io::Result<Vec<u8>> {
    let (mut file, mut body) = (std::fs::File::from(file), Vec::new());
    file.rewind()?;
    file.read_to_end(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: usize, with_descriptor: bool) {
        let (near, far) = pair().expect("sockets");
        let body = vec![7; length];
        let passed: &[BorrowedFd<'_>] = if with_descriptor { &[far.as_fd()] } else { &[] };
        send(near.as_fd(), &body, passed).expect("sending");
        let message = receive(far.as_fd()).expect("receiving").expect("a message");
        assert_eq!((message.body.len(), message.descriptors.len()), (length, passed.len()));
        assert!(message.body == body);
    }

    #[test]
    fn messages_of_any_length_arrive_whole() {
        for length in [1, 100, INLINE_LIMIT, INLINE_LIMIT + 1, 5_000_000] {
            check(length, false);
            check(length, true);
        }
    }

    #[test]
    fn the_end_is_no_message() {
        let (near, far) = pair().expect("sockets");
        drop(near);
        assert!(receive(far.as_fd()).expect("receiving").is_none());
    }
}
